"""Every error that Cyphr raises on purpose.

    CyphrError                  code, message, retryable, context
    ├── InvalidInput            what was given cannot be used; nothing was changed
    ├── NotAuthenticated        who is asking is unknown
    ├── NotAllowed              who is asking may not
    │   ├── StepUpRequired      … before they have proved again who they are
    │   ├── FactorRequired      … before they have set up a second factor, which their tenant demands
    │   └── Suspended           … because an administrator suspended the account
    ├── NotFound                it does not exist, or row-level security hides it
    ├── Conflict                it contradicts what is already there
    ├── RateLimited             too much, too fast; try again later
    ├── Unavailable             something this needs is out of reach; try again
    ├── PreflightFailed         the migration must not start
    ├── ApplyConflict           a followed change does not fit the receiving database
    ├── VerificationFailed      the two sides are not equal
    └── HandoverRefused         the authority cannot be moved safely now

An error says what happened, to what, and what to do next. ``context`` holds values for logs and machines, never
secrets.
"""

from typing import Any, ClassVar


class CyphrError(Exception):
    """The root of the tree.

    ``code`` is stable and machine-readable; ``retryable`` says whether the same call may succeed later unchanged.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.context = context


class InvalidInput(CyphrError):
    code = "invalid_input"


class NotAuthenticated(CyphrError):
    code = "not_authenticated"


class NotAllowed(CyphrError):
    code = "not_allowed"


class StepUpRequired(NotAllowed):
    code = "step_up_required"


class FactorRequired(NotAllowed):
    code = "factor_required"


class Suspended(NotAllowed):
    code = "suspended"


class NotFound(CyphrError):
    code = "not_found"


class Conflict(CyphrError):
    code = "conflict"


class RateLimited(CyphrError):
    """``context["retry_after"]``: seconds to wait."""

    code = "rate_limited"
    retryable = True


class Unavailable(CyphrError):
    code = "unavailable"
    retryable = True


class PreflightFailed(CyphrError):
    code = "preflight_failed"


class ApplyConflict(CyphrError):
    code = "apply_conflict"


class VerificationFailed(CyphrError):
    code = "verification_failed"


class HandoverRefused(CyphrError):
    code = "handover_refused"
    retryable = True
