"""How a code reaches an address. SES on AWS, a mailbox in memory on one machine."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import Unavailable
from cyphr.messenger.sessions.notices import Post

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

SUBJECT = "Your Cyphr code"


class Mail(Post, Protocol):
    """Sends mail on the messenger's behalf."""

    async def send_code(self, to: str, code: str) -> None:
        """Mail a registration code. Raises Unavailable."""
        ...


class SesMail:
    """Mail through Amazon SES."""

    def __init__(self, client: "SESV2Client", sender: str) -> None:
        self._client = client
        self._sender = sender

    async def send_code(self, to: str, code: str) -> None:
        """See ``Mail``. The code stands alone on its line, so that people and programs find it."""
        await self._send(to, SUBJECT, f"{code}\n\nType it where you register. Nobody at Cyphr asks for it.")

    async def send_notice(self, to: str, subject: str, text: str) -> None:
        """See ``Post``."""
        await self._send(to, subject, text)

    async def _send(self, to: str, subject: str, text: str) -> None:
        try:
            await asyncio.to_thread(
                self._client.send_email,
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("the mail could not be sent; try again in a moment") from error
