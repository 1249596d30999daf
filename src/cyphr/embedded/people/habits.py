"""What people do besides writing messages, and how often."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from cyphr.embedded.people import contents
from cyphr.embedded.people.person import Person
from cyphr.embedded.people.record import Avatar
from cyphr.foundation.clock import monotonic

_TYPING_PAUSE_SECONDS = 3.1
_LONGEST_AWAY_SECONDS = 1.5
_PAGE = 50


@dataclass(frozen=True)
class Habits:
    """Mean seconds between two times that one person does a thing. 0: never."""

    type_something: float = 6.0
    mark_what_arrived: float = 4.0
    fetch_history: float = 20.0
    fetch_chats: float = 40.0
    vanish: float = 20.0
    change_avatar: float = 60.0
    refresh_tokens: float = 60.0
    sign_in_again: float = 150.0
    change_pin: float = 200.0
    open_direct_chat: float = 90.0
    open_group: float = 200.0

    def hurried(self, factor: float) -> "Habits":
        """The same, so many times as often."""
        return Habits(**{each.name: getattr(self, each.name) / factor for each in fields(self)})


async def live(person: Person, habits: Habits) -> None:
    """Do things at random moments, one after the other, until cancelled; what was begun is still finished."""
    means = {each.name: getattr(habits, each.name) for each in fields(habits)}
    rates = {name: 1 / mean for name, mean in means.items() if mean}
    dice = person.world.dice
    while rates:
        await asyncio.sleep(dice.expovariate(sum(rates.values()) * person.pace))
        doing = DOINGS[dice.choices(list(rates), list(rates.values()))[0]]
        await asyncio.shield(person.begin(lambda doing=doing: doing(person)))  # type: ignore[misc]


async def type_something(person: Person) -> None:
    """Tell a chat that one is typing."""
    if person.chats and monotonic() - person.typed > _TYPING_PAUSE_SECONDS:
        person.typed = monotonic()
        await person.connection.say("typing", person.world.dice.choice(list(person.chats)))


async def mark_what_arrived(person: Person) -> None:
    """Tell how far messages were received and, of some chats, read. A large group is marked more seldom."""
    dice = person.world.dice
    for chat_id in list(person.chats):
        large = len(person.chats[chat_id]["members"]) > 2
        if dice.random() < (0.2 if large else 0.7):
            await person.mark(chat_id, read=dice.random() < 0.5)


async def fetch_history(person: Person) -> None:
    """Some of a chat, which must hold what is held here already."""
    if not person.chats:
        return
    chat_id = person.world.dice.choice(list(person.chats))
    head = person.inbox.join(chat_id).head
    after = person.world.dice.randint(max(0, head - 40), head)
    count = await person.fetch_after(chat_id, after)
    if after + count < head and count < _PAGE:
        person.complain(f"history of chat {chat_id} after {after} ended at {after + count}, but {head} is held")


async def fetch_chats(person: Person) -> None:
    """The list of chats, which must know at least what was acknowledged before it was asked for."""
    before = {chat_id: (person.inbox.chats[chat_id].highest, person.marked.get(chat_id)) for chat_id in person.chats}
    listed = {chat["id"]: chat for chat in await person.call("GET", "/v1/chats", kind="fetch")}
    for chat in listed.values():
        person.learn(chat)
    for chat_id, (highest, marked) in before.items():
        chat = listed.get(chat_id)
        mine = [m for m in chat["members"] if m["user_id"] == person.identity.user_id] if chat else []
        if chat is None or chat["last_seq"] < highest or not mine:
            person.complain(f"the list of chats, after seq {highest} of chat {chat_id} was seen, says {chat}")
        elif marked and (mine[0]["received_seq"] < marked[0] or mine[0]["read_seq"] < marked[1]):
            person.complain(f"the list of chats, after {marked} of chat {chat_id} was marked, says {mine[0]}")


async def vanish(person: Person) -> None:
    """Break the connection; it comes back by itself, often after others have written."""
    person.connection.abort(person.world.dice.uniform(0, _LONGEST_AWAY_SECONDS))


async def change_avatar(person: Person) -> None:
    """Upload a picture and look at it. While it is unknown whether that worked, nothing is promised about it."""
    user_id, picture, record = person.identity.user_id, contents.picture(person.world.dice), person.record
    if user_id not in record.uncertain_avatars:
        record.uncertain_avatars.append(user_id)
    files = {"file": ("me.png", picture, "image/png")}
    answer = await person.call("PUT", "/v1/me/avatar", kind="avatar", files=files)
    record.avatars[user_id] = Avatar(user_id, answer["avatar_url"], hashlib.sha256(picture).hexdigest())
    record.uncertain_avatars.remove(user_id)
    shown = await person.world.api.call(person.name, "GET", answer["avatar_url"], kind="fetch")
    if shown.content != picture:
        person.complain(f"the avatar at {answer['avatar_url']} is not the one that was uploaded")


async def refresh_tokens(person: Person) -> None:
    """Rotate the tokens long before they must be."""
    await person.identity.refresh()


async def sign_in_again(person: Person) -> None:
    """A new session with e-mail and PIN."""
    await person.identity.sign_in()


async def change_pin(person: Person) -> None:
    """Another PIN, and a session with it."""
    await person.identity.change_pin(person.world.dice)


async def open_direct_chat(person: Person) -> None:
    """With anybody; often there is one already."""
    await person.open_chat("direct", [person.world.dice.choice(_others(person))])


async def open_group(person: Person) -> None:
    """With a few."""
    others, dice = _others(person), person.world.dice
    some = dice.sample(others, k=min(len(others), dice.randint(2, 4)))
    await person.open_chat("group", some, name=f"Группа {len(person.record.chats)}")


def _others(person: Person) -> list[Person]:
    return [other for other in person.world.people if other is not person]


DOINGS: Mapping[str, Callable[[Person], Awaitable[None]]] = MappingProxyType(
    {
        doing.__name__: doing
        for doing in (
            type_something, mark_what_arrived, fetch_history, fetch_chats, vanish, change_avatar, refresh_tokens,
            sign_in_again, change_pin, open_direct_chat, open_group,
        )
    }
)  # fmt: skip
