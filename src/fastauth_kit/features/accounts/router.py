"""Routes of the users table: one's own account, and the administration of all."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BeforeValidator, WithJsonSchema

from fastauth_kit.core.authentication import Authenticated, ReadAccess
from fastauth_kit.core.errors import Busy, DataConflict, NotEnoughPermissions, RecentLoginRequired
from fastauth_kit.core.hooks import CurrentSession
from fastauth_kit.core.identifiers import KeyFormat
from fastauth_kit.core.kit import AuthKit
from fastauth_kit.core.routes import Routes, RouteTable
from fastauth_kit.core.store import find
from fastauth_kit.core.work import Work
from fastauth_kit.features.accounts.errors import (
    EmailTaken,
    LastSuperuser,
    UserInUse,
    UserNotFound,
)
from fastauth_kit.features.accounts.feature import Accounts, own_columns
from fastauth_kit.features.accounts.list_route import add_list_route
from fastauth_kit.features.accounts.registration import read_user
from fastauth_kit.features.accounts.schemas import (
    CloseAccountBody,
    UserCreate,
    UserUpdate,
    admin_schemas,
)
from fastauth_kit.features.passwords import InvalidPassword

UserDependency = Callable[..., Coroutine[Any, Any, Any]]


def get_users_router(
    auth: AuthKit[Any],
    *,
    routes: Routes = Routes(),
    may_list: UserDependency | None = None,
    may_read: UserDependency | None = None,
) -> APIRouter:
    """Build the routes of the users table.

    Args:
        routes: Which routes, and what guards them.
        may_list: Dependency that only those pass who may list all accounts;
            superusers unless given.
        may_read: Dependency that only those pass who may read any account;
            unless given, superusers may, and everybody their own.

    Raises:
        ConfigurationError: ``auth`` was built without ``Accounts(...)``.
    """
    table = RouteTable(auth, routes)
    accounts = auth.feature(Accounts)
    _add_own(accounts, table)  # first, because it is asked for most: routes are tried in turn
    add_list_route(accounts, table, may_list or auth.current_superuser)
    _add_create(accounts, table)
    _add_read(accounts, table, may_read)
    _add_update(accounts, table)
    _add_delete(accounts, table)
    return table.finish()


def _add_create(accounts: Accounts, table: RouteTable) -> None:
    auth, schemas = table.auth, accounts.schemas(table.auth)
    admin_create, _ = admin_schemas(schemas.create, schemas.update)

    async def create_user(
        body: UserCreate,
        superuser: Annotated[Any, Depends(auth.current_superuser)],
        session: Annotated[CurrentSession, Depends(auth.current_session)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> Any:
        """Make an account for somebody, as a superuser."""
        password = body.password.get_secret_value()
        async with work:
            user = await accounts.create(
                work,
                email=body.email,
                password=password,
                acting_session=session,
                **own_columns(body),
            )
            return await read_user(work, schemas.read, user)

    table.add(
        "create_user",
        "POST",
        "",
        create_user,
        body=admin_create,
        errors=[NotEnoughPermissions, EmailTaken, DataConflict, Busy],
        signed_in=True,
        status_code=201,
        response_model=schemas.read,
    )


def _add_own(accounts: Accounts, table: RouteTable) -> None:
    auth, schemas = table.auth, accounts.schemas(table.auth)

    shown = ReadAccess(
        auth.authentication,
        auth,
        auth.session_dependency,
        lambda who: schemas.read.model_validate(who.user),
    )

    async def read_me(account: Annotated[Any, Depends(shown)]) -> Any:
        """Read your own account."""
        return account

    async def update_me(
        body: UserUpdate,
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> Any:
        """Change your own account; what is left out stays."""
        async with work:
            user = await accounts.update(work, who.user.id, _changes(body, schemas.update))
            return await read_user(work, schemas.read, user)

    async def close_account(
        body: CloseAccountBody,
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Close your account: it is deleted, with everything that belongs to it here."""
        password = body.password
        async with work:
            await accounts.close(work, who, password.get_secret_value() if password else None)

    table.add("read_me", "GET", "/me", read_me, signed_in=True, response_model=schemas.read)
    table.add(
        "update_me",
        "PATCH",
        "/me",
        update_me,
        body=schemas.update,
        errors=[DataConflict],
        signed_in=True,
        response_model=schemas.read,
    )
    table.add(
        "close_account",
        "DELETE",
        "/me",
        close_account,
        errors=[InvalidPassword, RecentLoginRequired, LastSuperuser, UserInUse, Busy],
        signed_in=True,
        limited=True,
        status_code=204,
    )


