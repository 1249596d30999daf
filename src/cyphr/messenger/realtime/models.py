"""The frames that a client may send. An unknown type or member of the wrong kind is refused with an ``error`` frame."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

from cyphr.messenger.messages.models import SendBody
from cyphr.messenger.sessions.models import Device

LARGEST_FRAME = 28 * 1024

Seq = Annotated[int, Field(ge=0, lt=2**62)]


class _Frame(BaseModel):
    v: Literal[1] = 1


class HelloBody(BaseModel):
    token: Annotated[str, StringConstraints(max_length=4096)]
    device: Device | None = None
    heads: dict[UUID, Seq] = {}


class Hello(_Frame):
    """The first frame: who this is, and the last place it holds of each chat."""

    t: Literal["hello"]
    d: HelloBody


class Send(_Frame):
    """A message; answered by ``ack`` once it is stored. The same ``id`` again is stored once."""

    t: Literal["msg.send"]
    id: UUID
    chat: UUID
    d: SendBody


class WatermarkBody(BaseModel):
    seq: Seq


class Receipt(_Frame):
    """``recv``: stored on the device up to here. ``read``: seen up to here."""

    t: Literal["recv", "read"]
    id: UUID | None = None
    chat: UUID
    d: WatermarkBody


class Typing(_Frame):
    """This person is typing in a chat; relayed to its other members at most every three seconds."""

    t: Literal["typing"]
    chat: UUID


class Ping(_Frame):
    """Are you there?"""

    t: Literal["ping"]


Frame = Annotated[Hello | Send | Receipt | Typing | Ping, Field(discriminator="t")]

FRAME: TypeAdapter[Hello | Send | Receipt | Typing | Ping] = TypeAdapter(Frame)
