"""Who is asking: one flat dependency, one SQL statement, on every request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any, Generic, TypeVar

from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.openapi.models import SecurityBase as SecurityBaseModel
from fastapi.params import Depends
from fastapi.requests import HTTPConnection
from fastapi.security.base import SecurityBase
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from fastauth_kit.core.assembly import Assembly, UserT
from fastauth_kit.core.current_request import MEMO, answering, during
from fastauth_kit.core.database import Database, run_or_refuse
from fastauth_kit.core.errors import (
    InvalidToken,
    NotAuthenticated,
    NotEnoughPermissions,
)
from fastauth_kit.core.event_log import log_denial
from fastauth_kit.core.hooks import (
    AccessClaims,
    Authenticator,
    CurrentSession,
    RequestCondition,
)
from fastauth_kit.core.requirement import Requirement

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Authenticated(Generic[UserT]):
    """A user, and the session that proves it is them."""

    user: UserT
    session: CurrentSession


_Who = Authenticated[Any]


def _known(connection: HTTPConnection, by: object, session: object) -> Any:
    """Return whom this request was found to be from before, in the same session."""
    session_then, found = connection.scope.setdefault(MEMO, {}).get(by, (None, None))
    return found if session_then is session else None


class Authentication(Generic[UserT]):
    """Loads the user joined with what proves that it is them.

    One statement, so that revocation, deactivation and demotion count on the
    very next request at no extra cost. The statements are built once.

    Args:
        conditional: Whether a ``RequestCondition`` may refuse.
    """

    def __init__(
        self, auth: Assembly[UserT], load_options: Sequence[ORMOption], *, conditional: bool = True
    ) -> None:
        self._auth = auth
        self._conditions = auth.taking_part(RequestCondition) if conditional else ()
        self._readers = [
            (reader, self._statement(reader, load_options))
            for reader in auth.taking_part(Authenticator)
        ]

    def _statement(self, reader: Authenticator, load_options: Sequence[ORMOption]) -> Select[Any]:
        model = self._auth.user_model
        statement = reader.add_proof(select(model), self._auth)
        return statement.where(model.is_active.is_(True)).options(*load_options)

    async def of_request(self, connection: HTTPConnection, session: Any) -> Authenticated[UserT]:
        """Return who is asking; asks the database once for each request.

        Raises:
            NotAuthenticated: No credential was sent.
            InvalidToken: It does not work, or no longer.
            DatabaseUnavailable: Nobody can tell at this moment.
        """
        known: Authenticated[UserT] | None = _known(connection, self, session)
        if known is not None:
            return known
        found = await self.identify(self.recognise(connection), Database(session))
        connection.scope[MEMO][self] = (session, found)
        return found

    async def read(
        self, connection: HTTPConnection, session: Any, take: Callable[[_Who], ResultT]
    ) -> ResultT:
        """Return what ``take`` makes of who is asking, when nothing else is to be done.

        It runs in the step that loads them, where loading more is allowed, and
        gives the connection back: one that died is noticed before the answer.
        """
        database = Database(session)
        known: Authenticated[UserT] | None = _known(connection, self, session)
        if known is not None:
            return await run_or_refuse(database, lambda _: take(known))
        # going back would expire rows that the caller read and goes on using
        is_ours = not (list(database.session) or database.session.in_transaction())
        return (await self._identify(self.recognise(connection), database, take, is_ours))[1]

    def recognise(self, connection: HTTPConnection) -> "Recognised":
        """Return what the credential of a connection claims.

        Raises:
            NotAuthenticated: No credential was sent.
            InvalidToken: It cannot work.
        """
        for reader, statement in self._readers:
            claims = reader.recognise(self._auth, connection)
            if claims is not None:
                return Recognised(reader, statement, claims)
        raise NotAuthenticated

    async def identify(self, recognised: "Recognised", database: Database) -> Authenticated[UserT]:
        """Return who a recognised credential belongs to now.

        Raises:
            InvalidToken: It no longer works.
            DatabaseUnavailable: Nobody can tell at this moment.
        """
        found, _ = await self._identify(recognised, database, lambda _: None)
        return found

    async def _identify(
        self,
        recognised: "Recognised",
        database: Database,
        take: Callable[[_Who], ResultT],
        lets_go: bool = False,
    ) -> tuple[Authenticated[UserT], ResultT]:
        reader, claims = recognised.reader, recognised.claims
        parameters = reader.parameters(claims, self._auth.clock())

        def step(session: Session) -> tuple[Authenticated[UserT], ResultT]:
            result = session.execute(recognised.statement, parameters)
            # a user whose collections are loaded by a join comes in several rows;
            # dataclasses, and models of SQLModel, have no hash
            row = result.unique(lambda row: id(row[0])).one_or_none()
            if row is None:
                raise InvalidToken
            who: Authenticated[UserT] = Authenticated(row[0], reader.session_of(claims, row))
            for condition in self._conditions:
                condition.check_request(self._auth, who.user)
            taken = take(who)
            if lets_go:
                session.rollback()
            return who, taken

        return await run_or_refuse(database, step)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A credential, who reads it, and the statement that proves it."""

    reader: Authenticator
    statement: Select[Any]
    claims: AccessClaims


