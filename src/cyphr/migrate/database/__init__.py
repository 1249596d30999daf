"""PostgreSQL to PostgreSQL: copy, follow, verify, handover — the same code in both directions."""
