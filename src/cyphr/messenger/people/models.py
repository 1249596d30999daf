"""What anybody may know of a person, and the text types that every feature takes from people."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _storable(text: str) -> str:
    # PostgreSQL stores neither NUL nor half of a surrogate pair.
    if "\x00" in text:
        raise ValueError("must not contain the character NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return text


PlainText = Annotated[str, AfterValidator(_storable)]
"""Text that can be stored as it is."""

CyphrId = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^@[A-Za-z0-9_.\-]{2,40}$")]
"""A person's public name, ``@`` included; lower-case, so that @Anna and @anna are one."""


class Person(BaseModel):
    """The public part of a person."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    full_name: str
    cyphr_id: str | None = None
    avatar_url: str | None = None
