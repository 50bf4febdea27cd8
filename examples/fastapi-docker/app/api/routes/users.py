"""One's own account, and all of them for superusers: the kit's."""

from app.auth import auth
from fastauth_kit import get_users_router

router = get_users_router(auth)
