"""Pushes through Amazon SNS: a platform application for each service, a platform endpoint for each device."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import Conflict, CyphrError, InvalidInput, NotFound, RateLimited, Unavailable
from cyphr.messenger.push.channel import Notification
from cyphr.messenger.push.models import Platform
from cyphr.messenger.push.payloads import attributes_of, message_of

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

T = TypeVar("T")

_logger = logging.getLogger(__name__)

_THREADS = 16
_KNOWN_ALREADY = re.compile(r"Endpoint (arn:\S+) already exists with the same Token")
_DISABLED = {"EndpointDisabled", "EndpointDisabledException"}
_MISSING = {"NotFound", "NotFoundException"}
_TOO_FAST = {"Throttled", "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException"}
_INVALID = {"InvalidParameter", "InvalidParameterException", "InvalidParameterValue", "ParameterValueInvalid"}


class SnsChannel:
    """Reaches devices through SNS. boto3 waits in threads of its own, so that a slow SNS holds up nothing else."""

    def __init__(self, connect: Callable[[], "SNSClient"], applications: Mapping[Platform, str]) -> None:
        """``connect``: makes the client, when it is first needed. ``applications``: each platform's ARN."""
        self._connect = connect
        self._applications = dict(applications)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sns")

    @cached_property
    def _client(self) -> "SNSClient":
        # Two threads may each make one at first: both work, and one is kept.
        return self._connect()

    @property
    def platforms(self) -> frozenset[Platform]:
        """Those that have an application."""
        return frozenset(self._applications)

    async def make_endpoint(self, platform: Platform, token: str) -> str:
        """The ARN of the endpoint of ``token``, enabled. See ``Channel.make_endpoint``."""
        application = self._applications.get(platform)
        if application is None:
            raise Unavailable(f"there is no SNS application for {platform}; set CYPHR_PUSH_…_APPLICATION")
        return await self._call(lambda: self._make(application, token))

    async def push(self, platform: Platform, endpoint: str, notification: Notification) -> None:
        """Publish to one endpoint. See ``Channel.push``."""
        sandbox = "/APNS_SANDBOX/" in self._applications.get(platform, "")
        attributes = attributes_of(platform, notification, sandbox=sandbox)
        await self._call(
            lambda: self._client.publish(
                TargetArn=endpoint,
                Message=message_of(platform, notification, sandbox=sandbox),
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
        )

    async def forget_endpoint(self, endpoint: str) -> None:
        """Delete an endpoint. One that cannot be deleted now harms nobody: its token is not used any more."""
        try:
            await self._call(lambda: self._client.delete_endpoint(EndpointArn=endpoint))
        except CyphrError as error:
            _logger.warning("an endpoint stays in SNS", extra={"context": {"endpoint": endpoint, "why": error.message}})

    def _make(self, application: str, token: str) -> str:
        try:
            arn = self._client.create_platform_endpoint(PlatformApplicationArn=application, Token=token)["EndpointArn"]
        except ClientError as error:
            # With attributes that somebody else gave it. SNS names it in words only.
            known = _KNOWN_ALREADY.search(str(error))
            if known is None:
                raise
            arn = known[1]
        # SNS disables an endpoint when its token is refused, and keeps it so when the token has become good again.
        self._client.set_endpoint_attributes(EndpointArn=arn, Attributes={"Token": token, "Enabled": "true"})
        return arn

    async def _call(self, call: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except ClientError as error:
            raise _translated(error) from error
        except BotoCoreError as error:
            raise Unavailable(f"SNS cannot be reached: {error}") from error


def _translated(error: ClientError) -> CyphrError:
    code, words = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in _DISABLED or (code in _INVALID and "Token" in words):
        return NotFound(f"SNS no longer reaches this device: {words or code}")
    if (code in _MISSING and "PlatformApplication" not in words) or (code in _INVALID and "No endpoint" in words):
        return Conflict(f"SNS does not know this endpoint any more; make it anew: {words or code}")
    if code in _TOO_FAST:
        return RateLimited(f"SNS takes no more pushes at the moment: {words or code}", retry_after=1)
    if code in _INVALID:
        return InvalidInput(f"SNS refuses this push: {words or code}")
    # Whatever is left is SNS's trouble or ours with it (credentials, a disabled application): later may be better.
    return Unavailable(f"SNS answered {code}: {words}")
