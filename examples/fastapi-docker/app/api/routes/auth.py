"""Register, sign in, refresh, sessions, logout: all of it the kit's."""

from app.auth import auth
from fastauth_kit import get_auth_router

router = get_auth_router(auth)
