"""The record outlives its process, and knows who waited when."""

from pathlib import Path

from cyphr.embedded.people.record import Account, ChatMade, Failure, Kind, MessageSent, Record, Wait


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = Record("http://127.0.0.1:1", started_at=1.5)
    record.accounts["u"] = Account("u", "u@example.test", "@u", "Ü\n\"'", None)
    record.chats["c"] = ChatMade("c", "group", None, ["u"])
    record.messages["m"] = MessageSent("m", "i", "c", 1, "u", "00", "2026", "http", 1.0, 2.0, 3.0, 4.0)
    record.watermark("u", "c").read_seq = 7
    record.failures.append(Failure(2.0, "u", "GET /", "status 500"))
    record.waits.append(Wait(1.0, 2.5, "message"))
    record.write(tmp_path / "record.json")
    assert Record.read(tmp_path / "record.json") == record
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_the_longest_wait_is_of_those_that_overlap_the_window_and_write() -> None:
    record = Record("http://127.0.0.1:1", started_at=0.0)

    def wait(started_at: float, wait_ms: float, kind: Kind = "message") -> Wait:
        record.waits.append(Wait(started_at, wait_ms, kind))
        return record.waits[-1]

    wait(8.0, 1999)
    reaching_in = wait(9.9, 150)
    wait(10.5, 100, "read")
    wait(10.5, 9000, "argon2")
    wait(10.5, 9000, "fetch")
    wait(11.1, 5000)
    assert record.longest_wait(10.0, 11.0) == reaching_in
    assert record.longest_wait(20.0, 30.0) is None
