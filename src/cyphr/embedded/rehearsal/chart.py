"""A picture of how long every write waited, with the moves marked."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cyphr.embedded.people.record import WRITES, Wait
from cyphr.embedded.rehearsal.outcome import Move
from cyphr.migrate.report.page import Html, markup
from cyphr.migrate.report.timeline import LEFT, WIDTH, Scale, legend, time_axis

_HEIGHT, _TOP, _AXIS = 290.0, 60.0, 24.0
_NAME_ROWS = (18, 33, 48)
_CELL = 3.0
_LETTER = 6.6


def waits_chart(waits: Sequence[Wait], moves: Sequence[Move], start: datetime, end: datetime, limit_ms: float) -> Html:
    """Every write from ``start`` to ``end`` as a dot: when it was sent, and how long it waited (logarithmic)."""
    writes = [wait for wait in waits if wait.kind in WRITES and start.timestamp() <= wait.started_at <= end.timestamp()]
    scale = Scale((end - start).total_seconds())
    height = _Height(max([limit_ms, *(wait.wait_ms for wait in writes)]))
    return markup(
        '<div class="chart"><svg viewBox="0 0 {width} {height}" role="img" '
        'aria-label="How long every write waited, over time">{axis}{levels}{moves}{limit}{dots}{peaks}</svg></div>'
        "{legend}",
        width=f"{WIDTH:.0f}", height=f"{_HEIGHT + _AXIS:.0f}",
        axis=time_axis(scale, _HEIGHT), levels=height.levels(), moves=_moves(moves, start, scale),
        limit=_limit(limit_ms, height), dots=_dots(writes, start, scale, height, limit_ms),
        peaks=_peaks(writes, moves, start, scale, height),
        legend=legend([("message", "a message"), ("other", "another write"), ("over-limit", "above the limit")]),
    )  # fmt: skip


class _Height:
    """Milliseconds to places in the drawing, by their logarithm, from 1 ms to the next power of ten."""

    def __init__(self, longest_ms: float) -> None:
        self._decades = max(3, math.ceil(math.log10(max(longest_ms, 1.0))))

    def y(self, wait_ms: float) -> float:
        share = math.log10(max(wait_ms, 1.0)) / self._decades
        return _HEIGHT - share * (_HEIGHT - _TOP)

    def levels(self) -> list[Html]:
        return [
            markup(
                '<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
                '<text x="{text}" y="{base}" text-anchor="end">{label}</text>',
                left=f"{LEFT:.0f}", right=f"{WIDTH - 8:.0f}", y=f"{self.y(10**n):.1f}",
                text=f"{LEFT - 8:.0f}", base=f"{self.y(10**n) + 4:.1f}",
                label=f"{10**n} ms" if n < 3 else f"{10 ** (n - 3)} s",
            )
            for n in range(self._decades + 1)
        ]  # fmt: skip


def _moves(moves: Sequence[Move], start: datetime, scale: Scale) -> Iterable[Html]:
    """A band for each move, with a name where there is room for one in three rows."""
    taken = dict.fromkeys(_NAME_ROWS, 0.0)
    bands = []
    for move in moves:
        left = scale.x(move.started_at - start.timestamp())
        end = max(scale.x(move.ended_at - start.timestamp()), left + 2)
        label = Html()
        text = f"{move.title} (killed)" if move.killed else move.title
        width = len(text) * _LETTER
        x = min(left, WIDTH - width)
        row = next((row for row, right in taken.items() if x >= right), None)
        if row is not None:
            taken[row] = x + width + 8
            label = markup('<text x="{x}" y="{y}" class="strong">{text}</text>', x=f"{x:.1f}", y=row, text=text)
        bands.append(
            markup(
                "<g><title>{title}: writes held for {held} ms, longest wait {longest} ms</title>"
                '<rect class="move" x="{x}" y="{top}" width="{width}" height="{height}"/>'
                '<line class="move-edge" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>{label}</g>',
                title=text, held=f"{move.blocked_ms:.1f}", longest=f"{move.longest_write_wait_ms:.0f}",
                x=f"{left:.1f}", top=f"{_TOP - 6:.0f}", bottom=f"{_HEIGHT:.0f}", width=f"{end - left:.1f}",
                height=f"{_HEIGHT - _TOP + 6:.0f}", label=label,
            )
        )  # fmt: skip
    return bands


def _limit(limit_ms: float, height: _Height) -> Html:
    return markup(
        '<line class="limit" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        '<text class="limit-text" x="{right}" y="{base}" text-anchor="end">limit around a move: {limit} ms</text>',
        left=f"{LEFT:.0f}", right=f"{WIDTH - 8:.0f}", y=f"{height.y(limit_ms):.1f}",
        base=f"{height.y(limit_ms) - 6:.1f}", limit=f"{limit_ms:g}",
    )  # fmt: skip


def _dots(writes: Sequence[Wait], start: datetime, scale: Scale, height: _Height, limit_ms: float) -> list[Html]:
    """One dot for all writes that would lie on one another: the picture shows each, and its file stays small."""
    cells: dict[tuple[int, int, str], list[Wait]] = {}
    for wait in writes:
        x, y = scale.x(wait.started_at - start.timestamp()), height.y(wait.wait_ms)
        kind = "message" if wait.kind == "message" else "other"
        cells.setdefault((round(x / _CELL), round(y / _CELL), kind), []).append(wait)
    return [
        markup(
            '<circle class="{kind}" cx="{x}" cy="{y}" r="{r}"><title>{title}</title></circle>\n',
            kind="over-limit" if (over := max(wait.wait_ms for wait in held) > limit_ms) else kind, r=3 if over else 2,
            x=f"{column * _CELL:.0f}", y=f"{row * _CELL:.0f}", title=_title(held),
        )
        for (column, row, kind), held in cells.items()
    ]  # fmt: skip


def _title(held: Sequence[Wait]) -> str:
    longest = max(held, key=lambda wait: wait.wait_ms)
    others = f", and {len(held) - 1} more" if len(held) > 1 else ""
    moment = datetime.fromtimestamp(longest.started_at, UTC).strftime("%H:%M:%S.%f")[:-3]
    return f"{longest.kind} at {moment}: {longest.wait_ms:.1f} ms{others}"


def _peaks(writes: Sequence[Wait], moves: Sequence[Move], start: datetime, scale: Scale, height: _Height) -> list[Html]:
    """The longest wait around each move, in figures."""
    peaks = []
    named: set[int] = set()
    for move in moves:
        around = [w for w in writes if w.started_at <= move.ended_at and w.ended_at >= move.started_at]
        longest = max(around, key=lambda wait: wait.wait_ms, default=None)
        if longest is None or id(longest) in named:  # moves that follow closely may have felt the same one
            continue
        named.add(id(longest))
        x = scale.x(longest.started_at - start.timestamp())
        peaks.append(
            markup(
                '<text class="strong" x="{x}" y="{y}" text-anchor="{anchor}">{wait} ms</text>',
                x=f"{x:.1f}", y=f"{height.y(longest.wait_ms) - 7:.1f}", anchor="end" if x > WIDTH - 60 else "start",
                wait=f"{longest.wait_ms:.0f}",
            )
        )  # fmt: skip
    return peaks
