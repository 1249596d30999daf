"""What text people may write: visible, measured as JavaScript does; and what is one emoji."""

import re

# Characters that show nothing: zero-width ones, marks and isolates of direction, fillers, tags, variation selectors.
_INVISIBLE = (
    r"\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(rf"[^{_INVISIBLE}\x00-\x1f\x7f-\x9f]")


def visible(text: str) -> bool:
    """Whether there is anything to see in it."""
    return _VISIBLE.search(text) is not None


def utf16_length(text: str) -> int:
    """The length as JavaScript counts: characters beyond U+FFFF are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def as_reaction(text: str) -> str:
    """The one emoji that this is, in its fully qualified form. Raises ValueError when it is anything else."""
    # Here, because reading its table takes longer than importing everything else of this package.
    import emoji

    if not emoji.is_emoji(text):
        raise ValueError("must be exactly one emoji")
    return emoji.emojize(emoji.demojize(text))
