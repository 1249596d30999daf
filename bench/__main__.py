"""``python -m bench``: measure handovers and handbacks under people's traffic, on this machine.

Each round is a whole rehearsal (handover, handback, handover of every service). Printed: median and min–max over all of
them, as a Markdown table, and the same as JSON on the last line.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

_NUMBERS = ("fence_ms", "drain_ms", "blocked_ms", "longest_write_wait_ms")


def main() -> None:
    """Run the rounds and print what they gave."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=40.0, help="messages per second of all people")
    parser.add_argument("--users", type=int, default=20)
    options = parser.parse_args()
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    promises: dict[str, float] = defaultdict(float)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        report = _rehearse(options.rate, options.users)
        for name in ("lost", "doubled", "failed_requests"):
            promises[name] += report["promises"][name]
        for move in report["handovers"]:
            for name in _NUMBERS:
                found[f"{move['direction']} of {move['service']}"][name].append(move[name])
    _print(found)
    print(", ".join(f"{name} {count:g}" for name, count in promises.items()))
    print(json.dumps({"moves": found, "promises": promises}))


def _rehearse(rate: float, users: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cyphr-bench-") as folder:
        result = Path(folder, "report.json")
        command = [
            sys.executable, "-m", "cyphr.cli", "rehearse", "--seconds", "8", "--rate", str(rate), "--users", str(users),
            "--folder", str(Path(folder, "stack")), "--json", str(result),
        ]  # fmt: skip
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        report: dict[str, Any] = json.loads(result.read_text())
        return report


def _print(found: dict[str, dict[str, list[float]]]) -> None:
    print("| move | " + " | ".join(name.removesuffix("_ms").replace("_", " ") + " ms" for name in _NUMBERS) + " |")
    print("|---|" + "---|" * len(_NUMBERS))
    for move, numbers in found.items():
        cells = [
            f"{median(numbers[name]):.1f} ({min(numbers[name]):.1f}–{max(numbers[name]):.1f})" for name in _NUMBERS
        ]
        print(f"| {move} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