class BearerScheme(SecurityBase):
    """The scheme that OpenAPI shows, and Swagger's Authorize button uses."""

    def __init__(self, auth: Assembly[Any]) -> None:
        flow = OAuthFlowPassword(tokenUrl=auth.settings.token_url)
        self.model: SecurityBaseModel = OAuth2Model(flows=OAuthFlows(password=flow))
        self.scheme_name = "OAuth2PasswordBearer"


class Access(BearerScheme, Generic[UserT, ResultT]):
    """The dependency: authenticates, checks, and hands over what is asked for.

    It is dependency and security scheme in one object, because every link in
    a chain of dependencies costs time on every request.
    """

    def __init__(
        self,
        authentication: Authentication[UserT],
        auth: Assembly[UserT],
        session: Depends,
        pick: Callable[[Authenticated[UserT]], ResultT],
        *,
        requirement: Requirement | None = None,
    ) -> None:
        super().__init__(auth)
        self._authentication = authentication
        self._auth = auth
        self._pick = pick
        self._requirement = requirement
        self.__signature__: Signature = _signature(
            connection=HTTPConnection, session=Annotated[Any, session]
        )

    async def __call__(self, connection: HTTPConnection, session: Any) -> ResultT:
        """Return what ``pick`` takes from who is asking."""
        who = await self._authentication.of_request(connection, session)
        if self._requirement is not None:
            self._check(self._requirement, who, connection)
        return self._pick(who)

    def _check(self, requirement: Requirement, who: _Who, connection: HTTPConnection) -> None:
        try:
            requirement.check(who.user, who.session, self._auth.clock())
        except NotEnoughPermissions as error:
            if answering.get() is None:  # on the kit's routes AuthRoute does so
                with during(connection):
                    log_denial(self._auth, error.code, connection)
            raise


class ReadAccess(Access[UserT, ResultT]):
    """As ``Access``, where ``pick`` may load more: it runs in a step of the session."""

    async def __call__(self, connection: HTTPConnection, session: Any) -> ResultT:
        """Return what ``pick`` makes of who is asking."""
        return await self._authentication.read(connection, session, self._pick)


class OptionalAccess(Access[UserT, ResultT | None]):
    """As ``Access``, and ``None`` for a request without any credential.

    A credential that does not work is refused all the same: silently showing
    the public page to somebody whose token expired would hide that.
    """

    async def __call__(self, connection: HTTPConnection, session: Any) -> ResultT | None:
        """Return what ``pick`` takes from who is asking, or ``None``."""
        try:
            return await super().__call__(connection, session)
        except NotAuthenticated:
            return None


class ClaimsAccess(BearerScheme):
    """Verifies an access token without asking the database.

    What it gives up: logout, revocation, deactivation and demotion count only
    once the token has expired.
    """

    def __init__(self, authentication: Authentication[Any], auth: Assembly[Any]) -> None:
        super().__init__(auth)
        self._authentication = authentication

    async def __call__(self, connection: HTTPConnection) -> AccessClaims:
        """Return what the token says.

        Raises:
            NotAuthenticated: No token was sent.
            InvalidToken: It is malformed, forged or expired.
        """
        return self._authentication.recognise(connection).claims


def _signature(**annotations: Any) -> Signature:
    """Return the signature by which FastAPI finds what a dependency needs."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    return Signature(
        [Parameter(name, kind, annotation=given) for name, given in annotations.items()]
    )
