"""One pair of databases for all checks: each test makes one defect in it and takes it away again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from cyphr.embedded.binaries import binary
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import PostgresSettings
from cyphr.migrate.preflight.checks import CHECKS
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.finding import Finding
from cyphr.migrate.settings import DatabaseSettings, MigrationSettings
from tests.conftest import Server, TestSide

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@dataclass(frozen=True)
class Pair:
    """Source and target, and the settings that name them."""

    sides: dict[Side, TestSide]
    settings: MigrationSettings

    async def execute(self, side: Side, *statements: str, as_superuser: bool = False) -> None:
        reach = self.sides[side].superuser if as_superuser else self.sides[side].owner
        async with await connect(reach) as connection:
            for statement in statements:
                await connection.execute(statement)

    def reaching(self, side: Side, **changes: Any) -> MigrationSettings:
        """The settings with something else of one database's."""
        name = "supabase_database" if side is Side.SUPABASE else "aws_database"
        database = getattr(self.settings, name).model_copy(update=changes)
        return self.settings.model_copy(update={name: database})


def settings_of(source: PostgresSettings, target: PostgresSettings, folder: Path) -> MigrationSettings:
    def database(settings: PostgresSettings) -> DatabaseSettings:
        return DatabaseSettings(**settings.model_dump(exclude_none=True))

    return MigrationSettings(
        supabase_database=database(source),
        aws_database=database(target),
        records_folder=folder,
        postgres_programs=binary(18, "pg_dump").parent,
    )


@pytest_asyncio.fixture(scope="module")
async def shared(
    supabase_server: Server, aws_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[Side, TestSide]]:
    async with (
        supabase_server.database(supabase_server.bare) as source,
        aws_server.database(aws_server.bare) as target,
    ):
        yield {Side.SUPABASE: source, Side.AWS: target}


@pytest.fixture
def pair(shared: dict[Side, TestSide], tmp_path: Path) -> Pair:
    return Pair(shared, settings_of(shared[Side.SUPABASE].owner, shared[Side.AWS].owner, tmp_path))


Look = Callable[..., Awaitable[Finding]]


@pytest.fixture
def look() -> Look:
    """Run one check by its name."""
    checks = {check.name: check for check in CHECKS}

    async def run(name: str, settings: MigrationSettings, **changes: Any) -> Finding:
        async with Context.open(settings, ENVIRONMENT) as context:
            for attribute, value in changes.items():
                setattr(context, attribute, value)
            return await checks[name].look(context)

    return run


@asynccontextmanager
async def defect(
    pair: Pair, side: Side, make: list[str], undo: list[str], *, as_superuser: bool = False
) -> AsyncIterator[None]:
    await pair.execute(side, *make, as_superuser=as_superuser)
    try:
        yield
    finally:
        await pair.execute(side, *undo, as_superuser=as_superuser)
