"""``[handover]`` of ``migration.toml``: when a handover is refused, and what is done after one.

[handover]
long_transactions = "wait"
on_handover = ["systemctl", "restart", "shop"]

[[handover.secrets]]
id = "shop/database"
supabase = "shop/database-on-supabase"
aws = "shop/database-on-aws"
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LOCK_WAIT_MILLISECONDS = 40


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SecretUpdate(_Section):
    """A secret of Secrets Manager that applications read; it gets a new version, copied from another secret."""

    id: str = Field(description="Name or ARN of the secret that applications read.")
    supabase: str = Field(description="The secret whose value it gets while the database stands on Supabase.")
    aws: str = Field(description="The secret whose value it gets while the database stands on AWS.")


class ParameterUpdate(_Section):
    """A parameter of Systems Manager's Parameter Store; it must exist."""

    name: str = Field(description="The parameter's name.")
    supabase: str = Field(description="Its value while the database stands on Supabase; nothing secret.")
    aws: str = Field(description="Its value while the database stands on AWS; nothing secret.")


class RecordUpdate(_Section):
    """A CNAME record of Route 53."""

    zone: str = Field(description="Id of the hosted zone.")
    name: str = Field(description="The record's name, e.g. ``database.shop.internal``.")
    supabase: str = Field(description="The host it names while the database stands on Supabase.")
    aws: str = Field(description="The host it names while the database stands on AWS.")
    ttl: int = Field(default=5, ge=0, description="Seconds that resolvers may keep it.")


class HandoverSettings(_Section):
    """When a handover is refused, and what is done after one. The same holds for a handback."""

    long_transactions: Literal["refuse", "wait", "end"] = Field(
        default="refuse",
        description="What to do with transactions that would be cut off: refuse, wait for them, or end their sessions.",
    )
    long_transaction_seconds: float = Field(
        default=5.0, gt=0, description="How long a transaction must have been writing to count as long."
    )
    lock_wait_milliseconds: int = Field(
        default=LOCK_WAIT_MILLISECONDS,
        ge=1,
        le=60_000,
        description="How long the fence waits for writers in flight at a time, and new writers behind it. Where the "
        "application's own statements take long and overlap, it must be longer than they take.",
    )
    patience_seconds: float = Field(default=60.0, ge=0, description="How long ``wait`` waits before it refuses.")
    largest_lag_bytes: int = Field(
        default=16 * 1024 * 1024, ge=0, description="Refuse while the receiving side is further behind than this."
    )
    budget_seconds: float = Field(
        default=5.0, gt=0, description="How long writers may wait under the fence before it is lifted again."
    )
    sequence_margin: int = Field(
        default=1000, ge=0, description="How many values each sequence skips, for values given but not yet used."
    )
    on_handover: list[str] = Field(
        default=[],
        description="A command and its arguments, run after each handover and handback of any service.",
    )
    on_handover_seconds: float = Field(
        default=60.0, gt=0, description="How long the command may take before it is killed."
    )
    secrets: list[SecretUpdate] = Field(default=[], description="Secrets that follow the database.")
    parameters: list[ParameterUpdate] = Field(default=[], description="Parameters that follow the database.")
    records: list[RecordUpdate] = Field(default=[], description="DNS records that follow the database.")
