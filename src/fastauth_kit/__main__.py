"""``fastauth-kit``, and ``python -m fastauth_kit`` where scripts are not on the path."""

import sys

try:
    from fastauth_kit.surfaces.cli import main
except ImportError as error:
    if "pip install" not in str(error):
        raise
    # for who types a command the sentence is enough
    sys.exit(str(error))

__all__ = ["main"]

if __name__ == "__main__":
    main()
