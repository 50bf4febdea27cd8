"""The app."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from app.api.routes import auth, export, health, live, posts, profiles, users
from app.auth import auth as kit
from app.config import get_settings
from app.database import engine
from app.docs_pages import DESCRIPTION, TAGS, add_docs_pages
from app.errors import install_error_handlers
from app.logs import configure_logging
from app.middleware import BodyLimit, ProcessTime, SecurityHeaders, ServerErrors
from app.pages import add_pages
from app.redis import close_redis
from app.services.mail import SHUTDOWN_SECONDS
from app.startup import create_first_superuser, migrate, warn_of_local_links

settings = get_settings()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Prepare the database; give its connections back at the end."""
    configure_logging()
    warn_of_local_links()
    await migrate()
    await create_first_superuser()
    yield
    await close_redis()
    await engine.dispose()


@asynccontextmanager
async def hurry_mail_at_the_end(_: FastAPI) -> AsyncGenerator[None]:
    """Spend no minute on a dead mail server when the app is told to end."""
    yield
    kit.after_commit.hurry(seconds=SHUTDOWN_SECONDS)


app = FastAPI(
    title=settings.APP_NAME,
    description=DESCRIPTION,
    version="1.0.0",
    openapi_tags=TAGS,
    # names for generated clients: "list_posts", not "list_posts_api_posts_get"
    generate_unique_id_function=lambda route: route.name,
    lifespan=lifespan,
    openapi_url="/openapi.json" if settings.DOCS else None,
    # FastAPI's own pages load their scripts from a CDN; ours come from docs_pages.py
    docs_url=None,
    redoc_url=None,
    # a redirect would repeat the Host header of the request, whoever sent it
    redirect_slashes=False,
)

# the last one added is the first to see a request
app.add_middleware(ServerErrors)
# the longest post, each of its characters written as an escape
app.add_middleware(BodyLimit, most=256 * 1024)
app.add_middleware(
    CORSMiddleware,
    allow_origins=settings.CORS_ORIGINS,
    # cookies only from origins that are named
    allow_credentials="*" not in settings.CORS_ORIGINS,
    allow_methods=["*"],
    allow_headers=["Authorization", "Content-Type", "X-Auth-Transport", "X-CSRF-Token"],
    expose_headers=["X-Process-Time", "X-Request-ID"],
)
app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.ALLOWED_HOSTS, www_redirect=False)
app.add_middleware(SecurityHeaders)
app.add_middleware(CorrelationIdMiddleware)
app.add_middleware(ProcessTime)
install_error_handlers(app)

app.include_router(auth.router, prefix="/api/auth", tags=["auth"])
app.include_router(users.router, prefix="/api/users", tags=["users"])
app.include_router(profiles.router, prefix="/api/users", tags=["users"])
app.include_router(export.router, prefix="/api/users", tags=["users"])
app.include_router(posts.router, prefix="/api/posts", tags=["posts"])
app.include_router(live.router)
app.include_router(health.router, tags=["health"])
# Lifespans end in the opposite order: this one just before the kit's, which wait for
# what runs after a commit, and for mail with it.
app.include_router(APIRouter(lifespan=hurry_mail_at_the_end))

add_pages(app)
if settings.DOCS:
    add_docs_pages(app)
