"""What has to be looked at a little later, where no process is there to look: it waits in a queue with a delay.

Whether a message was received; whether somebody who came is still here, or who went has not come back.
"""

import asyncio
import logging
import math
from collections.abc import Collection
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field, TypeAdapter

from cyphr.foundation.errors import Unavailable
from cyphr.messenger.messages.postman import Event, EventKind, Postman

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_logger = logging.getLogger(__name__)

_LONGEST_DELAY_SECONDS = 900  # SQS's own


class Sent(BaseModel):
    """A message was stored."""

    kind: Literal["sent"] = "sent"
    chat_id: UUID
    seq: int


class Moved(BaseModel):
    """Somebody's connection began or ended."""

    kind: Literal["moved"] = "moved"
    user_id: UUID
    at: datetime


QUESTION: TypeAdapter[Sent | Moved] = TypeAdapter(Annotated[Sent | Moved, Field(discriminator="kind")])


class Later:
    """The SQS queue of what to look at. Best effort: what matters is in the database, where the clock finds it, too."""

    def __init__(self, client: "SQSClient", url: str, threads: Executor) -> None:
        self._client = client
        self._url = url
        self._threads = threads

    async def ask(self, question: Sent | Moved, *, after: float) -> None:
        """Have it looked at in ``after`` seconds. Never raises."""
        call = partial(
            self._client.send_message,
            QueueUrl=self._url,
            DelaySeconds=min(math.ceil(after), _LONGEST_DELAY_SECONDS),
            MessageBody=question.model_dump_json(),
        )
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except (ClientError, BotoCoreError) as error:
            _logger.warning("what was to be looked at later waits for the clock: %s", error)

    async def check(self) -> None:
        """Whether the queue answers. Raises Unavailable."""
        call = partial(self._client.get_queue_attributes, QueueUrl=self._url, AttributeNames=["QueueArn"])
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"SQS does not answer: {error}") from error


class Reminder:
    """A postman who delivers through another, and has each message looked at later: was it received?"""

    def __init__(self, postman: Postman, later: Later, *, after: float) -> None:
        """``after``: seconds that a message may be on its way."""
        self._postman = postman
        self._later = later
        self._after = after

    async def deliver(self, recipients: Collection[UUID], event: Event, *, except_for: UUID | None = None) -> None:
        """See ``messages.postman.Postman``."""
        delivered = self._postman.deliver(recipients, event, except_for=except_for)
        if event.kind is not EventKind.MESSAGE or event.moves_members:  # a notice is no news
            await delivered
            return
        question = Sent(chat_id=event.chat_id, seq=event.seq)
        await asyncio.gather(delivered, self._later.ask(question, after=self._after))
