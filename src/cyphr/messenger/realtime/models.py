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
    changes: dict[UUID, Seq] = {}


class Hello(_Frame):
    """The first frame: who this is, and the last place and the last change it holds of each chat."""

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


class ResumeBody(BaseModel):
    heads: dict[UUID, Seq] = {}
    changes: dict[UUID, Seq] = {}


class Continue(_Frame):
    """The answer to ``resume.more``: go on from what is held now."""

    t: Literal["resume"]
    d: ResumeBody


class Open(_Frame):
    """This chat is on the screen: tell who of its members is here, and who comes and goes. A few at once, no more."""

    t: Literal["open"]
    chat: UUID


class Close(_Frame):
    """This chat is no longer on the screen."""

    t: Literal["close"]
    chat: UUID


class Ping(_Frame):
    """Are you there?"""

    t: Literal["ping"]


Frame = Annotated[Hello | Continue | Send | Receipt | Typing | Open | Close | Ping, Field(discriminator="t")]

FRAME: TypeAdapter[Hello | Continue | Send | Receipt | Typing | Open | Close | Ping] = TypeAdapter(Frame)
