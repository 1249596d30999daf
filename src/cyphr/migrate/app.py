"""Builds the migration's object graph from its settings; nothing else does."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.conductor import Conductor
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.journal import Journal
from cyphr.migrate.service import Service
from cyphr.migrate.settings import MigrationSettings


def build_services(settings: MigrationSettings) -> list[Service]:
    """The services that ``settings`` name, in the order in which they are copied."""
    databases = {Side.SUPABASE: settings.supabase_database, Side.AWS: settings.aws_database}
    services: list[Service] = [
        DatabaseMigration(databases, settings.programs_folder(), workers=settings.workers),
    ]
    return services


async def run_migrator(settings: MigrationSettings) -> None:
    """Be the migrator until cancelled: copy, follow, answer requests. Raises Conflict when another one runs."""
    async with Journal.open(settings.aws_database) as journal:
        await Conductor(journal, build_services(settings)).run()
