"""Looks up in a database everything that simulated people got an acknowledgement for."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg import AsyncConnection
from psycopg.rows import class_row

from cyphr.embedded.people.record import Record
from cyphr.foundation.queries import load_queries

_QUERIES = load_queries(__package__)
_R = TypeVar("_R")


@dataclass(frozen=True)
class Audit:
    """What an audit found. Each finding is a sentence."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged, but not there."""
    doubled: list[str] = field(default_factory=list)
    """There more often than it was sent."""
    wrong: list[str] = field(default_factory=list)
    """There, but not as it was acknowledged."""
    looked_up: int = 0
    """How many acknowledged things were looked for."""

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


@dataclass(frozen=True)
class _Message:
    id: str
    chat_id: str
    sender_id: str
    client_id: str | None
    seq: int | None
    sha256: str


@dataclass(frozen=True)
class _Chat:
    id: str
    type: str
    last_seq: int


@dataclass(frozen=True)
class _Member:
    chat_id: str
    user_id: str
    received_seq: int
    read_seq: int


@dataclass(frozen=True)
class _Account:
    id: str
    cyphr_id: str | None
    full_name: str
    avatar_url: str | None
    pin_hash: str | None
    email: str | None


async def audit(record: Record, connection: AsyncConnection[Any]) -> Audit:
    """Compare ``record`` with the database behind ``connection``, as a role that sees every row (the owner).

    One snapshot is read. Rows of people and chats that are not in the record are left alone.
    """
    parameters = {"user_ids": list(record.accounts), "chat_ids": list(record.chats)}
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        messages = await _fetch(connection, _Message, _QUERIES.find_messages, parameters)
        chats = await _fetch(connection, _Chat, _QUERIES.find_chats, parameters)
        members = await _fetch(connection, _Member, _QUERIES.find_members, parameters)
        accounts = await _fetch(connection, _Account, _QUERIES.find_accounts, parameters)
    looked_up = len(record.messages) + len(record.chats) + len(record.watermarks) + len(record.accounts)
    result = Audit(looked_up=looked_up + len(record.avatars) + len(record.pin_changes))
    _compare_messages(record, messages, result)
    _compare_seqs(messages, chats, result)
    _compare_chats(record, chats, members, result)
    _compare_accounts(record, accounts, result)
    await asyncio.to_thread(_compare_pins, record, accounts, result)
    return result


async def _fetch(
    connection: AsyncConnection[Any], model: type[_R], query: LiteralString, parameters: dict[str, list[str]]
) -> list[_R]:
    async with connection.cursor(row_factory=class_row(model)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


def _compare_messages(record: Record, rows: Sequence[_Message], result: Audit) -> None:
    by_client_id: dict[tuple[str, str | None], list[_Message]] = defaultdict(list)
    for row in rows:
        by_client_id[row.sender_id, row.client_id].append(row)
    for sent in record.messages.values():
        found = by_client_id.pop((sent.sender_id, sent.client_id), [])
        wanted = _Message(sent.message_id, sent.chat_id, sent.sender_id, sent.client_id, sent.seq, sent.sha256)
        if not found:
            result.lost.append(f"message {sent.client_id} (seq {sent.seq} of chat {sent.chat_id}) is not there")
        elif len(found) > 1:
            result.doubled.append(f"message {sent.client_id} is there {len(found)} times: {found}")
        elif found[0] != wanted:
            result.wrong.append(f"message {sent.client_id} is {found[0]}, but was acknowledged as {wanted}")
    maybe = set(record.unacknowledged)
    for (sender_id, client_id), found in by_client_id.items():
        if sender_id in record.accounts and client_id not in maybe:
            result.doubled.append(f"nobody sent {found}")


def _compare_seqs(rows: Sequence[_Message], chats: Sequence[_Chat], result: Audit) -> None:
    seqs: dict[str, list[int | None]] = defaultdict(list)
    for row in rows:
        seqs[row.chat_id].append(row.seq)
    result.doubled.extend(f"message id {id_} is there twice" for id_ in _repeated(row.id for row in rows))
    for chat in chats:
        held = seqs[chat.id]
        result.doubled.extend(f"seq {seq} of chat {chat.id} is there twice" for seq in _repeated(held))
        if set(held) != set(range(1, chat.last_seq + 1)):
            missing = sorted(set(range(1, chat.last_seq + 1)) - set(held))
            extra = sorted(str(seq) for seq in set(held) - set(range(1, chat.last_seq + 1)))
            result.wrong.append(
                f"chat {chat.id} should hold seqs 1 to {chat.last_seq}: missing {missing}, beyond {extra}"
            )


def _compare_chats(record: Record, chats: Sequence[_Chat], members: Sequence[_Member], result: Audit) -> None:
    types = {chat.id: chat.type for chat in chats}
    by_key = {(member.user_id, member.chat_id): member for member in members}
    for made in record.chats.values():
        if made.id not in types:
            result.lost.append(f"chat {made.id} ({made.type}) is not there")
            continue
        if types[made.id] != made.type:
            result.wrong.append(f"chat {made.id} is {types[made.id]}, but was made {made.type}")
        for user_id in made.member_ids:
            if (user_id, made.id) not in by_key:
                result.lost.append(f"{user_id} is no member of chat {made.id}")
    for mark in record.watermarks.values():
        member = by_key.get((mark.user_id, mark.chat_id))
        if member is not None and (member.received_seq < mark.received_seq or member.read_seq < mark.read_seq):
            result.wrong.append(f"{member} is behind what was acknowledged: {mark}")


def _compare_accounts(record: Record, accounts: Sequence[_Account], result: Audit) -> None:
    by_id = {account.id: account for account in accounts}
    for wanted in record.accounts.values():
        found = by_id.get(wanted.user_id)
        if found is None:
            result.lost.append(f"account {wanted.user_id} ({wanted.email}) is not there")
        elif (found.cyphr_id, found.full_name, found.email) != (wanted.cyphr_id, wanted.full_name, wanted.email):
            result.wrong.append(
                f"account {found.id} is {found.full_name!r}, {found.cyphr_id}, {found.email}; it was acknowledged as "
                f"{wanted.full_name!r}, {wanted.cyphr_id}, {wanted.email}"
            )
    for avatar in record.avatars.values():
        found = by_id.get(avatar.user_id)
        # The address before the object's name changes with the side that files stand on.
        if found is None or avatar.user_id in record.uncertain_avatars:
            continue
        if (found.avatar_url or "").rpartition("/")[2] != avatar.url.rpartition("/")[2]:
            result.wrong.append(f"the avatar of {avatar.user_id} is {found.avatar_url}, acknowledged was {avatar.url}")


def _compare_pins(record: Record, accounts: Sequence[_Account], result: Audit) -> None:
    """The last PIN of everybody who changed it. Slow on purpose (argon2), so nobody else's."""
    hashes, hasher = {account.id: account.pin_hash for account in accounts}, PasswordHasher()
    for user_id in sorted({change.user_id for change in record.pin_changes} & set(hashes)):
        pin = record.accounts[user_id].pin
        if pin is None:
            continue
        try:
            hasher.verify(hashes[user_id] or "", pin)
        except (VerificationError, InvalidHashError):
            result.wrong.append(f"the last PIN of {user_id} does not fit the hash that is there")


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
