"""How a code or a word of warning reaches an address. SES on AWS, a mailbox in memory on one machine."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import Unavailable
from cyphr.messenger.sessions.notices import Letter as Letter

if TYPE_CHECKING:
    from types_boto3_sesv2 import SESV2Client


class Mail(Protocol):
    """Sends mail on the messenger's behalf."""

    async def send(self, to: str, letter: Letter) -> None:
        """Mail ``letter``. Raises Unavailable."""
        ...

    async def send_notice(self, to: str, subject: str, text: str) -> None:
        """Mail what needs no answer. Raises Unavailable."""
        ...


class SesMail:
    """Mail through Amazon SES."""

    def __init__(self, client: "SESV2Client", sender: str) -> None:
        self._client = client
        self._sender = sender

    async def send(self, to: str, letter: Letter) -> None:
        """See ``Mail``."""
        try:
            await asyncio.to_thread(
                self._client.send_email,
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={"Simple": {"Subject": {"Data": letter.subject}, "Body": {"Text": {"Data": letter.body}}}},
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("the mail could not be sent; try again in a moment") from error

    async def send_notice(self, to: str, subject: str, text: str) -> None:
        """See ``Mail``."""
        await self.send(to, Letter(subject, text))


def registration_code(code: str) -> Letter:
    """For an address without an account."""
    return Letter("Your Cyphr code", "Type it where you register. Nobody at Cyphr asks for it.", code)


def already_registered() -> Letter:
    """Instead of a registration's code. The page that asked is told nothing, or it would tell who has an account."""
    return Letter(
        "You have a Cyphr account already",
        "Somebody, probably you, asked to register with this address. It has an account already: sign in, or ask for a "
        "new PIN there if you have forgotten yours. If it was not you, there is nothing to do.",
    )


def recovery_code(code: str) -> Letter:
    """For who has forgotten their PIN."""
    return Letter(
        "Your code for a new PIN",
        "Type it where you choose a new PIN. If you did not ask for it, somebody else did: do nothing, and give it to "
        "nobody. Nobody at Cyphr asks for it.",
        code,
    )


def nothing_to_recover() -> Letter:
    """Instead of a recovery's code."""
    return Letter(
        "No Cyphr account has this address",
        "Somebody, probably you, asked for a new PIN for this address. It has no account: register, or try the address "
        "that you registered with. If it was not you, there is nothing to do.",
    )


def pin_changed() -> Letter:
    """To whose PIN was changed, in case it was somebody else."""
    return Letter(
        "Your PIN was changed",
        "The PIN of your Cyphr account was changed, and the other sessions have ended. If it was not you, choose a new "
        "PIN at once: ask for it where you sign in.",
    )
