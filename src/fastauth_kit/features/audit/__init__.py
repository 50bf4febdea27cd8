"""Audit: what happened, to whom, by whom and from where, in a table."""

from fastauth_kit.core.pruning import PrunedBatch
from fastauth_kit.features.audit.factory import get_audit_router
from fastauth_kit.features.audit.feature import Audit
from fastauth_kit.features.audit.models import AuditEventMixin
from fastauth_kit.features.audit.pruning import prune_event_batch, prune_events
from fastauth_kit.features.audit.schemas import AuditRecord, SecurityEvent

__all__ = [
    "Audit",
    "AuditEventMixin",
    "AuditRecord",
    "PrunedBatch",
    "SecurityEvent",
    "get_audit_router",
    "prune_event_batch",
    "prune_events",
]
