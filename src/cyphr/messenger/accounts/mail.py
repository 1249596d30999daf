"""How a code reaches an address. SES on AWS, a mailbox in memory on one machine."""

from typing import Protocol


class Mail(Protocol):
    """Sends mail on the messenger's behalf."""

    async def send_code(self, to: str, code: str) -> None:
        """Mail a registration code. Raises Unavailable."""
        ...
