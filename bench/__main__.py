"""``python -m bench NAME``: measure one thing on this machine, beside its peers. ``NAME --help`` says how."""

import asyncio
import os
import signal
import sys
from importlib import import_module

import uvloop

_NAMES = ("copy", "follow", "handover", "lambdas", "messages", "verify")
# Who writes messages must not be what is measured: it runs on the lighter loop.
_ON_UVLOOP = ("messages",)


def main() -> int:
    """Run the benchmark that is named, or say which there are."""
    if len(sys.argv) < 2 or sys.argv[1] not in _NAMES:
        print(f"usage: python -m bench {{{'|'.join(_NAMES)}}} [--help]", file=sys.stderr)
        return 2
    name = sys.argv[1]
    # Some machines set this; then ours, started anew in each round, would compile every module each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Whoever ends it, as with a time limit, ends the servers that it started: an interrupt goes through every block. In
    # the background of a shell it would be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    run = uvloop.run if name in _ON_UVLOOP else asyncio.run
    run(import_module(f"bench.{name}").main(sys.argv[2:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
