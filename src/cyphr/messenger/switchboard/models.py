"""The switchboard on the wire."""

from datetime import datetime

from pydantic import BaseModel

from cyphr.foundation.postgres import Side


class ServiceStand(BaseModel):
    """One service and the side that it stands on. ``epoch`` counts its handovers."""

    service: str
    side: Side
    epoch: int
    changed_at: datetime


class Standing(BaseModel):
    services: list[ServiceStand]
