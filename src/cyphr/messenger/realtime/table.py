"""Everybody's connections in DynamoDB: who can be reached where, whichever server holds the socket.

One item for each connection (``c#…``) and one for each person (``u#…``) with an attribute per connection, written in
one transaction. So a fan-out reads a hundred people in one consistent request, and a connection that is registered is
seen by everything that is stored afterwards. Items run out by TTL should a server die.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.clock import now
from cyphr.foundation.errors import Conflict, Unavailable
from cyphr.messenger.sessions.models import Identity

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

LIFETIME_SECONDS = 2 * 3600 + 600
"""API Gateway ends a connection after two hours; its record outlives it by ten minutes, no more."""

_LARGEST_BATCH = 100
_LARGEST_PAGE = 500
_MOST_TRIES = 6
_TYPING_MS = 3000


@dataclass(frozen=True, slots=True)
class Place:
    """Where one connection can be reached. ``address``: what its server calls it; ``endpoint``: that server."""

    id: UUID
    address: str
    endpoint: str
    user_id: UUID
    session_id: UUID


class ConnectionTable:
    """The table. Raises Unavailable when DynamoDB cannot be asked."""

    def __init__(self, client: "DynamoDBClient", name: str, threads: Executor) -> None:
        self._client = client
        self._name = name
        self._threads = threads

    async def admit(self, address: str, connection: UUID) -> None:
        """Note a connection that has not said yet whose it is. Again is the same."""
        item = {"id": _s(f"c#{address}"), "connection": _s(connection), "expires": _n(_expiry())}
        await self._call(
            self._client.put_item,
            TableName=self._name,
            Item=item,
            ConditionExpression="attribute_not_exists(id)",
            refused=lambda _: None,
        )

    async def register(self, place: Place, *, admitted: bool) -> None:
        """Write down whose connection it is. ``admitted``: only if it was, and has neither gone nor been registered.

        Raises Conflict when it was.
        """
        condition = "attribute_exists(id) and attribute_not_exists(user_id)" if admitted else "attribute_not_exists(id)"
        expires = _n(_expiry())
        described = {"connection": _s(place.id), "session_id": _s(place.session_id), "endpoint": _s(place.endpoint)}
        connection = {
            "TableName": self._name,
            "Key": {"id": _s(f"c#{place.address}")},
            "ConditionExpression": condition,
            "UpdateExpression": "set #c = :c, session_id = :s, endpoint = :e, user_id = :u, expires = :x",
            "ExpressionAttributeNames": {"#c": "connection"},
            "ExpressionAttributeValues": {
                ":c": described["connection"],
                ":s": described["session_id"],
                ":e": described["endpoint"],
                ":u": _s(place.user_id),
                ":x": expires,
            },
        }
        person = {
            "TableName": self._name,
            "Key": {"id": _s(f"u#{place.user_id}")},
            "UpdateExpression": "set #a = :a, expires = :x",
            "ExpressionAttributeNames": {"#a": f"c:{place.address}"},
            "ExpressionAttributeValues": {":a": {"M": {**described, "expires": expires}}, ":x": expires},
        }
        for attempt in range(_MOST_TRIES):
            # Two devices of one person at once: the second has to come again.
            if await self._transact([{"Update": connection}, {"Update": person}]):
                return
            await asyncio.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - a pause, no secret
        raise Unavailable("this person's connections change too fast to register another; try again")

    async def find(self, address: str) -> Place | None:
        """A registered connection. None: it has said no hello, or it is gone."""
        item = await self._read(f"c#{address}")
        return None if item is None or "user_id" not in item else _place(address, item["user_id"]["S"], item)

    async def admission(self, address: str) -> UUID | None:
        """The id of a connection that was admitted and has said no hello yet."""
        item = await self._read(f"c#{address}")
        return None if item is None or "user_id" in item else UUID(item["connection"]["S"])

    async def remove(self, address: str) -> UUID | None:
        """Forget a connection. Whose it was, if it was registered until now."""
        answer = await self._call(
            self._client.delete_item, TableName=self._name, Key={"id": _s(f"c#{address}")}, ReturnValues="ALL_OLD"
        )
        old = answer.get("Attributes", {})
        if "user_id" not in old:
            return None
        user_id = UUID(old["user_id"]["S"])
        await self._call(
            self._client.update_item,
            TableName=self._name,
            Key={"id": _s(f"u#{user_id}")},
            UpdateExpression="remove #a",
            ExpressionAttributeNames={"#a": f"c:{address}"},
        )
        return user_id

    async def list_places(self, people: Iterable[UUID]) -> list[Place]:
        """Every connection of these people, as of now."""
        answers = await asyncio.gather(*(self._read_people(some) for some in chunks(people, _LARGEST_BATCH)))
        return [place for places in answers for place in places]

    async def list_all(self) -> AsyncIterator[list[Place]]:
        """Every registered connection, page by page."""
        after: dict[str, Any] = {}
        while True:
            page = await self._call(
                self._client.scan,
                TableName=self._name,
                FilterExpression="begins_with(id, :c) and attribute_exists(user_id) and expires > :now",
                ExpressionAttributeValues={":c": _s("c#"), ":now": _n(int(now().timestamp()))},
                ConsistentRead=True,
                Limit=_LARGEST_PAGE,
                **after,
            )
            yield [
                _place(item["id"]["S"].removeprefix("c#"), item["user_id"]["S"], item) for item in page.get("Items", [])
            ]
            if "LastEvaluatedKey" not in page:
                return
            after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    async def take(self, who: str, *, per_minute: int, burst: int) -> float:
        """Take one of what ``who`` may do in a while, counted by all servers; the seconds to wait when there is none.

        The item holds the time at which all of it would be there again (GCRA), so a taking is one conditional write.
        """
        interval = max(1, round(60_000 / per_minute))
        moment = int(now().timestamp() * 1000)
        key = {"id": _s(f"l#{who}")}
        if (
            await self._advance(
                key,
                "set full_at = :next, expires = :x",
                "attribute_not_exists(id) or full_at <= :now",
                {":now": _n(moment), ":next": _n(moment + interval), ":x": _n(_expiry(600))},
            )
            is None
        ):
            return 0.0
        latest = moment + interval * (burst - 1)
        held = await self._advance(
            key, "set full_at = full_at + :i", "full_at <= :latest", {":i": _n(interval), ":latest": _n(latest)}
        )
        return 0.0 if held is None else max(1, int(held["full_at"]["N"]) - latest) / 1000

    async def may_type(self, address: str, chat_id: UUID) -> bool:
        """Whether this connection has not typed in this chat for three seconds; if so, it has now."""
        moment = int(now().timestamp() * 1000)
        held = await self._advance(
            {"id": _s(f"c#{address}")},
            "set typed_in = :chat, typed_at = :now",
            "attribute_exists(id) and (attribute_not_exists(typed_at) or typed_at <= :then or typed_in <> :chat)",
            {":chat": _s(chat_id), ":now": _n(moment), ":then": _n(moment - _TYPING_MS)},
        )
        return held is None

    async def _advance(
        self, key: dict[str, Any], update: str, condition: str, values: dict[str, Any]
    ) -> dict[str, Any] | None:
        """None when the item was changed, else what it holds instead."""
        answer = await self._call(
            self._client.update_item,
            TableName=self._name,
            Key=key,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            refused=lambda error: {"Held": error.response.get("Item", {})},
        )
        held: dict[str, Any] | None = answer.get("Held")
        return held

    async def _read(self, key: str) -> dict[str, Any] | None:
        answer = await self._call(self._client.get_item, TableName=self._name, Key={"id": _s(key)}, ConsistentRead=True)
        item: dict[str, Any] | None = answer.get("Item")
        return None if item is None or int(item["expires"]["N"]) < now().timestamp() else item

    async def _read_people(self, people: Sequence[UUID]) -> list[Place]:
        wanted: Any = {self._name: {"Keys": [{"id": _s(f"u#{user_id}")} for user_id in people], "ConsistentRead": True}}
        found: list[Place] = []
        for attempt in range(_MOST_TRIES):
            answer = await self._call(self._client.batch_get_item, RequestItems=wanted)
            for item in answer["Responses"].get(self._name, []):
                found += _places(item)
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return found
            await asyncio.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - a pause, no secret
        raise Unavailable("DynamoDB is throttled; what was stored is brought by the next resume")

    async def _transact(self, items: list[Any]) -> bool:
        def refused(error: ClientError) -> dict[str, Any]:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in reasons:
                raise Conflict("this connection has gone, or is registered already") from error
            return {"Again": True}

        return "Again" not in await self._call(self._client.transact_write_items, TransactItems=items, refused=refused)

    async def _call(
        self, method: Callable[..., Any], *, refused: Callable[[ClientError], Any] | None = None, **arguments: Any
    ) -> Any:
        """Call DynamoDB in a thread. ``refused`` answers for a condition that did not hold."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(method, **arguments))
        except ClientError as error:
            if refused is not None and error.response["Error"]["Code"] in _CONDITIONS:
                return refused(error) or {}
            raise Unavailable(f"DynamoDB refused {method.__name__}: {error}") from error
        except BotoCoreError as error:
            raise Unavailable(f"DynamoDB cannot be reached: {error}") from error


_CONDITIONS = ("ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException")


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """``things`` in lists of at most ``size``."""
    iterator = iter(things)
    while some := list(islice(iterator, size)):
        yield some


def _places(person: dict[str, Any]) -> Iterator[Place]:
    moment = now().timestamp()
    user_id = person["id"]["S"].removeprefix("u#")
    for name, value in person.items():
        if name.startswith("c:") and int(value["M"]["expires"]["N"]) > moment:
            yield _place(name.removeprefix("c:"), user_id, value["M"])


def _place(address: str, user_id: str, item: dict[str, Any]) -> Place:
    return Place(
        id=UUID(item["connection"]["S"]),
        address=address,
        endpoint=item["endpoint"]["S"],
        user_id=UUID(user_id),
        session_id=UUID(item["session_id"]["S"]),
    )


def identity_of(place: Place) -> Identity:
    """Whose connection it is."""
    return Identity(user_id=place.user_id, session_id=place.session_id)


def _expiry(seconds: int = LIFETIME_SECONDS) -> int:
    return int(now().timestamp()) + seconds


def _s(value: object) -> Any:
    return {"S": str(value)}


def _n(value: int) -> Any:
    return {"N": str(value)}
