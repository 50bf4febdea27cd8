"""Every model, so that importing one place is enough for the metadata."""

from app.models.post import Post
from app.models.profile import Profile
from app.models.user import AuthSession, LoginFailure, OneTimeToken, User

__all__ = ["AuthSession", "LoginFailure", "OneTimeToken", "Post", "Profile", "User"]
