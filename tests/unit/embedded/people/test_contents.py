"""What people write is hard to carry, and possible."""

import json
import random
import struct
import zlib

from cyphr.embedded.people import contents


def test_texts_fit_a_frame_and_a_text_column() -> None:
    dice = random.Random(1)
    for _ in range(2000):
        text = contents.text(dice)
        assert text.strip()
        assert "\x00" not in text
        assert len(json.dumps(text, ensure_ascii=False).encode()) < 20_000
        assert json.loads(json.dumps(text, ensure_ascii=False).encode()) == text


def test_texts_are_short_and_long_and_of_many_scripts() -> None:
    dice = random.Random(1)
    texts = [contents.text(dice) for _ in range(500)]
    assert min(map(len, texts)) < 10
    assert max(map(len, texts)) > 1000
    together = "".join(texts)
    assert all(wanted in together for wanted in ("п", "🚲", "\n", '"', "'", "\\", "\u202e"))
    assert max(together) > "\U00010000"


def test_a_picture_is_a_png_unlike_the_one_before() -> None:
    dice = random.Random(1)
    first, second = contents.picture(dice), contents.picture(dice)
    assert first != second
    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    length, kind = struct.unpack(">I4s", first[8:16])
    assert (length, kind) == (13, b"IHDR")
    assert struct.unpack(">I", first[29:33]) == (zlib.crc32(first[12:29]),)


def test_two_hundred_people_have_names_of_their_own() -> None:
    assert len({contents.full_name(index) for index in range(200)}) == 200
