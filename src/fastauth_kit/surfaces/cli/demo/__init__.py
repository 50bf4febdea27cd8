"""``fastauth-kit demo``: an app to click through, with nothing but the wheel and a server."""

from fastauth_kit.surfaces.cli.demo.command import demo

__all__ = ["demo"]
