"""An installation that writes everything down."""

from collections.abc import Callable

import pytest

from fastauth_kit.features.audit import Audit
from tests.kit_app import IntAuditEvent, KitApp


@pytest.fixture
def kit_app(make_app: Callable[..., KitApp]) -> KitApp:
    return make_app(more_features=(Audit(model=IntAuditEvent),))
