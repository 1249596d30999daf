#!/usr/bin/env python3
"""Writes the pages of docs/reference on settings, errors, commands, events and checks; scripts/generate.py does too.

scripts/reference.py            write them
scripts/reference.py --check    write nothing; exit code 1 when one of them is not what it would be
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from cyphr.cli import main as command_line
from cyphr.foundation import errors
from cyphr.foundation.errors import CyphrError
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.frames import ServerFrame, schema
from cyphr.messenger.problems import STATUS
from cyphr.messenger.realtime import connections
from cyphr.messenger.realtime.models import LARGEST_FRAME, Frame
from cyphr.migrate.preflight.checks import CHECKS
from cyphr.migrate.settings import MigrationSettings

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/reference"

_MADE = "<!-- Made by scripts/reference.py from the code; do not edit. -->"
_BRANCH = re.compile(r"[├└]── (?P<name>\w+) +(?P<meaning>\S.*)")


def pages() -> dict[Path, str]:
    """Every page by its path."""
    made = {"settings": settings(), "errors": error_tree(), "cli": commands(), "events": events(),
            "preflight": checks()}  # fmt: skip
    written = {FOLDER / f"{name}.md": text for name, text in made.items()}
    return {**written, FOLDER / "frames.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"}


def settings() -> str:
    """Every setting of the messenger and of the migration."""
    return _page(
        "Settings",
        "A setting of an optional section is required once anything of that section is given. There is no default for"
        " any secret; a password is given in exactly one of two ways, and a file is better.",
        "## The messenger: environment variables",
        _first_line(MessengerSettings),
        _table(("setting", "environment variable", "type", "default", "meaning"), _variables()),
        "## The migration: `migration.toml`",
        f"{_first_line(MigrationSettings)} A dot is a section: `aws_database.host` is `host` under `[aws_database]`.",
        _table(
            ("key", "type", "default", "meaning"),
            ((f"`{'.'.join(path)}`", *_described(field)) for path, field in fields(MigrationSettings)),
        ),
    )


def _variables() -> Iterator[Sequence[str]]:
    for path, field in fields(MessengerSettings):
        yield f"`{'.'.join(path)}`", f"`CYPHR_{'__'.join(path).upper()}`", *_described(field)


def fields(model: type[BaseModel], *above: str) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every field that holds a value, with the names that lead to it."""
    for name, field in model.model_fields.items():
        section = _section(field)
        if section is None:
            yield (*above, name), field
        else:
            yield from fields(section, *above, name)


