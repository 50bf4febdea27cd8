"""Live messages: everybody's sockets, on every worker.

``socket.py`` is one socket, ``connections.py`` all of this worker's, and
``broadcaster.py`` the way to those of other workers.
"""

from app.config import get_settings
from app.redis import get_redis
from app.services.live.broadcaster import Broadcaster
from app.services.live.connections import ConnectionManager

connections = ConnectionManager()
# the name of the app: others may use the same Redis
broadcaster = Broadcaster(connections, get_redis(), channel=f"{get_settings().APP_NAME}:live")
