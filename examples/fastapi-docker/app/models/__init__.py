"""Every model, so that importing one place is enough for the metadata."""

from app.models.user import AuthSession, User

__all__ = ["AuthSession", "User"]