def _section(field: FieldInfo) -> type[BaseModel] | None:
    each = [one for kind in _alternatives(field.annotation) for one in (get_args(kind) or [kind])]  # list[Section], too
    kinds = [kind for kind in each if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return kinds[0] if kinds else None


def _described(field: FieldInfo) -> tuple[str, str, str]:
    default = "required" if field.is_required() else "–" if field.default is None else f"`{field.default}`"
    return _type(field.annotation), default, (field.description or "").replace("``", "`")


def error_tree() -> str:
    """Every error, with what the messenger answers."""
    return _page(
        "Errors",
        "`code` is stable. Over HTTP it stands in the answer's problem+json (RFC 9457), over the WebSocket in an"
        " [`error`](events.md) frame; a command prints `error (code) message` and ends with the exit code. *Retryable*:"
        " the same call may succeed later unchanged. An error without a status is not the messenger's to raise (it"
        " would answer 500).",
        _table(
            ("code", "HTTP status", "exit code", "retryable", "meaning"), (_error(*each) for each in drawn_errors())
        ),
    )


def drawn_errors() -> Iterator[tuple[type[CyphrError], str]]:
    """Every error and its meaning, as the docstring of the tree has them."""
    yield CyphrError, "none of those below; the message says what"
    for branch in _BRANCH.finditer(errors.__doc__ or ""):
        yield getattr(errors, branch["name"]), branch["meaning"]


def _error(error: type[CyphrError], meaning: str) -> Sequence[str]:
    status = STATUS.get(error)
    answered = f"{status.value} {status.phrase}" if status else "500" if error is CyphrError else "–"
    own = "" if error is CyphrError or not error.__doc__ else f". {' '.join(error.__doc__.split())}"
    code = str(command_line.EXIT_CODES.get(error, 1))
    return f"`{error.code}`", answered, code, "yes" if error.retryable else "no", (meaning + own).replace("``", "`")


def commands() -> str:
    """Every command, argument and option."""
    codes = (command_line.__doc__ or "").partition("Exit codes:")[2]
    lines = re.findall(r"^    (\d+) +(\S.*(?:\n {9}.*)*)", codes, re.MULTILINE)
    sections = [part for path, command in all_commands() for part in _command(path, command)]
    return _page(
        "The command line",
        "`cyphr`, or `uv run cyphr` from a checkout. `--help` after any command says what is here.",
        *sections,
        "## Exit codes",
        _table(("code", "meaning"), ((code, " ".join(text.replace("``", "`").split())) for code, text in lines)),
    )


def all_commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words that call it."""
    group: Any = typer.main.get_command(command_line.app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            if parameters(command):
                yield name, command
            yield from ((f"{name} {each}", inner[each]) for each in command.list_commands(None))


def parameters(command: Any) -> list[Any]:
    """What a command is given: arguments and options of its own."""
    return [one for one in command.params if one.expose_value]


def _command(path: str, command: Any) -> Iterator[str]:
    own = parameters(command)
    places = " ".join(
        (one.metavar or one.name.upper()) if one.required else f"[{(one.metavar or one.name.upper())}]"
        for one in own
        if one.param_type_name == "argument"
    )
    yield f"## `cyphr {path}`"
    further = " COMMAND …" if hasattr(command, "commands") else ""
    yield f"`cyphr {path}{' ' + places if places else ''}{' [OPTIONS]' if own else ''}{further}`"
    yield " ".join((command.help or "").split())
    if own:
        yield _table(("argument or option", "type", "default", "meaning"), (_parameter(one) for one in own))


def _parameter(one: Any) -> Sequence[str]:
    is_argument = one.param_type_name == "argument"
    name = (one.metavar or one.name.upper()) if is_argument else ", ".join(one.opts)
    kind = one.type_descriptor.annotation
    nothing = one.default is None or one.default == "" or one.is_flag if not is_argument else one.default is None
    default = "required" if one.required else "–" if nothing else f"`{one.default}`"
    limit = "" if one.min is None else f", at least {one.min}"
    return f"`{name}`", "flag" if not is_argument and one.is_flag else _type(kind) + limit, default, one.help or ""


def events() -> str:
    """Every frame of the WebSocket."""
    return _page(
        "Events of the WebSocket",
        "`/v1/ws`, or where `GET /v1/addresses` says. Every frame is one JSON object: `v` (1), `t` (the type), and the"
        " members below, all of them in [frames.schema.json](frames.schema.json); `id` is the client's"
        f" own UUID, `chat` a chat's, `d` the rest. A frame of a client is at most {LARGEST_FRAME:,} bytes; its token"
        " stands in the first frame, never in the URL.",
        "## From the client",
        _table(("type", "members", "meaning"), (row for frame in frames(Frame) for row in _frame(frame))),
        "## From the server",
        _table(("type", "members", "meaning"), (row for frame in frames(ServerFrame) for row in _frame(frame))),
        "## Close codes",
        _table(
            ("code", "meaning"),
            (
                (f"{connections.NOT_AUTHENTICATED}", "Not signed in: no `hello` in time, or the session has ended."),
                (f"{connections.TOO_BIG}", "A frame was larger than it may be."),
                (f"{connections.TRY_AGAIN}", "Try again, and resume from what you hold."),
            ),
        ),
    )


def frames(union: Any) -> Sequence[type[BaseModel]]:
    """The models of what one side may send."""
    models: Sequence[type[BaseModel]] = get_args(get_args(union)[0])
    return models


def _frame(frame: type[BaseModel]) -> Iterator[Sequence[str]]:
    members = []
    for name, field in frame.model_fields.items():
        body = _section(field)
        if body is not None:
            members += [_member(f"d.{each}", one) for each, one in body.model_fields.items()]
        elif name not in ("v", "t"):
            members.append(_member(field.alias or name, field))
    for name in get_args(frame.model_fields["t"].annotation):
        yield f"`{name}`", ", ".join(members), " ".join((frame.__doc__ or "").split()).replace("``", "`")


def _member(name: str, field: FieldInfo) -> str:
    return f"`{name}`" if field.is_required() else f"`{name}`?"


def checks() -> str:
    """Every check before a migration."""
    return _page(
        "Preflight",
        "`cyphr migrate check` looks at all of this and changes nothing; `cyphr migrate start` does so too, before it"
        " begins. A *failure* stops the start. A *warning* stops it until `--accept NAME` says that somebody has read"
        " it; that is kept in the journal. The level is the gravest that a check answers with.",
        _table(
            ("check", "level", "why it matters", "what to do"),
            ((f"`{one.name}`", one.worst.value, one.why, one.mend) for one in CHECKS),
        ),
    )


def _alternatives(kind: Any) -> list[Any]:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        return [one for each in get_args(kind) if each is not NoneType for one in _alternatives(each)]
    return [kind]


def _type(kind: Any) -> str:
    names = {str: "text", SecretStr: "secret", Path: "path", int: "whole number", float: "number", bool: "yes or no",
             UUID: "UUID"}  # fmt: skip
    words: list[str] = []
    for one in _alternatives(kind):
        if get_origin(one) is tuple:
            words.append(f"list of {_type(get_args(one)[0])}")
        elif get_origin(one) is Literal:
            words += [f"`{value}`" for value in get_args(one)]
        elif get_origin(one) is list:
            words.append(f"list of {_type(get_args(one)[0])}")
        elif isinstance(one, type) and issubclass(one, Enum):
            words += [f"`{value.value}`" for value in one]
        else:
            words.append(names[one])
    return " or ".join(words)


def _first_line(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split()).replace("``", "`")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _MADE, *parts]) + "\n"


def main() -> int:
    """Write what is out of date, or say so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        print(f"{path.relative_to(ROOT)} {'is out of date: run scripts/reference.py' if check else 'written'}")
        if not check:
            path.write_text(text)
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
