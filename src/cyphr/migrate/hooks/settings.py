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


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HandoverSettings(_Section):
    """When a handover is refused, and what is done after one. The same holds for a handback."""

    long_transactions: Literal["refuse", "wait", "end"] = Field(
        default="refuse",
        description="What to do with transactions that would be cut off: refuse, wait for them, or end their sessions.",
    )
    long_transaction_seconds: float = Field(
        default=5.0, gt=0, description="How long a transaction must have been writing to count as long."
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
