"""What every request passes through, as plain ASGI.

Unlike functions given to ``@app.middleware("http")`` these add no task and
buffer no body.
"""

from app.middleware.body_limit import BodyLimit
from app.middleware.process_time import ProcessTime
from app.middleware.security_headers import SecurityHeaders
from app.middleware.server_errors import ServerErrors

__all__ = ["BodyLimit", "ProcessTime", "SecurityHeaders", "ServerErrors"]
