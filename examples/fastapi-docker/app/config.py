"""Settings, from the environment or ``.env``."""

from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fastauth_kit import AuthSettings


class Settings(BaseSettings):
    """What a deployment decides."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    APP_NAME: str = "FastAPI App"
    DEBUG: bool = False

    DATABASE_URL: str = "sqlite+aiosqlite:///./app.db"

    SECRET_KEY: SecretStr
    SIGNING_KEY: SecretStr = SecretStr("")
    ALGORITHM: Literal["HS256", "HS384", "HS512"] = "HS256"
    ACCESS_TOKEN_EXPIRE_MINUTES: Annotated[int, Field(gt=0)] = 30
    REFRESH_TOKEN_EXPIRE_DAYS: Annotated[int, Field(gt=0)] = 7

    CORS_ORIGINS: list[str] = ["http://localhost:3000"]

    REDIS_URL: str = ""
    SMTP_URL: str = ""
    THROTTLING: Literal["on", "off"] = "on"

    FIRST_SUPERUSER: str = ""
    FIRST_SUPERUSER_PASSWORD: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def throttle_unless_debugging(self) -> Self:
        """Attempts are only unlimited where load is tested."""
        if self.THROTTLING == "off" and not self.DEBUG:
            raise ValueError("THROTTLING=off is for load tests and needs DEBUG=true")
        return self

    @model_validator(mode="after")
    def first_superuser_has_a_password(self) -> Self:
        """An address alone makes no account."""
        if self.FIRST_SUPERUSER and not self.FIRST_SUPERUSER_PASSWORD.get_secret_value():
            raise ValueError("FIRST_SUPERUSER needs FIRST_SUPERUSER_PASSWORD")
        return self

    def auth(self) -> AuthSettings:
        """Return what the kit wants of them; it refuses a weak key."""
        return AuthSettings(
            secret_key=self.SECRET_KEY.get_secret_value(),
            signing_key=self.SIGNING_KEY.get_secret_value() or None,
            algorithm=self.ALGORITHM,
            token_url="/api/auth/login",
        )


@lru_cache
def get_settings() -> Settings:
    """Return the settings, read once."""
    return Settings()
