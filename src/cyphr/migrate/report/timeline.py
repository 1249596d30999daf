"""A picture of when each service was in which phase."""

from collections.abc import Sequence
from datetime import datetime

from cyphr.migrate.report.history import Span
from cyphr.migrate.report.markdown import duration
from cyphr.migrate.report.page import Html, markup

WIDTH = 1000.0
LEFT = 84.0
"""Where the drawing begins, right of the names, and thereby how charts above one another are aligned."""
_ROW, _BAR, _AXIS = 34.0, 22.0, 24.0
_LETTER = 6.6
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800, 2592000)
_TICKS_AT_MOST = 12
_PHASES = ("copying", "following", "verified", "handed over", "handed back")


def timeline(spans: Sequence[Span], start: datetime, end: datetime) -> Html:
    """One row per service from ``start`` to ``end``; a span that has not ended reaches the end."""
    services = list(dict.fromkeys(span.service for span in spans))
    scale = Scale((end - start).total_seconds())
    bars = []
    for row, service in enumerate(services):
        top = row * _ROW + 4
        name = markup('<text class="strong" x="0" y="{y}">{service}</text>', y=f"{top + 15:.1f}", service=service)
        own = (span for span in spans if span.service == service)
        bars += [name, *(_bar(span, start, end, scale, top) for span in own)]
    height = len(services) * _ROW
    return markup(
        '<div class="chart"><svg viewBox="0 0 {width} {height}" role="img" aria-label="Phases of each service">'
        "{axis}{bars}</svg></div>{legend}",
        width=f"{WIDTH:.0f}", height=f"{height + _AXIS:.0f}", axis=time_axis(scale, height), bars=bars,
        legend=legend([(phase, phase) for phase in _PHASES]),
    )  # fmt: skip


class Scale:
    """Seconds from the left edge to places in the drawing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(seconds, 0.1)

    def x(self, seconds: float) -> float:
        return LEFT + min(max(seconds / self.seconds, 0.0), 1.0) * (WIDTH - LEFT - 8)


def time_axis(scale: Scale, height: float) -> list[Html]:
    """Vertical lines at round times, with the time under them."""
    step = next((step for step in _STEPS if scale.seconds / step <= _TICKS_AT_MOST), _STEPS[-1])
    ticks = [tick * step for tick in range(int(scale.seconds / step) + 1)]
    return [
        markup(
            '<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{height}"/>'
            '<text x="{x}" y="{y}" text-anchor="middle">{label}</text>',
            x=f"{scale.x(tick):.1f}", height=f"{height:.0f}", y=f"{height + 17:.0f}", label=_clock(tick),
        )
        for tick in ticks
    ]  # fmt: skip


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """What the colours mean: pairs of a class of ``page.html`` and a word."""
    items = [
        markup(
            '<li><svg viewBox="0 0 12 12" aria-hidden="true">'
            '<rect class="{kind}" width="12" height="12" rx="3"/></svg>{word}</li>',
            kind=kind.replace(" ", "-"),
            word=word,
        )
        for kind, word in entries
    ]
    return markup('<ul class="legend">{items}</ul>', items=items)


def _bar(span: Span, start: datetime, end: datetime, scale: Scale, top: float) -> Html:
    left = scale.x((span.began - start).total_seconds())
    right = scale.x(((span.ended or end) - start).total_seconds())
    width = max(right - left, 2.0)  # a phase that took milliseconds is still seen
    label = Html()
    if len(span.phase) * _LETTER + 12 < width:
        label = markup(
            '<text x="{x}" y="{y}" style="fill: {colour}">{phase}</text>',
            x=f"{left + 6:.1f}", y=f"{top + 15:.1f}", phase=span.phase,
            colour="#fff" if span.phase.startswith("handed") else "var(--text)",
        )  # fmt: skip
    return markup(
        '<g><title>{service}: {phase}, {took}, from {began}</title>'
        '<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>{label}</g>',
        service=span.service, phase=span.phase, took=duration(span.seconds), began=span.began.strftime("%H:%M:%S"),
        kind=span.phase.replace(" ", "-"), x=f"{left:.1f}", y=f"{top:.1f}", width=f"{width:.1f}", height=f"{_BAR:.0f}",
        label=label,
    )  # fmt: skip


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    if seconds < 3600:
        return f"{int(seconds // 60)}:{int(seconds % 60):02}"
    return f"{seconds / 3600:g} h" if seconds < 86400 else f"{seconds / 86400:g} d"
