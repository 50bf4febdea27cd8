"""Accounts: made, read, changed and closed by their owner or a superuser."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from fastauth_kit.core.acting import hold_superuser
from fastauth_kit.core.assembly import Assembly
from fastauth_kit.core.authentication import Authenticated
from fastauth_kit.core.errors import DataConflict
from fastauth_kit.core.feature import Feature
from fastauth_kit.core.hooks import CurrentSession, tell
from fastauth_kit.core.models import UserMixin, primary_key
from fastauth_kit.core.routes import RouteTable
from fastauth_kit.core.secrets import time_ordered_id
from fastauth_kit.core.store import reserve
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.changes import (
    apply_changes,
    canonical_address,
    email_exists,
    write_columns,
)
from fastauth_kit.features.accounts.dataclass_models import check_arguments
from fastauth_kit.features.accounts.errors import EmailTaken, RegistrationClosed
from fastauth_kit.features.accounts.events import UserCreated, UserPromoted
from fastauth_kit.features.accounts.registration import add_registration_route
from fastauth_kit.features.accounts.removal import remove_user
from fastauth_kit.features.accounts.schemas import (
    UserCreate,
    UserRead,
    UserUpdate,
    check_schemas,
    default_schemas,
)
from fastauth_kit.features.passwords import Passwords


@dataclass(frozen=True, kw_only=True)
class Schemas:
    """The bodies in force, the caller's own or those that fit the table."""

    create: type[UserCreate]
    update: type[UserUpdate]
    read: type[UserRead[Any]]


