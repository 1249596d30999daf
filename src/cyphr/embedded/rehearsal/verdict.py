"""What a rehearsal comes to, in the sentences that people read first."""

from cyphr.embedded.rehearsal.outcome import Outcome


def verdict(outcome: Outcome) -> str:
    """Two or three sentences: what was done, and whether the promises were kept."""
    if outcome.failure is not None:
        return _half_way(outcome)
    told = (
        f"{outcome.people:,} people sent {outcome.messages:,} messages while Cyphr moved to AWS, back, and to AWS again"
    )
    if outcome.killed_in is not None:
        told += f", with the migrator killed in the phase {outcome.killed_in!r}"
    broken = outcome.broken_promises()
    if not broken:
        return (
            f"{told}. Nothing was lost, nothing doubled, no request failed; "
            f"the longest a write waited was {outcome.longest_write_wait_ms:,.0f} ms{_for_the_successor(outcome)}."
        )
    count = "One promise was" if len(broken) == 1 else f"{len(broken)} promises were"
    return f"{told}. {count} broken: {'; '.join(broken)}."


def _for_the_successor(outcome: Outcome) -> str:
    longest = max(outcome.moves, key=lambda move: move.longest_write_wait_ms, default=None)
    return ", until the killed migrator’s successor was there" if longest is not None and longest.killed else ""


def _half_way(outcome: Outcome) -> str:
    assert outcome.failure is not None
    sent = f" {outcome.people:,} people had sent {outcome.messages:,} messages." if outcome.messages else ""
    broken = outcome.broken_promises()
    known = f" Broken already: {'; '.join(broken)}." if broken else ""
    if outcome.failure.code == "interrupted":
        return f"The rehearsal was interrupted after “{outcome.failure.after}”.{sent}{known}"
    return f"The rehearsal ended half-way, after “{outcome.failure.after}”: {outcome.failure.message}{sent}{known}"
