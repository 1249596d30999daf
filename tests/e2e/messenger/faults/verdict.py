"""What must be true at the end of a journey, whatever happened on the way."""

import json
from typing import Any

from tests.e2e.messenger.client import Client
from tests.e2e.messenger.faults.device import Device
from tests.e2e.messenger.faults.journey import Journey

Message = dict[str, Any]


async def wrongs(journey: Journey) -> list[str]:
    """Everything that is not as it was acknowledged."""
    found = list(journey.ledger.wrongs)
    for chat in journey.chats:
        history = await _history(journey.people[0], chat)
        found += [f"{chat}: {wrong}" for wrong in _wrongs_of_history(journey, chat, history)]
        for device in journey.devices:
            found += [f"{device.name}, {chat}: {wrong}" for wrong in _wrongs_of_device(journey, device, chat, history)]
        found += [f"{chat}: {wrong}" for wrong in await _wrongs_of_watermarks(journey, chat, len(history))]
    return found


async def _history(person: Client, chat: str) -> list[Message]:
    messages: list[Message] = []
    more = True
    while more:
        after = messages[-1]["seq"] if messages else 0
        page = await person.get(f"/v1/chats/{chat}/messages", after=after, limit=200)
        messages += page["messages"]
        more = page["more"]
    return messages


def _wrongs_of_history(journey: Journey, chat: str, history: list[Message]) -> list[str]:
    """Against what its senders were told: every acknowledged message once, the others at most once."""
    wrongs = []
    if [message["seq"] for message in history] != list(range(1, len(history) + 1)):
        wrongs.append("its numbers have gaps")
    by_client_id: dict[str, Message] = {}
    for message in history:
        if message["message_type"] == "notice":
            continue
        if message["client_id"] in by_client_id:
            wrongs.append(f"{message['client_id']} was stored twice")
        if message["client_id"] not in journey.ledger.sent:
            wrongs.append(f"nobody sent {message['client_id']}")
        by_client_id[message["client_id"]] = message
    for sent in journey.ledger.sent.values():
        stored = by_client_id.get(sent.id)
        if sent.chat != chat:
            continue
        if sent.message_id is None:
            if sent.refused == "not_found" and (chat, sent.sender_id) not in journey.ever_out:
                wrongs.append(f"{sent.id} of a member was refused")
        elif stored is None or (stored["seq"], stored["id"]) != (sent.seq, sent.message_id):
            wrongs.append(f"{sent.id} was acknowledged as {sent.seq} and is {stored and stored['seq']}")
        elif difference := journey.ledger.states[sent.message_id].differs_from(stored):
            wrongs.append(f"{sent.seq} has {difference}")
    return wrongs


def _wrongs_of_device(journey: Journey, device: Device, chat: str, history: list[Message]) -> list[str]:
    """It holds what its person may read, as it is; nothing of the time when they were out."""
    held = device.held.get(chat)
    out = _times_out(history, device.person.id)
    is_member = device.person in journey.members[chat]
    may_read = [message for message in history if not any(first < message["seq"] < end for first, end in out)]
    # Who came in again need not be given what was before that.
    joined = out[-1][1] if out and is_member else 0
    mine = held.messages if held is not None else {}
    wrongs = [f"it has {seq}, of a time out of the chat" for seq in set(mine) - {one["seq"] for one in may_read}]
    for message in history:
        known = mine.get(message["seq"])
        if known is not None and known["id"] != message["id"]:
            wrongs.append(f"{message['seq']} is another message")
        if not is_member or message["seq"] <= joined:
            continue
        if known is None:
            wrongs.append(f"{message['seq']} is missing")
        elif known["message_type"] == "text" and (known["content"], _reactions(known)) != (
            message["content"],
            _reactions(message),
        ):
            wrongs.append(f"{message['seq']} is as it was before")
    return wrongs


def _times_out(history: list[Message], user_id: str) -> list[tuple[float, float]]:
    """The places between which somebody was not in the chat, as its notices tell."""
    times: list[tuple[float, float]] = []
    for message in history:
        notice = json.loads(message["content"]) if message["message_type"] == "notice" else {}
        if user_id not in notice.get("user_ids", []):
            continue
        if notice["event"] in {"member_removed", "member_banned", "member_left"}:
            times.append((message["seq"], float("inf")))
        elif notice["event"] in {"member_added", "member_joined"}:
            times[-1] = (times[-1][0], message["seq"])
    return times


def _reactions(message: Message) -> set[tuple[str, str]]:
    return {(user_id, one["emoji"]) for one in message["reactions"] for user_id in one["user_ids"]}


async def _wrongs_of_watermarks(journey: Journey, chat: str, last_seq: int) -> list[str]:
    listed = next(one for one in await journey.people[0].get("/v1/chats") if one["id"] == chat)
    wrongs = []
    for member in listed["members"]:
        received, read = (journey.ledger.raised.get((member["user_id"], chat, kind), 0) for kind in ("recv", "read"))
        if not (max(received, read) <= member["received_seq"] <= last_seq and read <= member["read_seq"] <= last_seq):
            wrongs.append(f"{member['user_id']} marked {received}, {read} and has {member}")
    return wrongs
