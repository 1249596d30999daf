"""Every check in its order, and how they are run: the only list of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from cyphr.foundation.errors import CyphrError, InvalidInput, PreflightFailed
from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight import (
    buckets,
    clock_skew,
    cognito,
    credentials,
    ddl_since,
    dependencies,
    direct_connection,
    disk,
    encoding,
    event_triggers,
    extensions,
    foreign_servers,
    large_objects,
    locks,
    long_transactions,
    needs,
    one_database,
    platform_objects,
    primary_keys,
    privileges,
    reachable,
    realtime,
    recursive_policy,
    rehearsed,
    replica_identity,
    row_level_security,
    sequences,
    standby,
    table_kinds,
    target_empty,
    tls,
    unlogged_tables,
    versions,
    wal,
)
from cyphr.migrate.preflight.context import Context, NotReached
from cyphr.migrate.preflight.finding import Check, Level, Result, failure, not_looked_at
from cyphr.migrate.preflight.fingerprint import read_objects
from cyphr.migrate.settings import MigrationSettings

# What a person would look at first stands first: nothing can be seen of a server that lets nobody in.
CHECKS: tuple[Check, ...] = tuple(
    module.CHECK
    for module in (
        reachable, credentials, tls, direct_connection, standby, one_database, dependencies, rehearsed,
        versions, encoding, target_empty, privileges, wal, locks, disk,
        replica_identity, recursive_policy, row_level_security, ddl_since,
        extensions, needs, platform_objects, event_triggers, foreign_servers, large_objects, unlogged_tables,
        table_kinds, primary_keys, sequences, long_transactions, clock_skew, buckets, cognito, realtime,
    )
)  # fmt: skip


@dataclass(frozen=True)
class Preflight:
    """What all checks found, and the schema that they saw."""

    results: list[Result]
    objects: dict[str, str] = field(default_factory=dict)

    def of(self, level: Level) -> list[Result]:
        """The results of one level."""
        return [result for result in self.results if result.finding.level is level]

    def not_accepted(self, accepted: Collection[str]) -> list[Result]:
        """What stops a start: failures, and warnings that nobody accepted."""
        return self.of(Level.FAILURE) + [
            result for result in self.of(Level.WARNING) if result.check.name not in accepted
        ]

    def as_dict(self) -> dict[str, Any]:
        return {"failed": bool(self.of(Level.FAILURE)), "checks": [result.as_dict() for result in self.results]}


async def run_checks(settings: MigrationSettings, environment: Mapping[str, str]) -> Preflight:
    """Look at everything. Changes nothing on either side, and raises nothing: what goes wrong is a finding.

    ``environment``: what the application's dry run is started with.
    """
    async with Context.open(settings, environment) as context:
        results = [await _run(check, context) for check in CHECKS]
        try:
            objects = await read_objects(context.at(Side.SUPABASE))
        except (NotReached, psycopg.Error):
            objects = {}
    return Preflight(results, objects)


def demand(preflight: Preflight, accepted: Collection[str]) -> None:
    """Raise PreflightFailed, naming each check that stops a start with its mend, unless there is none."""
    known_names(accepted)
    stopping = preflight.not_accepted(accepted)
    if not stopping:
        return
    lines = [f"{result.check.name}: {result.finding.saw}. {_what_to_do(result)}" for result in stopping]
    raise PreflightFailed(
        f"the migration was not started; {len(stopping)} of {len(CHECKS)} checks stop it:\n" + "\n".join(lines),
        checks=[result.as_dict() for result in stopping],
    )


def known_names(names: Collection[str]) -> None:
    """Raise InvalidInput for a name that no check has."""
    unknown = sorted(set(names) - {check.name for check in CHECKS})
    if unknown:
        raise InvalidInput(
            f"there is no check named {', '.join(unknown)}; there are: {', '.join(check.name for check in CHECKS)}"
        )


def _what_to_do(result: Result) -> str:
    if result.finding.level is Level.WARNING:
        return f"{result.mend} Or: --accept {result.check.name}"
    return result.mend


async def _run(check: Check, context: Context) -> Result:
    try:
        return Result(check, await check.look(context))
    except NotReached as error:
        return Result(check, not_looked_at(str(error)))
    except psycopg.Error as error:
        return Result(check, failure(f"the server answered: {' '.join(str(error).split())}"))
    except CyphrError as error:
        return Result(check, failure(error.message))
