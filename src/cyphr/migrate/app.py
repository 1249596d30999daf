"""Builds the migration's object graph from its settings; nothing else does."""

from collections.abc import Callable, Collection, Mapping

from cyphr.foundation.postgres import Side
from cyphr.migrate.auth.migration import AuthMigration
from cyphr.migrate.auth.places import AuthPlaces
from cyphr.migrate.conductor import Conductor
from cyphr.migrate.database.copy.copier import CopyOptions
from cyphr.migrate.database.migration import DatabaseMigration
from cyphr.migrate.files.migration import FilesMigration
from cyphr.migrate.files.places import FilesPlaces
from cyphr.migrate.hooks.run import Hooks
from cyphr.migrate.journal import Journal
from cyphr.migrate.plan.document import make_plan
from cyphr.migrate.preflight.checks import demand, known_names, run_checks
from cyphr.migrate.preflight.finding import Level
from cyphr.migrate.preflight.target_empty import migration_has_begun
from cyphr.migrate.realtime.account import CanaryAccount
from cyphr.migrate.realtime.migration import RealtimeMigration
from cyphr.migrate.realtime.places import RealtimePlaces
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

    authority = database.authority
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
                    quota_factor=settings.auth.quota_factor,
                    sealer=settings.auth.sealer(settings.aws),
                )
            )
        )
    if settings.realtime is not None:
        services.append(
            RealtimeMigration(
                RealtimePlaces(
                    authority=authority,
                    endpoints={Side.SUPABASE: settings.realtime.supabase_url, Side.AWS: settings.realtime.aws_url},
                    canaries=(
                        CanaryAccount(settings.realtime.api_url, settings.realtime.first_canary_email),
                        CanaryAccount(settings.realtime.api_url, settings.realtime.second_canary_email),
                    ),
                    canary_pin=settings.realtime.read_pin,
                )
            )
        )
    return services


async def start_migrator(
    settings: MigrationSettings,
    environment: Mapping[str, str],
    accepted: Collection[str],
    say: Callable[[str], None],
) -> None:
    """Check everything, say what will be created, and be the migrator until cancelled.

    A migration that has begun is continued without checks: it must be up at once, and what they look at is different by
    then. ``accepted``: the warnings that an operator has read; kept in the journal. Raises PreflightFailed before
    anything is changed, Conflict when another migrator runs.
    """
    known_names(accepted)
    if not await migration_has_begun(settings.aws_database):
        preflight = await run_checks(settings, environment)
        demand(preflight, accepted)
        for line in (await make_plan(settings, environment)).creations:
            say(f"creating {line}")
        warnings = [result.as_dict() for result in preflight.of(Level.WARNING)]
        async with Journal.open(settings.aws_database) as journal:
            await journal.note("preflight", "checked", accepted=warnings, objects=preflight.objects)
    await run_migrator(settings)


async def run_migrator(settings: MigrationSettings) -> None:
    """Be the migrator until cancelled: copy, follow, answer requests. Raises Conflict when another one runs."""
    async with Journal.open(settings.aws_database) as journal:
        hooks = Hooks(settings.handover, settings.aws)
        await Conductor(journal, build_services(settings), hooks).run()
