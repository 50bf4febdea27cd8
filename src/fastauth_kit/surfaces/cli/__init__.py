"""The command ``fastauth-kit``; extra ``cli``."""

from fastauth_kit.surfaces.cli.command import main

__all__ = ["main"]
