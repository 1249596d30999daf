"""Finding people."""

from uuid import UUID

from cyphr.foundation.errors import NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.people.models import Person

_queries = load_queries(__package__)


class Discovery:
    """Looks people up. There is no way to list them."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def find_person(self, user_id: UUID, cyphr_id: str) -> Person:
        """The person with exactly this ``@cyphr_id``. Raises NotFound."""

        async def work(transaction: Transaction) -> Person | None:
            return await transaction.fetch_one(Person, _queries.find_person, cyphr_id=cyphr_id)

        person = await self._switchboard.unit_of_work(user_id, work)
        if person is None:
            raise NotFound(f"nobody is called {cyphr_id}")
        return person
