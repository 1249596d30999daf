"""The rules of pushes: what was not received in time leads to one, once, on each of the person's devices."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Literal
from uuid import UUID

from cyphr.foundation.errors import Conflict, CyphrError, InvalidInput, NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.postman import NO_CHAT, Event, EventKind, Postman, encode
from cyphr.messenger.push.channel import Channel
from cyphr.messenger.push.models import NewEndpoint, Notifications, Platform, QuietHours
from cyphr.messenger.push.words import Waiting, notification_of
from cyphr.messenger.sessions.models import Identity

_queries = load_queries(__package__)
_logger = logging.getLogger(__name__)

_MOST_CHATS = 100
# So many at once that all of them are sent well before the lease of the first ends, however slow the channel is.
_MOST_PUSHES = 16
_LEASE = timedelta(seconds=60)
_LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class _Wishes:
    """What a person has set, as it is stored."""

    preview: Literal["full", "name", "none"]
    mentions_break_mute: bool
    quiet_from: time | None
    quiet_until: time | None
    time_zone: str | None
    quiet_mode: Literal["badge", "none"]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of sending one push. ``settled``: it need not be tried again."""

    waiting: Waiting
    settled: bool


class Push:
    """Keeps devices, and sends what waits for them.

    What waits is in the database, noted by the transaction that stored the message: a server that dies forgets nothing,
    and several servers take turns without sending anything twice.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        postman: Postman,
        channel: Channel,
        *,
        after: timedelta,
        collapse: timedelta,
        public_url: str | None = None,
    ) -> None:
        """``after``: how long a message may be on its way. ``collapse``: a device is left in peace for so long after a
        push of the same chat.
        """
        self._switchboard = switchboard
        self._postman = postman
        self._channel = channel
        self._after = after
        self._collapse = collapse
        self._public_url = public_url

    async def register(self, identity: Identity, device: UUID, new: NewEndpoint) -> None:
        """Send pushes to ``device`` as long as this session lives. Raises InvalidInput for a platform not set up."""
        if new.platform not in self._channel.platforms:
            raise InvalidInput(f"this server sends no pushes over {new.platform}")

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _queries.register_endpoint,
                device=device,
                session_id=identity.session_id,
                platform=new.platform,
                token=new.token,
                language=new.language,
            )

        await self._switchboard.unit_of_work(identity.user_id, work)

    async def remove(self, identity: Identity, device: UUID) -> None:
        """Send no more pushes to ``device``, if it is this person's."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.remove_endpoint, device=device)

        await self._switchboard.unit_of_work(identity.user_id, work)

    async def read_notifications(self, user_id: UUID) -> Notifications:
        """What this person wants of pushes."""

        async def work(transaction: Transaction) -> _Wishes | None:
            return await transaction.fetch_one(_Wishes, _queries.read_notifications, user_id=user_id)

        wishes = await self._switchboard.unit_of_work(user_id, work)
        if wishes is None:
            return Notifications()
        quiet = None
        if wishes.quiet_from is not None and wishes.quiet_until is not None and wishes.time_zone is not None:
            quiet = QuietHours(
                start=wishes.quiet_from, end=wishes.quiet_until, time_zone=wishes.time_zone, mode=wishes.quiet_mode
            )
        return Notifications(preview=wishes.preview, mentions_break_mute=wishes.mentions_break_mute, quiet_hours=quiet)

    async def set_notifications(self, user_id: UUID, wanted: Notifications) -> Notifications:
        """Keep what this person wants, and tell their devices.

        Raises InvalidInput for a time zone that the database does not know.
        """
        quiet = wanted.quiet_hours

        async def work(transaction: Transaction) -> bool:
            known = await transaction.fetch_value(
                _queries.set_notifications,
                preview=wanted.preview,
                mentions_break_mute=wanted.mentions_break_mute,
                quiet_from=quiet and quiet.start,
                quiet_until=quiet and quiet.end,
                time_zone=quiet and quiet.time_zone,
                quiet_mode=quiet.mode if quiet else "none",
            )
            return bool(known)

        if not await self._switchboard.unit_of_work(user_id, work):
            raise InvalidInput("time_zone is none that is known; give a name like Europe/Berlin")
        text = encode("me.settings", d={"notifications": wanted})
        await self._postman.deliver([user_id], Event(EventKind.PERSONAL, NO_CHAT, text))
        return wanted

    async def run(self) -> None:
        """Check and send, for ever; return at once where no platform is set up.

        Otherwise it ends by cancellation only: trouble is logged, and what waits stays in the database.
        """
        if not self._channel.platforms:
            return
        pause = min(_LONGEST_PAUSE_SECONDS, self._after.total_seconds() / 4)
        while True:
            try:
                await self.check_due()
            except CyphrError as error:
                _logger.warning("pushes wait", extra={"context": {"why": error.message}})
            except Exception:
                _logger.exception("pushes could not be checked")
            await asyncio.sleep(pause)

    async def check_due(self) -> int:
        """Look at every chat that is due and send whatever is; how many pushes were settled."""
        while await self._check(None, None) == _MOST_CHATS:
            pass
        return await self._send_due(None)

    async def check(self, chat_id: UUID, seq: int) -> int:
        """Look at one chat now: what it holds up to ``seq`` is late enough. How many pushes were settled.

        What cannot be sent at once waits for the next ``check_due``.
        """
        await self._check(chat_id, seq)
        return await self._send_due(chat_id)

    async def _check(self, chat_id: UUID | None, seq: int | None) -> int:
        async def work(transaction: Transaction) -> int:
            checked = await transaction.fetch_value(
                _queries.check_pushes,
                after=self._after,
                collapse=self._collapse,
                limit=_MOST_CHATS,
                chat_id=chat_id,
                seq=seq,
            )
            return int(checked)

        return await self._switchboard.unit_of_work(None, work)

    async def _send_due(self, chat_id: UUID | None) -> int:
        settled = 0
        while waiting := await self._take(chat_id):
            outcomes = await asyncio.gather(*(self._send(one) for one in waiting))
            await self._settle(outcomes)
            settled += sum(outcome.settled for outcome in outcomes)
        return settled

    async def _take(self, chat_id: UUID | None) -> list[Waiting]:
        async def work(transaction: Transaction) -> list[Waiting]:
            return await transaction.fetch_all(
                Waiting, _queries.take_pushes, limit=_MOST_PUSHES, chat_id=chat_id, lease=_LEASE
            )

        return await self._switchboard.unit_of_work(None, work)

    async def _send(self, waiting: Waiting) -> _Outcome:
        context = {"device": waiting.device, "chat": waiting.chat_id, "platform": waiting.platform}
        try:
            await self._hand_over(waiting)
        except NotFound as error:
            _logger.info("a device is gone", extra={"context": context | {"why": error.message}})
            await self._forget(waiting)
        except InvalidInput as error:
            _logger.error("a push will never be taken", extra={"context": context | {"why": error.message}})
        except CyphrError as error:
            _logger.warning("a push is tried again later", extra={"context": context | {"why": error.message}})
            return _Outcome(waiting, settled=False)
        except Exception:
            # Whatever it is, it is this one's; the others go on.
            _logger.exception("a push could not be sent", extra={"context": context})
            return _Outcome(waiting, settled=False)
        return _Outcome(waiting, settled=True)

    async def _hand_over(self, waiting: Waiting) -> None:
        notification = notification_of(waiting, public_url=self._public_url)
        platform = Platform(waiting.platform)
        endpoint = waiting.endpoint_arn or await self._make_endpoint(waiting)
        try:
            await self._channel.push(platform, endpoint, notification)
        except Conflict:
            await self._channel.push(platform, await self._make_endpoint(waiting), notification)

    async def _make_endpoint(self, waiting: Waiting) -> str:
        arn = await self._channel.make_endpoint(Platform(waiting.platform), waiting.token)

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.keep_endpoint_arn, device=waiting.device, token=waiting.token, arn=arn)

        await self._switchboard.unit_of_work(None, work)
        return arn

    async def _forget(self, waiting: Waiting) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.forget_endpoint, device=waiting.device, token=waiting.token)

        await self._switchboard.unit_of_work(None, work)
        if waiting.endpoint_arn is not None:
            await self._channel.forget_endpoint(waiting.endpoint_arn)

    async def _settle(self, outcomes: Sequence[_Outcome]) -> None:
        sent = [outcome.waiting for outcome in outcomes if outcome.settled]
        failed = [outcome.waiting for outcome in outcomes if not outcome.settled]

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _queries.finish_pushes,
                devices=[one.device for one in sent],
                chat_ids=[one.chat_id for one in sent],
                seqs=[one.seq for one in sent],
                silent=[one.silent for one in sent],
                collapse=self._collapse,
            )
            await transaction.execute(
                _queries.retry_pushes,
                devices=[one.device for one in failed],
                chat_ids=[one.chat_id for one in failed],
            )

        await self._switchboard.unit_of_work(None, work)
