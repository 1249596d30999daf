"""The AWS stand-in's process: ministack, whose function containers are forked from one that has imported the handlers.

python -m cyphr.embedded.stand_in     settings from the environment, as ministack reads them
"""

import os
import runpy
import sys
from pathlib import Path

from cyphr.embedded.nursery import start


def main() -> None:
    """Serve until SIGTERM."""
    _, launcher = start(Path(os.environ["TMPDIR"]))
    sys.executable = str(launcher)  # with this ministack starts a function's container
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
