"""``fastauth-kit``, and ``python -m fastauth_kit`` where scripts are not on the path."""

import sys

try:
    from fastauth_kit.surfaces.cli import main
except ImportError as _missing:
    if "pip install" not in str(_missing):
        raise
    # for who types a command the sentence is enough
    sys.exit(str(_missing))

__all__ = ["main"]

if __name__ == "__main__":
    main()
