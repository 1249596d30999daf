"""A migrator that kills itself with SIGKILL just before or just after a named step: ``CONFIG MODULE.FUNCTION before``.

The step is wrapped from outside, so that no product code knows of it.
"""

import functools
import importlib
import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from cyphr.migrate.app import run_migrator
from cyphr.migrate.settings import MigrationSettings


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mortal(step: Any, moment: str, calls: int) -> Any:
    """``step``, deadly at its ``calls``-th call."""
    numbers = itertools.count(1)

    @functools.wraps(step)
    async def wrapped(*arguments: Any, **options: Any) -> Any:
        deadly = next(numbers) == calls  # known at the start: by the end of this call others may have begun
        if deadly and moment == "before":
            die()
        result = await step(*arguments, **options)
        if deadly and moment == "after":
            die()
        return result

    return wrapped


if __name__ == "__main__":
    config, place, moment, calls = sys.argv[1:]
    owner, name = place.rsplit(".", 1)
    module_name, _, class_name = owner.partition(":")
    module = importlib.import_module(module_name)
    holder = getattr(module, class_name) if class_name else module
    setattr(holder, name, mortal(getattr(holder, name), moment, int(calls)))
    uvloop.run(run_migrator(MigrationSettings.load(Path(config))))
