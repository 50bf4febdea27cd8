"""Links into the caller's pages. Nothing of a request ever shapes one."""

from urllib.parse import urlsplit

from fastauth_kit.core.errors import ConfigurationError

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_NOT_IN_A_LINK = " #\\<>\"'"


def checked_public_url(text: str) -> str:
    """Return the address of the pages without a slash at its end.

    Raises:
        ConfigurationError: It is no plain https address, and not local either.
    """
    scheme, host = _taken_apart(text)
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(_NOT_IN_A_LINK + "?@")
    if not host or not is_plain:
        raise ConfigurationError(
            "public_url must be the address of your pages, such as https://example.com, "
            f"not {text!r}"
        )
    if scheme != "https" and not (scheme == "http" and host in LOCAL_HOSTS):
        raise ConfigurationError(
            f"public_url must begin with https://, not {text!r}: links carry tokens"
        )
    return text.rstrip("/")


def _taken_apart(text: str) -> tuple[str, str | None]:
    """Return scheme and host; no host if it is no address."""
    try:
        parts = urlsplit(text)
        return parts.scheme, parts.hostname if parts.port != 0 else None
    except ValueError:
        return "", None


def check_page(name: str, path: str) -> None:
    """Check the path of a page that a link leads to.

    Raises:
        ConfigurationError: It does not begin with a slash, or is more than a path.
    """
    is_plain = path.isascii() and path.isprintable() and not set(path) & set(_NOT_IN_A_LINK)
    if not path.startswith("/") or path.startswith("//") or not is_plain:
        raise ConfigurationError(f"{name} must be a path such as /reset-password, not {path!r}")


def link(public_url: str, path: str, token: str) -> str:
    """Return a link that hands a token to a page.

    In the fragment: it reaches no server, hence no log, and no ``Referer``
    (RFC 9110, section 10.1.3).
    """
    return f"{public_url}{path}#token={token}"
