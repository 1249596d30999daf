"""How much room the copy takes, and how much there is where that can be known: RDS tells CloudWatch."""

import asyncio
import re
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.aws import metrics_client
from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, ok, warning

_RDS_HOST = re.compile(r"^(?P<instance>[^.]+)\.[^.]+\.[a-z0-9-]+\.rds\.amazonaws\.com(\.cn)?$")
_ROOM = 2
"""Times the source's size: rows and indexes, and what sorting them takes."""
_LOOK_BACK = timedelta(minutes=15)


async def _look(context: Context) -> Finding:
    size = await context.value(Side.SUPABASE, queries.database_bytes)
    host = _RDS_HOST.match(context.settings.aws_database.host)
    if host is None:
        return ok(
            f"the source has {_mb(size)}; how much is free on the target is not known, as it is not on RDS: "
            f"see that it is {_mb(_ROOM * size)}"
        )
    instance = host["instance"]
    try:
        free = await asyncio.to_thread(_free_bytes, context, instance)
    except (ClientError, BotoCoreError) as error:
        return warning(
            f"the source has {_mb(size)}; how much is free on {instance} could not be asked: {error}",
            f"Allow cloudwatch:GetMetricStatistics, or see that {_mb(_ROOM * size)} are free, and accept.",
        )
    if free is None:
        return warning(
            f"the source has {_mb(size)}; CloudWatch knows nothing of the disk of {instance}",
            f"Look at region under [aws], or see that {_mb(_ROOM * size)} are free, and accept.",
        )
    if free < _ROOM * size:
        return warning(f"the source has {_mb(size)}, and {_mb(free)} are free on {instance}")
    return ok(f"the source has {_mb(size)}, and {_mb(free)} are free on {instance}")


def _free_bytes(context: Context, instance: str) -> int | None:
    """The last value that RDS gave; None when there is none."""
    now = context.clock()
    found = metrics_client(context.settings.aws).get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="FreeStorageSpace",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": instance}],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        Period=60,
        Statistics=["Minimum"],
    )
    points = sorted(found["Datapoints"], key=lambda point: point["Timestamp"])
    return int(points[-1]["Minimum"]) if points else None


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


CHECK = Check(
    name="disk",
    worst=Level.WARNING,
    why="A target whose disk fills up stops in the middle.",
    mend="Give the target storage of at least twice the source's size, with autoscaling; or accept.",
    look=_look,
)
