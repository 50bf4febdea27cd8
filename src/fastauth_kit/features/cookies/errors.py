"""What the cookies feature refuses."""

from fastauth_kit.core.errors import AuthError


class CsrfFailed(AuthError):
    """A browser sent cookies for a page that may not use them.

    Or something else sent them, without ``X-CSRF-Token``.
    """

    code = "csrf_failed"
    status = 403
    detail = "This request does not come from a page that may make it."
