"""What the verification of addresses refuses."""

from fastauth_kit.core.errors import AuthError


class EmailNotVerified(AuthError):
    """The user must prove their mailbox first; only said to who is signed in, or could be."""

    code = "email_not_verified"
    status = 403
    detail = "Verify your e-mail address first: open the link that was mailed to you."
