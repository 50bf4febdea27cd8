"""``python -m fastauth_kit``: the command, where scripts are not on the path."""

from fastauth_kit.surfaces.cli import main

if __name__ == "__main__":
    main()
