"""What simulated people are called, what they write and what they look like: varied enough to break careless code."""

import random
import struct
import zlib

_FIRST = [
    "Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл",
    "Laura", "Marc-André", "Nora", "Oisín", "Paula", "Quentin", "Renée", "Søren", "Tomás", "Ursula",
]  # fmt: skip
_LAST = ["Иванова", "Петренко", "O'Brien", "von der Leyen", "Çelik", "Nguyễn", "Щербаков", "Müller", "Björk", "李"]

_PHRASES = [
    "привет", "как дела?", "on my way 🚲", "ок", "Ёлки-палки!", "see you at 19:30", "«в кавычках»",
    "\"double\" 'single'",
    "back\\slash", "line one\nline two\r\n\tand a tab", "👨‍👩‍👧‍👦 семья", "🇺🇦🇩🇪", "e\u0301 is not é", "100%",
    "%s %(name)s {x}", "'; drop table messages; --", "<b>not bold</b> &amp;", "مرحبا \u202eabc", "zero\u200bwidth",
    "日本語テキスト", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "null", "\\u0000", "\u0001\u001f\u007f\u0085\u2028\ufeff\ufffd", "  spaces around  ",
]  # fmt: skip


def full_name(index: int) -> str:
    """The name of the person with this number; repeats after 200."""
    return f"{_FIRST[index % len(_FIRST)]} {_LAST[(index // len(_FIRST) + index) % len(_LAST)]}"


def text(dice: random.Random) -> str:
    """A message: mostly a few words, sometimes long (up to 4,000 characters), sometimes any Unicode but NUL."""
    kind = dice.random()
    if kind < 0.80:
        return " ".join(dice.choices(_PHRASES, k=dice.randint(1, 6)))
    if kind < 0.97:
        # Something is to be seen of it, or it would be refused as empty.
        return "".join(_any_character(dice) for _ in range(dice.randint(1, 60))) + "."
    return "\n".join(dice.choices(_PHRASES, k=400))[: dice.randint(1000, 4000)]


def picture(dice: random.Random) -> bytes:
    """A PNG of 8 × 8 pixels in colours of its own."""
    rows = b"".join(b"\x00" + dice.randbytes(8 * 3) for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _any_character(dice: random.Random) -> str:
    # Half of them from the planes in use; no surrogate (not a character), no NUL (PostgreSQL's text has none).
    code = dice.randint(0x21, 0x2FFF) if dice.random() < 0.5 else dice.randint(0x3000, 0x10FFFD)
    return "\ue000" if 0xD800 <= code <= 0xDFFF else chr(code)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
