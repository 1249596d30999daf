"""Named SQL, kept in ``.sql`` files beside the code that calls it.

A file holds blocks::

    -- name: find_chat
    -- Why this query exists, for the reader.
    select … where id = %(chat_id)s;

``load_queries(__package__)`` gives an object with one attribute per block.
"""

import re
from importlib.resources import files
from typing import LiteralString

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


_names: dict[str, str] = {}


class Queries:
    """The named queries of one file, as attributes. An unknown name raises AttributeError."""

    def __init__(self, text: str, origin: str) -> None:
        self._origin = origin
        parts = _NAME.split(text)
        self._queries = {name: _without_comments(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
        if len(self._queries) != len(parts) // 2:
            raise ValueError(f"{origin}: a query name is used twice")
        _names.update((query, f"{origin}:{name}") for name, query in self._queries.items())

    def __getattr__(self, name: str) -> LiteralString:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"{self._origin} has no query named {name!r}") from None

    def names(self) -> list[str]:
        """All query names, in the order of the file."""
        return list(self._queries)


def name_of(query: LiteralString) -> str:
    """Where a query of a ``.sql`` file stands, ``package/file:name``; the beginning of any other."""
    return _names.get(query) or " ".join(query.split())[:80]


def load_queries(package: str, file: str = "queries.sql") -> Queries:
    """Read ``file`` from ``package``'s folder."""
    return Queries(read_sql(package, file), f"{package}/{file}")


def read_sql(package: str, file: str) -> LiteralString:
    """The whole text of one ``.sql`` file of ``package``."""
    return files(package).joinpath(file).read_text(encoding="utf-8")


def _without_comments(body: str) -> str:
    lines = [line for line in body.strip().splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")
