"""Reading the switchboard of whichever database has the authority."""

from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.switchboard.models import ServiceStand, Standing

_queries = load_queries(__package__)


async def read_standing(switchboard: Switchboard) -> Standing:
    """Where every service stands now. Raises Unavailable when no database answers."""

    async def work(transaction: Transaction) -> Standing:
        return Standing(services=await transaction.fetch_all(ServiceStand, _queries.list_services))

    return await switchboard.unit_of_work(None, work)
