"""What the server itself logs about sockets."""

import logging


def shorten_server_log() -> None:
    """Log one line, not a traceback, when a peer sends what is no UTF-8.

    uvicorn closes such a socket with 1007, as it should, but with a traceback
    each time, and so lets every peer fill the log.
    """
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    if str(record.msg).startswith("Invalid UTF-8"):
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True
