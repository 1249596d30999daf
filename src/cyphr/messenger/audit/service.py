"""Appending to the audit log. Its rules, and its chain, are in ``schema/private_audit.sql``."""

from pydantic_core import to_json

from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.messenger.audit.models import SecurityEvent
from cyphr.messenger.caller import current_caller

_queries = load_queries(__package__)


class Audit:
    """Tells the log of what happens, in the transaction in which it happens: both are committed, or neither."""

    async def note(self, transaction: Transaction, event: SecurityEvent) -> None:
        """Append ``event``, with the address and the program that the request came from."""
        caller = current_caller()
        details = event.details
        if caller.user_agent is not None:
            details = {**details, "user_agent": caller.user_agent}
        await transaction.execute(
            _queries.note_security_event,
            event=event.kind,
            actor=event.actor,
            subject=event.subject,
            session=event.session,
            address=caller.inet,
            details=to_json(details).decode(),
        )
