"""What a rehearsal ran on, so that its numbers can be judged."""

import os
import platform
from importlib.metadata import version

import psutil

from cyphr.embedded.stack import Stack


def describe_machine(stack: Stack) -> dict[str, str]:
    """Names and values for people."""
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    servers = {f"PostgreSQL ({side} side)": str(cluster.version) for side, cluster in stack.clusters.items()}
    return {
        "Cyphr": version("cyphr"),
        **servers,
        "AWS stand-in": f"ministack {version('ministack')}",
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processors": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GB",
        "load before (1, 5, 15 min)": load,
    }