def _add_read(accounts: Accounts, table: RouteTable, may_read: UserDependency | None) -> None:
    auth, schemas = table.auth, accounts.schemas(table.auth)

    async def read_user_by_id(
        user_id: Any,
        reader: Annotated[Any, Depends(may_read or auth.current_user)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> Any:
        """Read an account: your own, or any as a superuser."""
        if may_read is None and not (reader.is_superuser or reader.id == user_id):
            raise NotEnoughPermissions
        async with work:
            user = await find(work, auth.user_model, auth.user_model.id == user_id)
            if user is None:
                raise UserNotFound
            return await read_user(work, schemas.read, user)

    read_user_by_id.__annotations__["user_id"] = path_key(auth.user_key)
    table.add(
        "read_user",
        "GET",
        "/{user_id}",
        read_user_by_id,
        errors=[NotEnoughPermissions, UserNotFound],
        signed_in=True,
        response_model=schemas.read,
    )


def _add_update(accounts: Accounts, table: RouteTable) -> None:
    auth, schemas = table.auth, accounts.schemas(table.auth)
    _, admin_update = admin_schemas(schemas.create, schemas.update)

    async def update_user(
        user_id: Any,
        body: UserUpdate,
        who: Annotated[Authenticated[Any], Depends(auth.authenticated)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> Any:
        """Change an account: your own as under /me, or any as a superuser.

        What only a superuser may set is ignored in anybody else's request.
        """
        is_own = who.user.id == user_id
        if not (who.user.is_superuser or is_own):
            raise NotEnoughPermissions
        allowed = admin_update if who.user.is_superuser else schemas.update
        keep = who.session.id if is_own else None
        async with work:
            changes = _changes(body, allowed)
            user = await accounts.update(work, user_id, changes, keep_session=keep)
            return await read_user(work, schemas.read, user)

    update_user.__annotations__["user_id"] = path_key(auth.user_key)
    table.add(
        "update_user",
        "PATCH",
        "/{user_id}",
        update_user,
        body=admin_update,
        errors=[NotEnoughPermissions, UserNotFound, EmailTaken, LastSuperuser, DataConflict],
        signed_in=True,
        response_model=schemas.read,
    )


def _add_delete(accounts: Accounts, table: RouteTable) -> None:
    auth = table.auth

    async def delete_user(
        user_id: Any,
        superuser: Annotated[Any, Depends(auth.current_superuser)],
        work: Annotated[Work, Depends(auth.work)],
    ) -> None:
        """Delete an account, as a superuser."""
        async with work:
            await accounts.remove(work, user_id)

    delete_user.__annotations__["user_id"] = path_key(auth.user_key)
    table.add(
        "delete_user",
        "DELETE",
        "/{user_id}",
        delete_user,
        errors=[NotEnoughPermissions, UserNotFound, LastSuperuser, UserInUse],
        signed_in=True,
        status_code=204,
    )


def _changes(body: UserUpdate, allowed: type[UserUpdate]) -> dict[str, Any]:
    """Return what a body sets, of what its sender may set."""
    return body.model_dump(include=set(allowed.model_fields), exclude_unset=True, by_alias=False)


def path_key(key: KeyFormat) -> Any:
    """Return the type of an id in a path: strict, and bounded by its column."""
    return Annotated[key.kind, BeforeValidator(key.read), WithJsonSchema(key.json_schema())]
