"""Short names for what routes ask for."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import SESSION_SCOPE, auth
from app.database import get_db
from app.models import User

DbSession = Annotated[AsyncSession, Depends(get_db, scope=SESSION_SCOPE)]
CurrentUser = Annotated[User, Depends(auth.current_user)]
SuperUser = Annotated[User, Depends(auth.current_superuser)]
