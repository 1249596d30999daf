"""Looks at what was to be looked at a little later; called by the queue of ``realtime/later.py``."""

from functools import partial
from typing import Any

from cyphr.messenger.core import Core
from cyphr.messenger.lambdas.batch import each
from cyphr.messenger.lambdas.container import Answer, Event, invocation, run
from cyphr.messenger.lambdas.graph import core
from cyphr.messenger.realtime.later import QUESTION, Moved, Sent


@invocation
def handler(event: Event, _: Any) -> Answer:
    """Which questions have to be asked again."""
    return run(each(event, partial(_look, core())))


async def _look(built: Core, body: str) -> None:
    match QUESTION.validate_json(body):
        case Sent(chat_id=chat_id, seq=seq):
            await built.push.check(chat_id, seq)
        case Moved(user_id=user_id, at=at):
            built.presence.moved(user_id, at)
            await built.presence.record()