@dataclass(frozen=True, kw_only=True)
class Accounts(Feature):
    """Registration, the own account, and the administration of all.

    Args:
        create_schema: Body of a registration: ``UserCreate`` with columns of
            the caller's. ``None``: e-mail address and password, and a name if
            the table has such a column.
        update_schema: What users change of their own: ``UserUpdate`` with
            columns of the caller's.
        read_schema: What is shown of an account: ``UserRead`` with columns of
            the caller's.
        registration_open: Whether anybody may register; else superusers make
            the accounts.
    """

    name: ClassVar[str] = "accounts"
    requires: ClassVar[tuple[type[Feature], ...]] = (Passwords,)

    create_schema: type[UserCreate] | None = None
    update_schema: type[UserUpdate] | None = None
    read_schema: type[UserRead[Any]] | None = None
    registration_open: bool = True

    def schemas(self, auth: Assembly[Any]) -> Schemas:
        """Return the bodies in force for a user table."""
        create, update, read = default_schemas(auth.user_model)  # type: ignore[arg-type]  # mypy asks the instances, not the class, for a hash
        return Schemas(
            create=self.create_schema or create,
            update=self.update_schema or update,
            read=self.read_schema or read,
        )

    def check(self, auth: Assembly[Any]) -> None:
        """Check that bodies and table fit."""
        schemas = self.schemas(auth)
        check_schemas(auth.user_model, schemas.create, schemas.update, schemas.read)
        asked_for = {name for name, of in schemas.create.model_fields.items() if of.is_required()}
        check_arguments(auth.user_model, asked_for, key_is_given=_makes_keys(auth))

    def add_auth_routes(self, table: RouteTable) -> None:
        """Add registration."""
        add_registration_route(self, table)

    async def register(self, work: Work, body: UserCreate) -> UserMixin[Any]:
        """Make an account for whoever asks.

        Raises:
            RegistrationClosed: Only superusers make accounts.
            EmailTaken: The address has one already.
            InvalidInput: The policy refuses the password.
        """
        if not self.registration_open:
            raise RegistrationClosed
        return await self.create(
            work,
            email=body.email,
            password=body.password.get_secret_value(),
            **own_columns(body),
        )

    async def create(
        self,
        work: Work,
        *,
        email: str,
        password: str | None,
        acting_session: CurrentSession | None = None,
        **columns: Any,
    ) -> UserMixin[Any]:
        """Insert an account and return it, with its id.

        Args:
            password: ``None`` makes an account without one.
            acting_session: That of the superuser who asks for it, checked again
                after hashing; ``None`` for a script's own doing.
            columns: ``is_superuser`` and its like, and the caller's own.

        Raises:
            EmailTaken: The address has an account already.
            InvalidInput: Not an address, or the policy refuses the password.
            DataConflict: A rule of the caller's own columns refuses.
            InvalidToken: The actor's session has ended meanwhile.
            NotEnoughPermissions: The actor is no superuser any more.
        """
        address = canonical_address(email)
        if await email_exists(work, address):
            raise EmailTaken
        hashed = None
        if password is not None:
            hashed = await work.auth.feature(Passwords).hash_new(
                work, password, place="password", email=address, name=columns.get("name")
            )
        if acting_session is not None:
            await hold_superuser(work, acting_session)
        return await self.create_with_hash(work, address, hashed, **columns)

    async def create_with_hash(
        self, work: Work, address: str, hashed_password: str | None, **columns: Any
    ) -> UserMixin[Any]:
        """Insert an account whose address is canonical and whose password is hashed already.

        Raises:
            EmailTaken: The address has an account already.
            DataConflict: A rule of the caller's own columns refuses.
        """
        given = {"email": address, "hashed_password": hashed_password, **columns}
        user = self._new_user(work, given)
        if not await reserve(work, user):
            raise EmailTaken if await email_exists(work, address, now=True) else DataConflict
        await tell(work, UserCreated(user))
        if user.is_superuser:
            await tell(work, UserPromoted(user.id))
        return user

    def _new_user(self, work: Work, values: Mapping[str, Any]) -> UserMixin[Any]:
        model = work.auth.user_model
        given = {"created_at": work.now, "updated_at": work.now, **values}
        if _makes_keys(work.auth):
            given.setdefault("id", time_ordered_id(work.now))
        user: UserMixin[Any] = model(**given)
        return user

    async def update(
        self,
        work: Work,
        user_id: Any,
        changes: Mapping[str, Any],
        *,
        keep_session: UUID | None = None,
    ) -> UserMixin[Any]:
        """Change an account and return its new state.

        A changed address is unverified unless ``changes`` says otherwise.
        Sessions end when the address changes or the account is deactivated.

        Args:
            keep_session: The session that makes the change survives it.

        Raises:
            UserNotFound: There is no such account.
            EmailTaken: Another account has the new address.
            LastSuperuser: No active superuser would be left.
            InvalidInput: ``None`` for a column that must have a value.
        """
        return await apply_changes(work, user_id, dict(changes), keep_session=keep_session)

    async def move(
        self, work: Work, user: UserMixin[Any], address: str, *, new_hash: str | None = None
    ) -> None:
        """Give a user, who is held, an address of which they have proven the mailbox.

        What follows from that (sessions, links, notices) is the caller's to do.

        Args:
            new_hash: Of a password that was chosen along with the proof.

        Raises:
            EmailTaken: Another account has it.
        """
        moved = {"email": address, "is_verified": True}
        chosen = {} if new_hash is None else {"hashed_password": new_hash}
        await write_columns(work, user, {**moved, **chosen})

    async def remove(self, work: Work, user_id: Any) -> None:
        """Delete an account with everything the features hold of it.

        Raises:
            UserNotFound: There is no such account.
            LastSuperuser: No active superuser would be left.
            UserInUse: A foreign key of the caller's forbids it.
        """
        await remove_user(work, user_id)

    async def close(self, work: Work, who: Authenticated[Any], password: str | None) -> None:
        """Delete one's own account, confirmed by the password.

        Raises:
            InvalidPassword: It is wrong.
            RecentLoginRequired: The account has none, and the login is old.
            LastSuperuser: No active superuser would be left.
            UserInUse: A foreign key of the caller's forbids it.
        """
        session = who.session
        passwords = work.auth.feature(Passwords)
        stored = await passwords.prove(work, who, password)
        await remove_user(
            work, session.user_id, confirm=lambda: passwords.hold_proven(work, session, stored)
        )


def _makes_keys(auth: Assembly[Any]) -> bool:
    """Whether accounts are made with an id: a UUID that neither table nor model fills in."""
    key = primary_key(auth.user_model)
    fills_itself = key.default is not None or key.server_default is not None
    return auth.user_key.kind is UUID and not fills_itself


def own_columns(body: UserCreate) -> dict[str, Any]:
    """Return what a body says beside address and password.

    Fields that its schema names, by the names of the attributes: nothing that
    came along, and no alias.
    """
    named = set(type(body).model_fields) - {"email", "password"}
    return body.model_dump(include=named, exclude_unset=True, by_alias=False)
