"""A few people, each with a few devices, and everything that can happen to them, in any order."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from cyphr.foundation.clock import monotonic
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.faults.device import Device, Held
from tests.e2e.messenger.faults.ledger import Ledger, Sent, client_id
from tests.e2e.messenger.faults.stage import Stage, answered

_SETTLING_SECONDS = 240.0
_MOST_UNACKNOWLEDGED = 32
_SKEWS = (0, 0, -3, 86_400, -86_400 * 365, 86_400 * 365 * 30)


class Journey:
    """What the people do; ``verdict`` tells what they found wrong. ``people[0]`` is in every chat all the time."""

    def __init__(self, stage: Stage, people: Sequence[Client], chats: dict[str, list[Client]]) -> None:
        self.stage = stage
        self.ledger = Ledger()
        self.people = people
        self.chats = list(chats)
        self.members = {chat: list(members) for chat, members in chats.items()}
        self.behind: list[Any] = []
        """Who is connected and has not everything: device, chat, whether it was told that nothing is missing, whether
        it has left, what it holds, and what there is.
        """
        self.ever_out: set[tuple[str, str]] = set()
        self.banned: set[tuple[str, str]] = set()
        self.devices = [
            Device(f"{name} of {person.session['person']['full_name']}", person, stage.address, self.ledger)
            for person in people
            for name in ("phone", "laptop")
        ]

    @classmethod
    async def begin(cls, stage: Stage) -> "Journey":
        """New people who know each other, all of them online: two direct chats and two groups."""
        people = [await stage.register(name) for name in ("Anna", "Boris", "Clara", "Dmitri")]
        anna, boris, clara, dmitri = people
        chats = {
            await anna.direct(boris): [anna, boris],
            await anna.direct(clara): [anna, clara],
            await anna.group("all", [boris, clara, dmitri]): people,
            await anna.group("some", [clara, dmitri]): [anna, clara, dmitri],
        }
        journey = cls(stage, people, chats)
        for device in journey.devices:
            await device.go_online()
        return journey

    # What a device does by itself.

    def chat_of(self, device: Device, number: int) -> str:
        """One of the chats that this person is or was in."""
        mine = [
            chat
            for chat in self.chats
            if device.person in self.members[chat] or (chat, device.person.id) in self.ever_out
        ]
        return mine[number % len(mine)]

    def write(self, device: Device, chat: str, dice: random.Random) -> Sent:
        content = f"{len(self.ledger.sent)} " + "я" * dice.choice([1, 20, 400, 5_000])
        number = client_id(dice.choice(["v7", "v7", "v4"]), dice.choice(_SKEWS))
        return self.ledger.begin(chat, device.person.id, content, number)

    async def send_burst(self, device: Device, number: int, count: int, dice: random.Random) -> None:
        """Several messages and other frames at once, some twice, none in order."""
        frames = []
        for _ in range(count):
            chat = self.chat_of(device, number + dice.randint(0, 1))
            frame = self.write(device, chat, dice).frame()
            frames += [frame] * dice.choice([1, 1, 2])
        frames += ['{"v":1,"t":"ping"}', f'{{"v":1,"t":"typing","chat":"{self.chat_of(device, number)}"}}']
        dice.shuffle(frames)
        for frame in frames:
            await device.give(frame)

    async def send_by_http(self, sender: Device, sent: Sent) -> None:
        """Without a second try: who sends it again is the settling, or nobody."""
        try:
            response = await sender.person.send(sent.chat, sent.content, client_id=sent.id)
        except httpx.TransportError:
            return
        if response.status_code in {200, 201}:
            ack = response.json()
            self.ledger.acknowledged(sent.id, ack["chat_id"], ack["seq"], ack["message_id"])
        elif response.status_code not in {429, 503}:
            self.ledger.refused(sender.name, {"id": sent.id, "d": response.json()})

    async def mark(self, device: Device, chat: str, kind: str, back: int) -> None:
        held = device.held.get(chat)
        if held is not None and chat not in device.left:
            seq, frame_id = max(0, held.head - back), str(uuid4())
            self.ledger.marks[frame_id] = (device.person.id, chat, kind, seq)
            await device.say(kind, id=frame_id, chat=chat, d={"seq": seq})

    # What is done to messages and groups. Each is repeated until there is an answer, so its outcome is known.

    def stored(self, chat: str, number: int) -> Sent | None:
        known = [sent for sent in self.ledger.sent.values() if sent.chat == chat and sent.message_id is not None]
        return known[number % len(known)] if known else None

    async def edit(self, sent: Sent, content: str) -> None:
        sender = next(person for person in self.people if person.id == sent.sender_id)
        state = self.ledger.states[str(sent.message_id)]
        response = await answered(lambda: sender.edit(_path(sent), content))
        if response.status_code == 200:
            state.content = content
        elif not (state.deleted or self._was_out(sent.chat, sender)):
            self.ledger.wrongs.append(f"an edit was refused: {response.text}")

    async def delete(self, sent: Sent) -> None:
        sender = next(person for person in self.people if person.id == sent.sender_id)
        state = self.ledger.states[str(sent.message_id)]
        response = await answered(lambda: sender.delete(_path(sent)))
        if response.status_code == 204:
            state.deleted = True
        elif not self._was_out(sent.chat, sender):
            self.ledger.wrongs.append(f"a deletion was refused: {response.text}")

    async def react(self, sent: Sent, person: Client, emoji: str, wanted: bool) -> None:
        state = self.ledger.states[str(sent.message_id)]
        path = f"{_path(sent)}/reactions/{quote(emoji)}"
        response = await answered(lambda: person.put(path) if wanted else person.delete(path))
        if response.status_code == 200:
            change = state.reactions.add if wanted else state.reactions.discard
            change((person.id, emoji))
        elif not (state.deleted or self._was_out(sent.chat, person)):
            self.ledger.wrongs.append(f"a reaction was refused: {response.text}")

    async def take_out(self, chat: str, person: Client, *, ban: bool) -> None:
        owner = self.people[0]
        self.ever_out.add((chat, person.id))
        path = f"/v1/chats/{chat}/{'bans' if ban else 'members'}/{person.id}"
        response = await answered(lambda: owner.put(path) if ban else owner.delete(path))
        # The first of several tries may have been the one that did it.
        assert response.status_code in {204, 404}, response.text
        self.members[chat].remove(person)
        if ban:
            self.banned.add((chat, person.id))

    async def take_in(self, chat: str, person: Client) -> None:
        owner = self.people[0]
        if (chat, person.id) in self.banned:
            path = f"/v1/chats/{chat}/bans/{person.id}"
            response = await answered(lambda: owner.delete(path))
            assert response.status_code == 204, response.text
            self.banned.discard((chat, person.id))
        response = await answered(lambda: owner.post(f"/v1/chats/{chat}/members", {"user_ids": [person.id]}))
        assert (response.status_code, response.json()["refused"]) == (200, []), response.text
        self.members[chat].append(person)

    def _was_out(self, chat: str, person: Client) -> bool:
        return (chat, person.id) in self.ever_out

    # What befalls everybody.

    async def amid(self, accident: str | None, *work: Coroutine[Any, Any, None]) -> None:
        """Let ``work`` meet an accident."""
        doing = [asyncio.create_task(one) for one in work]
        if accident is not None:
            await asyncio.sleep(random.uniform(0, 0.02))
            await self.befall(accident)
        await asyncio.gather(*doing)

    async def befall(self, accident: str) -> None:
        if accident == "messenger":
            await self.stage.kill_messenger()
            await self.stage.start_messenger()
        else:
            await self.stage.restart_database(accident)

    # The end: everything that can be delivered is.

    async def settle(self) -> None:
        """Nobody is disturbed any more: what waits is sent again, and who is connected hears everything."""
        for device in self.devices:
            device.read_on()
        await self._until("everything that was sent is answered", self._send_again)
        await self._until("whoever is connected has everything", self._everybody_has_everything)
        for device in self.devices:
            await device.go_offline()
            await device.go_online()
        await self._until("whoever comes back gets everything", self._everybody_has_everything)

    async def _send_again(self) -> bool:
        waiting = [sent for sent in self.ledger.sent.values() if sent.waiting]
        for person in self.people:
            mine = [device for device in self.devices if device.person is person]
            device = next((one for one in mine if one.online), mine[0])
            await device.go_online()
            for sent in [one for one in waiting if one.sender_id == person.id][:_MOST_UNACKNOWLEDGED]:
                await device.give(sent.frame())
        if waiting:
            await asyncio.sleep(0.05)
        return not waiting

    async def _everybody_has_everything(self) -> bool:
        there = {chat["id"]: (chat["last_seq"], chat["last_change"]) for chat in await self.people[0].get("/v1/chats")}
        self.behind = [
            (device.name, chat, device.up_to_date, chat in device.left, device.held.get(chat), there[chat])
            for device in self.devices
            for chat in self.chats
            if device.online and device.person in self.members[chat] and not _is_at(device.held.get(chat), there[chat])
        ]
        if self.behind:
            await asyncio.sleep(0.02)
        return not self.behind

    async def _until(self, what: str, holds: Any) -> None:
        deadline = monotonic() + _SETTLING_SECONDS
        while not await holds():
            assert monotonic() < deadline, f"not after {_SETTLING_SECONDS:.0f} s: {what}\n{self._describe()}"

    def _describe(self) -> str:
        waiting = [sent.frame()[:200] for sent in self.ledger.sent.values() if sent.waiting]
        places = {
            device.name: (
                device.online,
                device.closed_with[-5:],
                [(held.head, held.change) for held in device.held.values()],
            )
            for device in self.devices
        }
        found = (waiting[:3], self.behind, places, self.ledger.wrongs, self.stage.last_log_lines(10))
        return f"{len(waiting)} waiting\n" + "\n".join(map(str, found))

    async def end(self) -> None:
        for device in self.devices:
            await device.break_off()


def _is_at(held: Held | None, there: tuple[int, int]) -> bool:
    seq, change = there
    return (held.head >= seq and held.change >= change) if held is not None else seq == 0


def _path(sent: Sent) -> str:
    return f"/v1/chats/{sent.chat}/messages/{sent.message_id}"
