"""Every section of the tutorial has its place, and every setting its line in the README."""

import re
import tomllib

import pytest

from tests.example import inside
from tests.example.server import FOLDER

ROOT = FOLDER.parents[1]

SECTIONS = {
    "Main Application": {"app/main.py": "FastAPI("},
    "Configuration": {"app/config.py": "class Settings(BaseSettings)"},
    "Database": {"app/database.py": "async def get_db("},
    "Models (SQLAlchemy)": {
        "app/models/user.py": "class User(",
        "app/models/post.py": "class Post(",
    },
    "Schemas (Pydantic)": {"app/schemas/user.py": "class UserCreate("},
    "Dependencies": {"app/api/deps.py": "CurrentUser = "},
    "Routes": {"app/api/routes/users.py": "router = ", "app/api/routes/posts.py": "@router.post"},
    "Authentication": {"app/api/routes/auth.py": "get_auth_router(", "app/auth.py": "AuthKit("},
    "Services": {"app/services/posts.py": "class PostService"},
    "Requirements": {"requirements.txt": "fastauth-kit"},
    "Dockerfile": {"Dockerfile": "FROM "},
    "Production Dockerfile (Multi-stage)": {"Dockerfile.prod": "FROM "},
    "Docker Compose": {"docker-compose.yml": "services:"},
    "Development Compose": {"docker-compose.dev.yml": "services:"},
    "Alembic Migrations": {"alembic.ini": "[alembic]", "alembic/env.py": "target_metadata"},
    "Background Tasks": {"app/services/mail.py": "send_later"},
    "WebSockets": {"app/api/routes/live.py": ".websocket("},
    "Testing": {
        "tests/conftest.py": "dependency_overrides[get_db]",
        "tests/test_users.py": "async def test_register",
    },
    "Error Handling": {"app/errors.py": "class AppException(Exception)"},
    "Middleware": {"app/middleware/process_time.py": "X-Process-Time"},
    "Production Config": {"nginx.conf": "proxy_pass"},
    "OpenAPI Customization": {"app/main.py": "openapi_url="},
}
"""What the sections of the tutorial are called, and where each is; with a mark to know it by."""


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_of_the_tutorial_has_its_files(section: str) -> None:
    for file, mark in SECTIONS[section].items():
        assert mark in (FOLDER / file).read_text(encoding="utf-8"), file


@pytest.mark.usefixtures("example_modules")
def test_the_table_of_settings_names_each_with_its_default() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \|([^|]*)\|", text, re.MULTILINE))
    fields = inside.module("config").Settings.model_fields

    assert rows.keys() == fields.keys()
    for name in ("ACCESS_TOKEN_EXPIRE_MINUTES", "REFRESH_TOKEN_EXPIRE_DAYS", "DATABASE_URL"):
        assert f"`{fields[name].default}`" in rows[name]


@pytest.mark.usefixtures("example_modules")
def test_the_sample_of_an_env_file_names_what_the_app_or_compose_reads() -> None:
    text = (FOLDER / ".env.example").read_text(encoding="utf-8")
    compose = (FOLDER / "docker-compose.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    read = set(re.findall(r"\$\{([A-Z_]+)", compose))

    assert "SECRET_KEY" in named
    assert named - read - inside.module("config").Settings.model_fields.keys() == set()


def test_the_requirements_are_those_that_the_tests_ran_with() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {_name(line) for line in groups["dependency-groups"]["example"]}

    assert wanted <= {_name(line) for line in lines}


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("app/**/*.py")), ids=lambda file: file.name)
def test_a_file_of_the_app_is_short_enough_to_copy(file: object) -> None:
    lines = (FOLDER / str(file)).read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 200
