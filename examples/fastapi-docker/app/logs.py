"""How the log is written: one line for each event, with the id of its request."""

import logging.config
from typing import Any, Final

LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "asgi_correlation_id.CorrelationIdFilter", "default_value": "-"},
    },
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s [%(correlation_id)s] %(name)s: %(message)s",
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # these, and those below them, bring handlers of their own, which know nothing of requests
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("uvicorn", "sqlalchemy")},
}


def configure_logging() -> None:
    """Take over from the server that runs us; what it logged before stays as it was."""
    logging.config.dictConfig(LOGGING)
