"""Runs the example app with one connection to its database."""

import sys

import uvicorn

# the example's folder, as with "uvicorn app.main:app"
sys.path.insert(0, ".")

from app.config import get_settings
from app.database import AsyncSessionLocal, make_engine

AsyncSessionLocal.configure(
    bind=make_engine(get_settings().DATABASE_URL, pool_size=1, max_overflow=0, pool_timeout=3)
)

uvicorn.run("app.main:app", port=int(sys.argv[sys.argv.index("--port") + 1]))
