"""What people may write, and what becomes of it."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cyphr.messenger.messages.models import Content, Emoji, Entity, Text
from cyphr.messenger.people.models import CyphrId
from cyphr.messenger.sessions.models import Email, Pin


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (Email, " Anna@Example.org ", "anna@example.org"),
        (Email, "a@b", "a@b"),
        (Pin, "0000", "0000"),
        (CyphrId, " @Anna.K-1 ", "@anna.k-1"),
        (Content, "Привет\n", "Привет\n"),
        (Content, "👨‍👩‍👧", "👨‍👩‍👧"),
        (Content, "שלום \u202ehi", "שלום \u202ehi"),
        (Emoji, "👍", "👍"),
        (Emoji, "❤", "❤️"),
        (Emoji, "👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        (Emoji, "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    ],
)
def test_it_is_taken(kind: Any, given: str, kept: str) -> None:
    assert TypeAdapter(kind).validate_python(given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Email, "anna"),
        (Email, "a@b@c"),
        (Email, "a b@c"),
        (Email, "аnna@example.org"),  # a Cyrillic а
        (Email, f"{'a' * 251}@b.c"),
        (Pin, "123"),
        (Pin, "1234567890123"),
        (Pin, "١٢٣٤"),
        (Pin, "1234\n"),
        (CyphrId, "anna"),
        (CyphrId, "@"),
        (CyphrId, "@an na"),
        (Content, ""),
        (Content, "a\x00"),
        (Content, " \n\t"),
        (Content, "\u200b\u200d\ufeff"),
        (Content, "\u2800\u3164\u00ad"),
        (Content, "\U000e0041\U000e007f"),
        (Content, "\u202e\u2066\u2069"),
        (Emoji, ""),
        (Emoji, "a"),
        (Emoji, "👍👍"),
        (Emoji, "👍\u200b"),
        (Emoji, "👨‍👩‍👧‍👦" * 9),
        (Content, "я" * 10_241),
        (Content, "\n" * 10_241),
    ],
)
def test_it_is_refused(kind: Any, given: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


def test_formatting_is_measured_in_utf16_units() -> None:
    two = Text(content="😀x", formatting=[Entity(kind="bold", start=2, length=1)])
    assert two.formatting[0].start == 2
    with pytest.raises(ValidationError, match="UTF-16"):
        Text(content="😀x", formatting=[Entity(kind="bold", start=2, length=2)])
