"""The documentation cannot drift: what is in the code is in docs/reference, and runbooks name only what there is."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from cyphr.cli.main import app
from cyphr.foundation import errors
from cyphr.foundation.errors import CyphrError
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.frames import ServerFrame
from cyphr.messenger.messages.postman import EventKind
from cyphr.messenger.realtime.models import Frame
from cyphr.migrate.preflight.checks import CHECKS
from cyphr.migrate.settings import MigrationSettings

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"
RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))


def _rows(page: str) -> list[list[str]]:
    lines = (REFERENCE / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]


def _names(model: type[BaseModel], *above: str) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if sections:
            yield from _names(sections[0], *above, name)
        else:
            yield (*above, name)


@cache
def _commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        inner = getattr(command, "commands", None)
        found.update({f"{name} {each}": inner[each] for each in inner or {}})
        if inner is None or any(parameter.expose_value for parameter in command.params):
            found[name] = command
    return found


def test_the_generated_pages_are_what_the_code_says() -> None:
    command = [sys.executable, "scripts/reference.py", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_setting_of_the_messenger_is_documented() -> None:
    documented = {row[1].strip("`") for row in _rows("settings.md")}
    assert {f"CYPHR_{'__'.join(path).upper()}" for path in _names(MessengerSettings)} <= documented


def test_every_setting_of_the_migration_is_documented() -> None:
    documented = {row[0].strip("`") for row in _rows("settings.md") if len(row) == 4}
    assert {".".join(path) for path in _names(MigrationSettings)} <= documented


def test_every_setting_error_command_option_and_event_says_what_it_is_for() -> None:
    for page in ("settings.md", "errors.md", "cli.md", "events.md", "preflight.md"):
        assert not [row[0] for row in _rows(page) if not row[-1].strip(" |")]


def test_every_check_is_documented() -> None:
    rows = _rows("preflight.md")
    assert [row[0].strip("`") for row in rows] == [check.name for check in CHECKS]
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_every_module_of_a_check_is_in_the_list() -> None:
    modules = (ROOT / "src/cyphr/migrate/preflight").glob("*.py")
    assert sum("\nCHECK = Check(" in module.read_text() for module in modules) == len(CHECKS)


def test_every_error_is_documented() -> None:
    there = {one.code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CyphrError)}
    assert {row[0].strip("`") for row in _rows("errors.md")} == there


@pytest.mark.parametrize("name", _commands())
def test_every_command_and_option_is_documented(name: str) -> None:
    sections = (REFERENCE / "cli.md").read_text().split("\n## ")
    section = next((each for each in sections if each.startswith(f"`cyphr {name}`\n")), "")
    assert section, f"cyphr {name} is not in cli.md"
    for parameter in _commands()[name].params:
        if parameter.expose_value:
            words = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar or parameter.name]
            assert all(word.lower() in section.lower() for word in words)


def test_every_frame_of_the_websocket_is_documented() -> None:
    documented = {row[0].strip("`") for row in _rows("events.md")}
    said = {t for frame in get_args(get_args(Frame)[0]) for t in get_args(frame.model_fields["t"].annotation)}
    sources = (ROOT / "src/cyphr/messenger").rglob("*.py")
    heard = {t for source in sources for t in re.findall(r'\bencode\(\s*"([a-z.]+)"', source.read_text())}
    assert "resume.done" in heard  # else the way in which frames are encoded has changed, and this test with it
    assert said | heard | {str(kind) for kind in EventKind} == documented


def test_every_frame_that_the_server_sends_has_a_model() -> None:
    models = {t for frame in get_args(get_args(ServerFrame)[0]) for t in get_args(frame.model_fields["t"].annotation)}
    sources = (ROOT / "src/cyphr/messenger").rglob("*.py")
    heard = {t for source in sources for t in re.findall(r'\bencode\(\s*"([a-z.]+)"', source.read_text())}
    assert heard | {str(kind) for kind in EventKind} == models


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_names_only_commands_options_errors_and_settings_that_exist(runbook: Path) -> None:
    text = runbook.read_text()
    commands = _commands()
    for line in re.findall(r"uv run cyphr ([^`\n]+)", text):
        words = line.split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in commands else words[0]
        assert name in commands, line
        known = {option for parameter in commands[name].params for option in parameter.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, line
    codes = {row[0].strip("`") for row in _rows("errors.md")}
    assert set(re.findall(r"error \((\w+)\)", text)) <= codes
    for target in re.findall(r"\]\(([^)#:]+)[)#]", text):
        assert (runbook.parent / target).exists(), target


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_goes_from_symptom_to_confirmation(runbook: Path) -> None:
    headings = re.findall(r"^## (\w+)", runbook.read_text(), re.MULTILINE)
    assert [each for each in headings if each in ("Symptom", "Check", "Act", "Confirm")] == [
        "Symptom", "Check", "Act", "Confirm",
    ]  # fmt: skip


# What PostgreSQL itself says, and what the migrator passes on.
_WORDS_OF_POSTGRESQL = {"replication slot", "does not exist", "can no longer get changes from replication slot"}


@cache
def _sentences() -> str:
    """Every string of the migration and of what it stands on, with a gap where a value goes."""
    found: list[str] = []
    for folder in ("migrate", "foundation"):
        for module in (ROOT / "src/cyphr" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    parts = (one.value if isinstance(one, ast.Constant) else " … " for one in node.values)
                    found.append("".join(str(part) for part in parts))
    return "\n".join(found)


@pytest.mark.parametrize("name", ["a-handover-was-refused", "following-stopped"])
def test_the_words_that_a_runbook_has_an_operator_look_for_are_said_by_the_program(name: str) -> None:
    act = (ROOT / f"docs/runbooks/{name}.md").read_text().partition("## Act")[2].partition("## Confirm")[0]
    paragraphs = [" ".join(each.split()) for each in act.split("\n\n")]
    heads = [each.partition(" — ")[0] for each in paragraphs if re.match(r"(\d+\. )?\*\*", each)]
    words = {
        word.strip(' ".:')
        for head in heads
        for bold in re.findall(r"\*\*(.+?)\*\*", head)
        for word in re.split(r"…|: |\bN\b|cyphr_to_|\d+|\(name\)", bold)
    }
    long_enough = {word for word in words if len(word) > 8} - _WORDS_OF_POSTGRESQL
    assert len(long_enough) > 5
    said = " ".join(_sentences().split())
    assert not sorted(word for word in long_enough if word not in said)
