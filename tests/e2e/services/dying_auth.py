"""The migration of auth in a process that kills itself: ``PLACES ROOM STEP CALLS``, before the CALLS-th call of STEP.

PLACES is JSON on the standard input, because passwords are in it. The step is wrapped from outside.
"""

import asyncio
import importlib
import itertools
import json
import os
import signal
import sys
from typing import Any

from psycopg import AsyncConnection

from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import AwsSettings, PostgresSettings
from cyphr.migrate.auth import AuthMigration, AuthPlaces


def mortal(step: Any, calls: int) -> Any:
    numbers = itertools.count(1)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if next(numbers) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments, **named)

    return wrapped


if __name__ == "__main__":
    room, place, calls = sys.argv[1:]
    given = json.load(sys.stdin)
    supabase, aws = PostgresSettings(**given["supabase"]), PostgresSettings(**given["aws_database"])

    async def authority() -> AsyncConnection:
        return await connect(supabase)

    module, _, name = place.partition(":")
    owner, _, function = name.rpartition(".")
    holder = getattr(importlib.import_module(module), owner) if owner else importlib.import_module(module)
    setattr(holder, function, mortal(getattr(holder, function), int(calls)))
    auth = AuthMigration(
        AuthPlaces(authority, aws, supabase, AwsSettings(**given["aws"]), given["user_pool_id"], quota_factor=50)
    )
    asyncio.run(auth.copy() if room == "copy" else auth.handover(Side.AWS))
