"""Self-contained HTML pages: markup into which text only gets escaped, and the page around it."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import LiteralString


class Html(str):
    """Markup that goes into a page as it is. Only ``markup`` makes it."""

    __slots__ = ()


def markup(template: LiteralString, /, **values: object) -> Html:
    """``template`` with ``{name}`` replaced: markup stays, lists are joined, everything else is escaped."""
    return Html(template.format(**{name: _safe(value) for name, value in values.items()}))


def _safe(value: object) -> str:
    if isinstance(value, Html):
        return str(value)
    if isinstance(value, list | tuple):
        return "".join(_safe(one) for one in value)
    return escape("" if value is None else str(value))


def page(title: str, body: Html) -> str:
    """A whole document around ``body``, with the design language's tokens, light and dark, and nothing to fetch."""
    shell = Template(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    return shell.substitute(title=escape(title), body=str(body))


def section(title: str, *content: Html, note: str = "") -> Html:
    """A titled card."""
    about = markup('<p class="note">{note}</p>', note=note) if note else Html()
    return markup("<section><h2>{title}</h2>{about}{content}</section>\n", title=title, about=about, content=content)


def pair(*sections: Html) -> Html:
    """Small cards beside each other where there is room."""
    return markup('<div class="pair">{sections}</div>\n', sections=sections)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> Html:
    """A table that scrolls by itself where the window is narrow. ``numbers``: the columns to align at the right."""
    kinds = [Html(' class="n"') if column in numbers else Html() for column in columns]
    head = [markup("<th{kind}>{cell}</th>", kind=kind, cell=cell) for kind, cell in zip(kinds, columns, strict=True)]
    lines = [
        markup("<tr>{cells}</tr>\n", cells=[
            markup("<td{kind}>{cell}</td>", kind=kind, cell=cell) for kind, cell in zip(kinds, row, strict=True)
        ])
        for row in rows
    ]  # fmt: skip
    return markup(
        '<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>',
        head=head,
        lines=lines,
    )


def status(good: bool | None, text: str) -> Html:
    """A word with a sign: never by colour alone. None: not known."""
    sign, kind = {True: ("✓", "ok"), False: ("✕", "bad"), None: ("–", "unknown")}[good]
    return markup('<span class="status {kind}"><b>{sign}</b> {text}</span>', kind=kind, sign=sign, text=text)


def bullets(lines: Sequence[str], *, shown: int = 50) -> Html:
    """A list of sentences, cut where it would bury everything else."""
    items = [markup("<li>{line}</li>", line=line) for line in lines[:shown]]
    if len(lines) > shown:
        items.append(markup("<li>and {rest} more</li>", rest=f"{len(lines) - shown:,}"))
    return markup("<ul>{items}</ul>", items=items)
