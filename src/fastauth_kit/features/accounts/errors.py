"""What the accounts feature refuses."""

from fastauth_kit.core.errors import AuthError


class EmailTaken(AuthError):
    """Another account has this address, however it is spelled."""

    code = "email_taken"
    detail = "An account with this e-mail address exists already."


class RegistrationClosed(AuthError):
    """Only superusers make accounts here."""

    code = "registration_closed"
    status = 403
    detail = "New accounts are made by an administrator only."


class UserNotFound(AuthError):
    """No account has this id; only said to superusers."""

    code = "user_not_found"
    status = 404
    detail = "There is no such user."


class LastSuperuser(AuthError):
    """Nobody would be left to administer the accounts."""

    code = "last_superuser"
    status = 409
    detail = "This is the last active superuser. Make another one first."


class UserInUse(AuthError):
    """A foreign key of the caller's own tables keeps the account."""

    code = "user_in_use"
    status = 409
    detail = "Other data still belongs to this user."
