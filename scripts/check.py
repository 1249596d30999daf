#!/usr/bin/env python3
"""All that must hold before a change lands, run one after the other; CI calls nothing else for it.

Exit code 0 when all of it holds, else 1 with the names of what does not.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

STEPS = {
    "lint": ["ruff", "check", "--quiet"],
    "format": ["ruff", "format", "--check", "--quiet"],
    "types": ["mypy", "--no-error-summary"],
    "import contracts": ["lint-imports", "--no-cache"],
    "generated files": [sys.executable, "scripts/generate.py", "--check"],
    "web client": [sys.executable, "scripts/web.py", "check"],
}


def main() -> int:
    failed = []
    for name, command in STEPS.items():
        started = time.monotonic()
        result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(
            f"{'ok    ' if result.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - started:.1f} s)",
            flush=True,
        )
        if result.returncode != 0:
            print(result.stdout.rstrip())
            failed.append(name)
    if failed:
        print(f"\nnot fit to land: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
