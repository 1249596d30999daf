"""``python -m bench NAME``: measure one thing on this machine, beside its peers. ``NAME --help`` says how."""

import asyncio
import sys
from importlib import import_module

_NAMES = ("copy", "follow", "handover", "lambdas", "verify")


def main() -> int:
    """Run the benchmark that is named, or say which there are."""
    if len(sys.argv) < 2 or sys.argv[1] not in _NAMES:
        print(f"usage: python -m bench {{{'|'.join(_NAMES)}}} [--help]", file=sys.stderr)
        return 2
    asyncio.run(import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
