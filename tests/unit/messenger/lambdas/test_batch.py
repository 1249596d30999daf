"""A queue's records, each on its own."""

from typing import Any

from cyphr.messenger.lambdas.batch import each


def records(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"id of {body}", "body": body} for body in bodies]}


async def test_only_the_records_that_failed_are_given_again() -> None:
    done: list[str] = []

    async def work(body: str) -> None:
        if body == "bad":
            raise ValueError(body)
        done.append(body)

    assert await each(records("one", "bad", "two"), work) == {"batchItemFailures": [{"itemIdentifier": "id of bad"}]}
    assert done == ["one", "two"]
    assert await each(records("three"), work) == {"batchItemFailures": []}
