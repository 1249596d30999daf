"""Security events."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

EventKind = Literal[
    "account.registered",
    "pin.changed",
    "pin.recovered",
    "pin.locked",
    "session.opened",
    "session.challenged",
    "session.reused",
    "session.revoked",
    "step_up.passed",
    "step_up.failed",
    "factor.added",
    "factor.removed",
    "factor.locked",
    "recovery_codes.made",
    "recovery_code.used",
    "device.new",
    "device.renamed",
    "password.changed",
    "password.recovered",
    "method.linked",
    "method.unlinked",
    "admin.created",
    "admin.invited",
    "admin.suspended",
    "admin.reinstated",
    "admin.signed_out",
    "admin.factors_reset",
    "admin.pin_reset",
    "admin.password_reset",
    "admin.device_revoked",
    "admin.role_set",
    "admin.policy_set",
    "admin.group_made",
    "admin.group_removed",
    "admin.group_joined",
    "admin.group_left",
    "admin.exported",
]


class SecurityEvent(BaseModel):
    """One thing that happened. ``actor``: who did it, None for nobody signed in; ``subject``: whose account it is.
    ``details`` holds no secret: no PIN, no code, no token, no address of mail.
    """

    model_config = ConfigDict(frozen=True)

    kind: EventKind
    actor: UUID | None = None
    subject: UUID | None = None
    session: UUID | None = None
    details: dict[str, Any] = {}
