"""The page of a rehearsal."""

from html.parser import HTMLParser

from cyphr.embedded.people.record import Failure as RequestFailure
from cyphr.embedded.people.record import Wait
from cyphr.embedded.rehearsal.outcome import Failure, Move, Outcome, Step
from cyphr.embedded.rehearsal.report import as_page
from cyphr.foundation.postgres import Side
from cyphr.migrate.report.history import Trouble
from tests.unit.embedded.rehearsal.outcomes import START, kept_outcome, seconds

_HOSTILE = "</title><script>alert('x')</script><img src=x onerror=\"alert(1)\"> {0} $body &amp;"
_VOID = {"meta", "br", "img", "link"}


class _Page(HTMLParser):
    """Reads a page, insists that every element is closed, and collects its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_the_verdict_and_shows_every_promise() -> None:
    page = _Page(as_page(kept_outcome()))
    assert "Nothing was lost, nothing doubled, no request failed" in page.text
    assert sum((attributes.get("class") or "").startswith("tile") for _, attributes in page.elements) == 6
    for words in ("How long every write waited", "1,234 rows", "cyphr rehearse --seconds 8", "Machine and versions"):
        assert words in page.text


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    page = _Page(as_page(kept_outcome()))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert not any(name in attributes for _, attributes in page.elements for name in ("src", "href", "onclick"))


def test_hostile_text_stays_text_wherever_it_appears() -> None:
    outcome = kept_outcome()
    record = outcome.record
    assert record is not None
    record.failures.append(RequestFailure(seconds(1), _HOSTILE, _HOSTILE, _HOSTILE))
    record.delivery_problems.append(_HOSTILE)
    outcome.audits[Side.AWS].lost.append(_HOSTILE)
    outcome.audits[Side.AWS].doubled.append(_HOSTILE)
    outcome.verifications[_HOSTILE] = {"checked": 1, "differences": [_HOSTILE], "notes": [_HOSTILE]}
    outcome.verified = False
    outcome.history.troubles.append(Trouble(_HOSTILE, START, _HOSTILE, _HOSTILE))
    outcome.moves.append(Move(_HOSTILE, _HOSTILE, seconds(7), seconds(8), longest_write_wait_ms=999))
    outcome.steps.append(Step(seconds(21), _HOSTILE))
    outcome.machine[_HOSTILE] = _HOSTILE
    outcome.command = _HOSTILE
    outcome.failure = Failure(_HOSTILE, _HOSTILE, _HOSTILE)
    outcome.phases[_HOSTILE] = 1.0
    page = _Page(as_page(outcome))
    assert not {"script", "img"} & {tag for tag, _ in page.elements}
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert page.text.count(_HOSTILE) > 15


def test_every_write_is_in_the_chart_and_its_dot_tells_of_the_longest() -> None:
    outcome = kept_outcome()
    assert outcome.record is not None
    outcome.record.waits += [Wait(seconds(2), 300.0, "message"), Wait(seconds(2), 301.0, "message")]
    outcome.record.waits += [Wait(seconds(3), 9.0, "argon2"), Wait(seconds(-3), 7.0, "message")]
    page = _Page(as_page(outcome))
    dots = [attributes["class"] for tag, attributes in page.elements if tag == "circle"]
    assert sorted(str(dot) for dot in dots) == ["message", "message", "other", "over-limit"]
    assert "message at 12:00:02.000: 301.0 ms, and 1 more" in page.text
    assert "read at 12:00:06.000: 3.0 ms" in page.text
    assert "argon2 at" not in page.text


def test_a_broken_promise_shows_its_findings_and_where_the_logs_are() -> None:
    outcome = kept_outcome()
    outcome.audits[Side.AWS].lost.append("message client-1 is not there")
    page = _Page(as_page(outcome))
    for words in ("A promise was broken", "What was broken", "aws: message client-1 is not there", "migrator.log"):
        assert words in page.text


def test_a_rehearsal_that_hardly_began_has_a_page_too() -> None:
    outcome = Outcome(failure=Failure("unavailable", "PostgreSQL did not come up.", "the command was called"))
    page = _Page(as_page(outcome))
    assert "Ended half-way" in page.text
    assert "PostgreSQL did not come up." in page.text
    assert "How long every write waited" not in page.text
