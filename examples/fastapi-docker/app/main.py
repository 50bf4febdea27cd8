"""The app."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.auth import auth
from app.config import get_settings
from app.database import engine
from app.middleware import ProcessTime
from app.startup import create_first_superuser, create_tables
from fastauth_kit import get_auth_router, get_users_router, install_errors

settings = get_settings()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Prepare the database; give its connections back at the end."""
    await create_tables()
    await create_first_superuser()
    yield
    await engine.dispose()


app = FastAPI(
    title=settings.APP_NAME,
    version="1.0.0",
    lifespan=lifespan,
    # a redirect would repeat the Host header of the request, whoever sent it
    redirect_slashes=False,
)
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.CORS_ORIGINS,
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)
app.add_middleware(ProcessTime)
install_errors(app)

app.include_router(get_auth_router(auth), prefix="/api/auth", tags=["auth"])
app.include_router(get_users_router(auth), prefix="/api/users", tags=["users"])


@app.get("/health", tags=["health"])
async def health_check() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "healthy"}
