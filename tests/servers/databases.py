"""One database of each kind for one worker, created when first asked for."""

from tests.servers.kinds import DatabaseKind
from tests.servers.servers import Servers


class DatabaseUrls:
    """URLs of the worker's own databases: ``database_urls["mariadb"]``.

    They are empty when first handed out; whoever fills one leaves it as the
    next test expects it.
    """

    def __init__(self, servers: Servers, *, worker: str) -> None:
        self._servers = servers
        self._worker = worker
        self._names: dict[DatabaseKind, str] = {}

    def __getitem__(self, kind: DatabaseKind) -> str:
        """Return the URL.

        Raises:
            MissingServer: There is no server of that kind.
        """
        if kind not in self._names:
            self._names[kind] = self._servers.create_database(kind, worker=self._worker)
        return self._servers.sqlalchemy_url(kind, self._names[kind])

    def drop(self) -> None:
        while self._names:
            self._servers.drop_database(*self._names.popitem())
