"""The house's rules that import contracts cannot say."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import cyphr
from cyphr.foundation.queries import load_queries

SOURCE = Path(cyphr.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))


@cache
def _text(module: Path) -> str:
    return module.read_text()


@cache
def _said(module: Path) -> tuple[str, tuple[str, ...], bool]:
    """Its docstring, the names of its classes, and whether it prints: one walk, because parsing it all is dear."""
    tree = ast.parse(_text(module))
    nodes = list(ast.walk(tree))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    prints = any(isinstance(function, ast.Name) and function.id == "print" for function in calls)
    classes = tuple(node.name for node in nodes if isinstance(node, ast.ClassDef))
    return ast.get_docstring(tree) or "", classes, prints


FEATURE_FILES = {"__init__.py", "models.py", "service.py", "queries.sql", "routes.py"}
# What a feature has beside them, and why it is no rule of its service: the second implementation of something, or a
# part that another feature or the edge uses on its own.
FURTHER_FILES = {
    "accounts": {"mail.py"},
    "admin": {"acts.py", "provider.py", "scim.py"},
    "chats": {"changes.py", "reading.py"},
    "cognito": {"duties.py", "passwords.py", "pool.py", "rounds.py", "srp.py", "triggers.py"},
    "files": {"store.py"},
    "messages": {
        "changes.py",
        "cursors.py",
        "details.py",
        "expiry.py",
        "lanes.py",
        "postman.py",
        "texts.py",
        "told.py",
        "watermarks.py",
    },
    "push": {"channel.py", "payloads.py", "sns.py", "words.py"},
    "realtime": {
        "connections.py",
        "conversation.py",
        "delivery.py",
        "departures.py",
        "exchange.py",
        "gateway.py",
        "later.py",
        "processes.py",
        "protocol.py",
        "relocation.py",
        "resume.py",
        "table.py",
    },
    "mfa": {"passkeys.py", "proofs.py", "recovery.py", "totp.py"},
    "sessions": {
        "adoption.py",
        "beliefs.py",
        "issuers.py",
        "jwks.py",
        "keys.py",
        "notices.py",
        "pins.py",
        "tokens.py",
        "tries.py",
        "verifier.py",
    },
}
ROOMS = {"copy", "follow", "verify", "handover"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}


def _folders(package: str) -> list[Path]:
    return sorted(one for one in (SOURCE / package).iterdir() if (one / "__init__.py").exists())


# The AWS runtime is no feature: a handler for each function, and what they have in common.
HANDLERS = {
    *("connect", "disconnect", "default", "http", "fan_out", "sweep", "later", "clock"),
    # Cognito's triggers.
    *("cognito_pre_sign_up", "cognito_define_challenge", "cognito_create_challenge", "cognito_verify_challenge"),
    *("cognito_user_migration", "cognito_pre_token_generation"),
}


def test_a_function_is_one_small_module() -> None:
    folder = SOURCE / "messenger/lambdas"
    assert {one.stem for one in folder.glob("*.py")} == HANDLERS | {"__init__", "batch", "container", "graph", "whole"}
    assert all("def handler(" in (folder / f"{name}.py").read_text() for name in HANDLERS)


FEATURES = [folder for folder in _folders("messenger") if folder.name != "lambdas"]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda folder: folder.name)
def test_a_feature_of_the_messenger_is_the_same_few_files(feature: Path) -> None:
    files = {one.name for one in feature.iterdir() if one.is_file()}
    assert files <= FEATURE_FILES | FURTHER_FILES.get(feature.name, set())


@pytest.mark.parametrize("service", ["database", "files", "auth", "realtime"])
def test_a_migrated_service_is_the_same_four_rooms(service: str) -> None:
    there = {one.stem for one in (SOURCE / "migrate" / service).iterdir()}
    assert there >= ROOMS


def test_no_module_is_named_for_nothing() -> None:
    assert not [str(one.relative_to(SOURCE)) for one in MODULES if {one.stem, one.parent.name} & FORBIDDEN_NAMES]


def test_no_class_is_named_for_its_place_in_a_hierarchy() -> None:
    classes = [name for module in MODULES for name in _said(module)[1]]
    assert not [
        name for name in classes if re.match(r"Abstract|Base[A-Z]|I[A-Z][a-z]|.*(Manager|Helper|Utils?)$", name)
    ]


def test_every_module_says_what_it_is_for() -> None:
    # A package that holds .sql files only has nothing to say.
    silent = [one for one in MODULES if _text(one).strip() and not _said(one)[0]]
    assert not [str(one.relative_to(SOURCE)) for one in silent]


def test_every_module_can_be_imported_without_any_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read, opened or asked for at import time."""
    monkeypatch.setenv("CYPHR_AWS_DATABASE__PORT", "not a number")
    for module in walk_packages(cyphr.__path__, "cyphr."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def _named_queries() -> Iterator[tuple[Path, str]]:
    for file in sorted(SOURCE.rglob("*.sql")):
        if "-- name: " in file.read_text():
            for name in load_queries(_package(file), file.name).names():
                yield file, name


def _package(file: Path) -> str:
    return ".".join(("cyphr", *file.relative_to(SOURCE).parent.parts))


@cache
def _called_in(folder: Path) -> frozenset[str]:
    """Every query that a module of this folder calls by name."""
    modules = [one for one in MODULES if one.is_relative_to(folder)]
    called = (re.findall(r"queries\.(\w+)", _text(module), re.IGNORECASE) for module in modules)
    return frozenset(name.lower() for names in called for name in names)


def test_every_named_query_is_called_by_the_package_beside_it() -> None:
    queries = list(_named_queries())
    assert len(queries) > 100
    places = [(file.parent.parent if file.parent.name == "sql" else file.parent, file, name) for file, name in queries]
    assert not [f"{file.name}: {name}" for folder, file, name in places if name.lower() not in _called_in(folder)]


def _functions_of(file: Path) -> list[str]:
    """The signatures of functions of ours that a file defines: name and types, as PostgreSQL tells them apart."""
    text = re.sub(r"--[^\n]*", "", file.read_text()).lower()
    found = re.finditer(r"create\s+(?:or\s+replace\s+)?function\s+(private\.\w+)\s*\(([^)]*)\)", text)
    return [f"{match[1]}({', '.join(_types_of(match[2]))})" for match in found]


def _types_of(arguments: str) -> list[str]:
    given = [" ".join(one.split()) for one in arguments.split(",") if one.strip()]
    return [re.sub(r" default .*", "", one).partition(" ")[2] for one in given]


def test_no_function_of_the_schema_is_defined_twice() -> None:
    """The files are applied one after another: the later definition would silently be the one that counts. Migrations
    alone, which are applied once, may replace what earlier ones made.
    """
    files = [one for one in sorted((SOURCE / "schema").rglob("*.sql")) if one.name != "snapshot.sql"]
    defined: dict[str, list[Path]] = {}
    for file in files:
        for signature in _functions_of(file):
            defined.setdefault(signature, []).append(file)
    assert len(defined) > 150
    again = {signature: places for signature, places in defined.items() if len(places) > 1}
    assert not {
        one: places for one, places in again.items() if {place.parent.name for place in places} != {"migrations"}
    }


def test_only_the_command_line_prints() -> None:
    found = {str(one.relative_to(SOURCE)) for one in MODULES if _said(one)[2]}
    # The one-machine server is a program of its own whose stderr is its log.
    assert {one for one in found if not one.startswith("cli/")} == {"embedded/server.py"}


def test_the_environment_is_read_at_the_edges_only() -> None:
    readers = {str(one.relative_to(SOURCE)) for one in MODULES if re.search(r"os\.(environ|getenv)", _text(one))}
    # pg_dump and the operator's command are programs of their own, and need what every program needs.
    programs = {"migrate/database/schema/dump.py", "migrate/hooks/command.py"}
    # Written there: what a library reads before anything else could tell it.
    start = {"messenger/lambdas/__init__.py"}
    assert {one for one in readers if not one.startswith(("cli/", "embedded/"))} == programs | start


def test_no_decision_of_a_handover_or_of_the_retry_reads_a_wall_clock() -> None:
    """Clocks of machines differ: who is newer is told by the epoch, how long a wait was by a clock that never jumps."""
    places = ("migrate/database/handover", "foundation/switchboard.py", "retry")
    modules = [one for one in MODULES if str(one.relative_to(SOURCE)).startswith(places)]
    assert len(modules) > 10
    wall_clock = re.compile(r"clock import .*\bnow\b|\b(utc)?now\(|\btoday\(|time\.time\(|time_ns\(")
    assert not [str(one.relative_to(SOURCE)) for one in modules if wall_clock.search(_text(one))]
