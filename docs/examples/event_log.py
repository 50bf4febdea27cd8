"""The log of events as lines of JSON: with the standard library, and with structlog."""

import json
import logging
from typing import TextIO

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level

# --8<-- [start:json]
FIELDS = ("at", "kind", "succeeded", "user_id", "actor_id", "ip", "user_agent", "data")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        return json.dumps({"level": record.levelname, "message": record.getMessage(), **said})


def log_events(stream: TextIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    events = logging.getLogger("fastauth_kit.events")
    events.setLevel(logging.INFO)
    events.handlers = [handler]


# --8<-- [end:json]


# --8<-- [start:structlog]
def log_events_with_structlog(stream: TextIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[add_log_level, ExtraAdder()],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    events = logging.getLogger("fastauth_kit.events")
    events.setLevel(logging.INFO)
    events.handlers = [handler]


# --8<-- [end:structlog]
