"""What every feature has in common."""

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from fastauth_kit.core.assembly import Assembly
    from fastauth_kit.core.routes import RouteTable


class Hook:
    """Base of every class in ``core.hooks``: what may take part in a flow.

    It is here because ``Assembly`` tells by it what was meant to be a hook, and
    the hooks themselves need ``Assembly``.
    """


class Feature:
    """One self-contained capability that a caller hands to ``AuthKit``.

    A concrete feature is a frozen dataclass: its fields are its options, its
    methods are its operations, and the hook classes it inherits from say where
    it takes part in the flows of ``core``.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[type["Feature"], ...]] = ()
    replaced_routes: ClassVar[frozenset[str]] = frozenset()
    """Names of other features' auth routes that this one adds instead of them."""

    def check(self, auth: "Assembly[Any]") -> None:
        """Raise ``ConfigurationError`` if the options do not fit the installation."""

    def add_auth_routes(self, table: "RouteTable") -> None:
        """Add the routes that belong under the auth prefix."""

    async def aclose(self) -> None:
        """Give back what the feature holds; called at shutdown."""
