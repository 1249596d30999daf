"""Whether everybody holds what the others were told was sent."""

from collections import defaultdict
from collections.abc import Sequence

from cyphr.embedded.people.person import Person
from cyphr.embedded.people.record import MessageSent, Record


def missing_messages(record: Record, people: Sequence[Person]) -> list[str]:
    """A sentence for each person and chat where an acknowledged message is not held."""
    sentences = []
    for person, chat_id, messages in _expected(record, people):
        held = person.inbox.join(chat_id)
        missing = [message for message in messages if held.message_ids.get(message.seq) != message.message_id]
        if missing:
            seqs = sorted(message.seq for message in missing)
            sentences.append(f"{person.name} lacks seqs {seqs} of chat {chat_id}")
    return sentences


def delivery_problems(record: Record, people: Sequence[Person]) -> list[str]:
    """What is missing, has gaps, or is held twice, after everybody resumed for the last time."""
    sentences = [f"lost in delivery: {sentence}" for sentence in missing_messages(record, people)]
    for person in people:
        for chat_id, held in person.inbox.chats.items():
            if held.has_gap:
                missing = sorted(set(range(1, held.highest + 1)) - set(held.message_ids))
                sentences.append(f"gap: {person.name} never got seqs {missing} of chat {chat_id}")
            if len(set(held.message_ids.values())) < len(held.message_ids):
                sentences.append(f"doubled: {person.name} holds a message of chat {chat_id} at two seqs")
    return sentences


def _expected(record: Record, people: Sequence[Person]) -> list[tuple[Person, str, list[MessageSent]]]:
    by_chat: dict[str, list[MessageSent]] = defaultdict(list)
    for message in record.messages.values():
        by_chat[message.chat_id].append(message)
    by_id = {person.identity.user_id: person for person in people}
    return [
        (by_id[user_id], chat_id, messages)
        for chat_id, messages in by_chat.items()
        for user_id in record.chats[chat_id].member_ids
        if user_id in by_id
    ]
