"""The rules of one's own sessions: seeing them, naming them, and ending them from afar."""

from uuid import UUID

from cyphr.foundation.errors import NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.devices.models import OwnSession
from cyphr.messenger.messages.postman import NO_CHAT, Event, EventKind, Postman, encode
from cyphr.messenger.sessions.models import Identity
from cyphr.messenger.sessions.service import NewSession, Sessions

_queries = load_queries(__package__)

_NOBODYS = "no session of yours has this id; it may have ended already"


class Devices:
    """Keeps a person's view of their sessions."""

    def __init__(self, switchboard: Switchboard, sessions: Sessions, postman: Postman, audit: Audit) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._postman = postman
        self._audit = audit

    async def list_sessions(self, identity: Identity) -> list[OwnSession]:
        """Where the acting user is signed in, the last used first."""

        async def work(transaction: Transaction) -> list[OwnSession]:
            return await transaction.fetch_all(OwnSession, _queries.list_sessions, current=identity.session_id)

        return await self._switchboard.unit_of_work(identity.user_id, work)

    async def rename(self, identity: Identity, session_id: UUID, name: str) -> None:
        """Call a session by a name of one's own. Raises NotFound."""

        async def work(transaction: Transaction) -> None:
            if not await transaction.fetch_value(_queries.name_session, session_id=session_id, name=name):
                raise NotFound(_NOBODYS)
            event = SecurityEvent(
                kind="device.renamed", actor=identity.user_id, subject=identity.user_id, session=session_id
            )
            await self._audit.note(transaction, event)

        await self._switchboard.unit_of_work(identity.user_id, work)

    async def end(self, identity: Identity, session_id: UUID) -> None:
        """End one session, and know its device no more. Raises NotFound."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.forget_device, session_id=session_id)

        if not await self._sessions.end(identity, session_id):
            raise NotFound(_NOBODYS)
        await self._switchboard.unit_of_work(identity.user_id, work)

    async def end_others(self, identity: Identity) -> None:
        """End every session but this one."""
        await self._sessions.sign_out_others(identity)

    async def announce(self, user_id: UUID, new: NewSession) -> None:
        """Tell a person's connections that they signed in on a device that is new to them."""
        body = {"session_id": new.id, "device": new.device or new.user_agent, "place": new.address}
        await self._postman.deliver([user_id], Event(EventKind.DEVICE, NO_CHAT, encode("me.device", d=body)))
