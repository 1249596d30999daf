"""``cyphr migrate rehearse``: this source's schema, there and back on this machine."""

import asyncio
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cyphr.cli.migrate_options import DEFAULT_CONFIG, ConfigOption, load_settings
from cyphr.cli.terminal import console, print_step
from cyphr.migrate.preflight.records import REHEARSALS, add_rehearsal


def rehearse(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Move the source's schema, without rows, there and back on this machine, and put that on record for `check`.

    Nothing is changed on either side; two servers of its own are started and removed again.
    """
    # The migrator runs where the one-machine stack is not installed; only this command needs it.
    from cyphr.embedded.rehearsal.schema import rehearse_schema

    settings = load_settings(config)
    with TemporaryDirectory(prefix="cyphr-rehearsal-") as folder:
        objects = asyncio.run(
            rehearse_schema(settings.supabase_database, settings.programs_folder(), Path(folder), print_step)
        )
    record = add_rehearsal(settings.records_folder / REHEARSALS, objects, shlex.join(["cyphr", *sys.argv[1:]]))
    console.print(f"rehearsed; schema {record.fingerprint} is on record in {settings.records_folder / REHEARSALS}")
