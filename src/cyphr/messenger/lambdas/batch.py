"""The records of an SQS event, each on its own: one that fails is given again, the others are not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cyphr.messenger.lambdas.container import Answer, Event

_logger = logging.getLogger(__name__)


async def each(event: Event, work: Callable[[str], Awaitable[None]]) -> Answer:
    """Do ``work`` with the body of every record at once; SQS's report of those that failed."""

    async def attempt(record: Event) -> str | None:
        try:
            await work(record["body"])
        except Exception:
            _logger.exception("a record is left to be given again", extra={"context": {"record": record["messageId"]}})
            return str(record["messageId"])
        return None

    failed = await asyncio.gather(*(attempt(record) for record in event["Records"]))
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed if one is not None]}
