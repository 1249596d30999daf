"""How a code reaches an address. SES on AWS, a mailbox in memory on one machine."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import Unavailable

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client

SUBJECT = "Your Cyphr code"


class Mail(Protocol):
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
        try:
            await asyncio.to_thread(
                self._client.send_email,
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": SUBJECT},
                        "Body": {
                            "Text": {"Data": f"{code}\n\nType it where you register. Nobody at Cyphr asks for it."}
                        },
                    }
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("the code could not be mailed; try again in a moment") from error
