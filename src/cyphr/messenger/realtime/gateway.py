"""Sockets that API Gateway holds: posting to them, and ending them."""

import asyncio
import logging
import random
from concurrent.futures import Executor
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.aws import gateway_client
from cyphr.foundation.settings import AwsSettings
from cyphr.messenger.messages.postman import encode

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

_logger = logging.getLogger(__name__)

_GONE = ("GoneException", "410")
_FIRST_PAUSE_SECONDS = 0.1


class Outcome(Enum):
    """What became of a frame. ``LEFT``: not delivered; what matters in it is stored, and the next resume brings it."""

    DELIVERED = "delivered"
    GONE = "gone"
    LEFT = "left"


class Gateway:
    """API Gateway's management API, for whichever stage an endpoint names."""

    def __init__(self, settings: AwsSettings, threads: Executor) -> None:
        self._settings = settings
        self._threads = threads
        self._clients: dict[str, ApiGatewayManagementApiClient] = {}

    async def post(self, endpoint: str, address: str, text: str, *, tries: int = 4) -> Outcome:
        """Send one frame. A throttled call is made again, ``tries`` times in all, after pauses that grow."""
        for attempt in range(tries):
            if attempt:
                # All who were throttled at once must not come again at once.
                await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - no secret
            try:
                await self._call(self._client(endpoint).post_to_connection, ConnectionId=address, Data=text.encode())
            except ClientError as error:
                if error.response["Error"]["Code"] in _GONE:
                    return Outcome.GONE
                if not _may_pass(error):
                    _logger.error("a frame was refused", exc_info=error, extra={"context": {"address": address}})
                    return Outcome.LEFT
            except BotoCoreError as error:
                _logger.warning("API Gateway cannot be reached: %s", error)
            else:
                return Outcome.DELIVERED
        return Outcome.LEFT

    async def end(self, endpoint: str, address: str, code: int) -> None:
        """Say ``bye`` with the close code, which API Gateway itself cannot send, and close the socket."""
        if await self.post(endpoint, address, encode("bye", d={"code": code})) is Outcome.GONE:
            return
        try:
            await self._call(self._client(endpoint).delete_connection, ConnectionId=address)
        except (ClientError, BotoCoreError) as error:
            _logger.warning("a connection could not be ended: %s", error, extra={"context": {"address": address}})

    def _client(self, endpoint: str) -> "ApiGatewayManagementApiClient":
        if endpoint not in self._clients:
            self._clients[endpoint] = gateway_client(self._settings, endpoint)
        return self._clients[endpoint]

    async def _call(self, method: Any, **arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, partial(method, **arguments))


def _may_pass(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] == "LimitExceededException" or status == 429 or status >= 500
