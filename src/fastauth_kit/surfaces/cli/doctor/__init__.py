"""``fastauth-kit doctor``: whether the live schema and the settings are what features need."""

from fastauth_kit.surfaces.cli.doctor.command import doctor

__all__ = ["doctor"]
