"""Private registration: who has an account is told to mailboxes, and to nobody else."""

from fastauth_kit.features.private_registration.factory import get_private_registration_router
from fastauth_kit.features.private_registration.feature import PrivateRegistration
from fastauth_kit.features.private_registration.models import PendingRegistrationMixin

__all__ = ["PendingRegistrationMixin", "PrivateRegistration", "get_private_registration_router"]
