"""Keeping people away. What a block stops is decided where messages are stored and members added."""

from uuid import UUID

from cyphr.foundation.errors import InvalidInput, NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.blocks.models import ChatPrivacy
from cyphr.messenger.people.models import Person

_queries = load_queries(__package__)


class Blocks:
    """Keeps whom each person blocks, and who may add them to groups. Nobody is told that they are blocked."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def block(self, user_id: UUID, other_id: UUID) -> None:
        """Take no more messages of somebody, and let them add one to no group. Raises NotFound or InvalidInput."""

        async def work(transaction: Transaction) -> str:
            outcome: str = await transaction.fetch_value(_queries.block, other_id=other_id)
            return outcome

        outcome = await self._switchboard.unit_of_work(user_id, work)
        if outcome == "self":
            raise InvalidInput("nobody can block themselves")
        if outcome == "no_such_person":
            raise NotFound("there is no such person")

    async def unblock(self, user_id: UUID, other_id: UUID) -> None:
        """Let somebody write again. Who was not blocked stays so."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.unblock, other_id=other_id)

        await self._switchboard.unit_of_work(user_id, work)

    async def list_blocked(self, user_id: UUID) -> list[Person]:
        """Whom this person blocks, the latest first."""

        async def work(transaction: Transaction) -> list[Person]:
            return await transaction.fetch_all(Person, _queries.list_blocked)

        return await self._switchboard.unit_of_work(user_id, work)

    async def read_privacy(self, user_id: UUID) -> ChatPrivacy:
        """Who may add this person to groups."""

        async def work(transaction: Transaction) -> ChatPrivacy | None:
            return await transaction.fetch_one(ChatPrivacy, _queries.find_privacy)

        return await self._switchboard.unit_of_work(user_id, work) or ChatPrivacy()

    async def set_privacy(self, user_id: UUID, privacy: ChatPrivacy) -> ChatPrivacy:
        """Say who may add this person to groups."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.set_privacy, who_may_add=privacy.who_may_add)

        await self._switchboard.unit_of_work(user_id, work)
        return privacy
