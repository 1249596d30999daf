"""What text people may write: visible, with directions that end where it ends, measured as JavaScript does."""

import re

# Characters that show nothing: zero-width ones, marks and isolates of direction, fillers, tags, variation selectors.
_INVISIBLE = (
    r"\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(rf"[^{_INVISIBLE}\x00-\x1f\x7f-\x9f]")
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069\n\u2029]")
_ENDS_EMBEDDING = "\u202c"
_ENDS_ISOLATE = "\u2069"
_DEEPEST = 16


def visible(text: str) -> bool:
    """Whether there is anything to see in it."""
    return _VISIBLE.search(text) is not None


def with_closed_directions(text: str) -> str:
    """The text with every change of direction closed, so that nothing after it is turned round.

    Raises ValueError when they are nested deeper than any writer needs.
    """
    if _DIRECTION.search(text) is None:
        return text
    open_ones: list[str] = []
    for match in _DIRECTION.finditer(text):
        character = match.group()
        if character in "\n\u2029":  # a paragraph ends them by itself
            open_ones.clear()
        elif character == _ENDS_EMBEDDING:
            if open_ones and open_ones[-1] == _ENDS_EMBEDDING:
                open_ones.pop()
        elif character == _ENDS_ISOLATE:
            if _ENDS_ISOLATE in open_ones:
                while open_ones.pop() != _ENDS_ISOLATE:
                    pass
        else:
            open_ones.append(_ENDS_ISOLATE if character >= "\u2066" else _ENDS_EMBEDDING)
        if len(open_ones) > _DEEPEST:
            raise ValueError(f"must not nest changes of direction more than {_DEEPEST} deep")
    return text + "".join(reversed(open_ones))


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
