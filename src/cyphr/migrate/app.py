"""Builds the migration's object graph from its settings; nothing else does."""

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.auth.migration import AuthMigration
from cyphr.migrate.auth.places import AuthPlaces
from cyphr.migrate.conductor import Conductor
from cyphr.migrate.database.copy.copier import CopyOptions
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.files.migration import FilesMigration
from cyphr.migrate.files.places import FilesPlaces
from cyphr.migrate.hooks.run import Hooks
from cyphr.migrate.journal import Journal
from cyphr.migrate.service import Service
from cyphr.migrate.settings import MigrationSettings

_MEGABYTE = 1024 * 1024


def build_services(settings: MigrationSettings) -> list[Service]:
    """The services that ``settings`` name, in the order in which they are copied."""
    databases = {Side.SUPABASE: settings.supabase_database, Side.AWS: settings.aws_database}
    database = DatabaseMigration(
        databases,
        settings.programs_folder(),
        copy_options=CopyOptions(
            workers=settings.workers,
            part_bytes=settings.part_megabytes * _MEGABYTE,
            bytes_per_second=settings.megabytes_per_second and settings.megabytes_per_second * _MEGABYTE,
        ),
        rules=settings.handover,
    )

    async def authority() -> AsyncConnection:
        return await connect(databases[await database.side()])

    services: list[Service] = [database]
    if settings.files is not None:
        services.append(
            FilesMigration(
                FilesPlaces(
                    authority=authority,
                    journal=settings.aws_database,
                    storage=settings.supabase_database,
                    supabase_store=settings.files.supabase_storage,
                    supabase_url=settings.files.supabase_url,
                    aws_store=settings.aws,
                    aws_bucket=settings.files.aws_bucket,
                    aws_url=settings.files.aws_url,
                    supabase_bucket=settings.files.supabase_bucket,
                )
            )
        )
    if settings.auth is not None:
        services.append(
            AuthMigration(
                AuthPlaces(
                    authority=authority,
                    journal=settings.aws_database,
                    supabase=settings.supabase_database,
                    aws=settings.aws,
                    user_pool_id=settings.auth.user_pool_id,
                )
            )
        )
    return services


async def run_migrator(settings: MigrationSettings) -> None:
    """Be the migrator until cancelled: copy, follow, answer requests. Raises Conflict when another one runs."""
    async with Journal.open(settings.aws_database) as journal:
        hooks = Hooks(settings.handover, settings.aws)
        await Conductor(journal, build_services(settings), hooks).run()
