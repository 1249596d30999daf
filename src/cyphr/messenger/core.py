"""Builds what conversations need: who is signed in, messages, connections, pushes, and what goes on beside requests.

Apart from ``app.py``, because functions that handle frames, and those that a clock or a queue calls, need no more.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from cyphr.foundation.aws import notifications_client, sign_in_client
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import CyphrError
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.postgres import Database, PoolLimits, Side
from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.accounts.mail import Mail
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.cognito.duties import Duties
from cyphr.messenger.cognito.passwords import Passwords
from cyphr.messenger.cognito.pool import UserPool
from cyphr.messenger.devices.service import Devices
from cyphr.messenger.messages.expiry import Expiry
from cyphr.messenger.messages.postman import Postman
from cyphr.messenger.messages.service import Messages
from cyphr.messenger.presence.service import Presence
from cyphr.messenger.push.channel import Channel
from cyphr.messenger.push.models import Platform
from cyphr.messenger.push.service import Push
from cyphr.messenger.push.sns import SnsChannel
from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED, Connections
from cyphr.messenger.realtime.delivery import Delivery
from cyphr.messenger.realtime.departures import Departures
from cyphr.messenger.realtime.exchange import Exchange
from cyphr.messenger.realtime.later import Reminder
from cyphr.messenger.realtime.processes import SCHEME
from cyphr.messenger.realtime.relocation import Relocation
from cyphr.messenger.sessions.issuers import accepted_issuers
from cyphr.messenger.sessions.notices import Notices
from cyphr.messenger.sessions.pins import Pins
from cyphr.messenger.sessions.service import Sessions
from cyphr.messenger.sessions.tokens import AccessTokens
from cyphr.messenger.sessions.tries import PinTries
from cyphr.messenger.sessions.verifier import Verifier
from cyphr.messenger.shared import Shared, accepted_keys, build_shared, root_key, signing_key

_PARTING_SECONDS = 2.0


@dataclass(frozen=True)
class Core:
    """Those features, ready to be opened."""

    settings: MessengerSettings
    switchboard: Switchboard
    metrics: Metrics
    audit: Audit
    notices: Notices
    sessions: Sessions
    devices: Devices
    messages: Messages
    expiry: Expiry
    exchange: Exchange
    presence: Presence
    connections: Connections
    postman: Postman
    push: Push
    relocation: Relocation
    departures: Departures
    delivery: Delivery | None
    """Delivers to all servers' connections; None: this process is the only one."""
    shared: Shared | None
    """What reaches other servers' connections; None: this process is the only one."""
    pins: Pins
    pool: UserPool | None
    """Where people sign in with a password; None: nobody does here."""
    passwords: Passwords | None
    duties: Duties

    async def open(self) -> None:
        """Start the pools. A side that is down does not stop this."""
        await self.switchboard.open()

    async def run(self) -> None:
        """What goes on beside requests, until it is cancelled. A runtime without a process of its own calls the
        features instead, by a clock.
        """
        await asyncio.gather(
            self.push.run(),
            self.presence.run(),
            self.relocation.run(),
            self.departures.sweep_for_ever(),
            *([] if self.delivery is None else [self.delivery.run()]),
            self.expiry.sweep_for_ever(),
            self.duties.sweep_for_ever(),
            self.metrics.flush_for_ever(),
        )

    async def close(self) -> None:
        # Everybody was here until now. When that cannot be kept quickly, it is not worth waiting for.
        with suppress(CyphrError, TimeoutError):
            async with asyncio.timeout(_PARTING_SECONDS):
                await self.presence.record()
        await self.switchboard.close()
        self.pins.close()
        if self.passwords is not None:
            self.passwords.close()


def build_core(
    settings: MessengerSettings,
    mail: Mail,
    channel: Channel | None = None,
    *,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = monotonic,
) -> Core:
    """Wire it. ``channel``: how pushes leave; none: SNS. ``metrics``: where to count; none: new ones. ``clock``:
    seconds, by which it is believed that a session lives.

    Raises InvalidInput when the token key cannot be read.
    """
    root = root_key(settings)
    metrics = metrics or Metrics()
    switchboard = Switchboard(_databases(settings, metrics))
    pins = Pins()
    connections = Connections()
    shared = None if settings.realtime.table is None else build_shared(settings, root)
    postman = connections if shared is None else shared.delivery_beside(connections, own_endpoint(settings))
    delivery = postman if isinstance(postman, Delivery) else None
    audit, notices = Audit(), Notices(switchboard, mail)
    tokens = AccessTokens(signing_key(settings), settings.issuer, accepted_keys(settings))
    verifier = Verifier(tokens, accepted_issuers(settings))
    sessions = Sessions(
        switchboard,
        tokens,
        verifier,
        PinTries(switchboard, pins, audit, most=settings.wrong_pins_per_address),
        audit,
        notices,
        clock=clock,
    )
    sessions.on_revoked(connections.end_session)
    if delivery is not None:
        sessions.on_revoked(partial(delivery.end_session, code=NOT_AUTHENTICATED))
    pool = None if settings.cognito is None else UserPool(settings.cognito, partial(sign_in_client, settings.aws))
    passwords = (
        None
        if pool is None
        else Passwords(switchboard, sessions, verifier, pool, wrong=settings.wrong_pins_per_address)
    )
    messages = Messages(switchboard, _reminding(settings, postman, shared))
    devices = Devices(switchboard, sessions, postman, audit)
    sessions.on_new_device(devices.announce)
    return Core(
        settings=settings,
        switchboard=switchboard,
        metrics=metrics,
        audit=audit,
        notices=notices,
        sessions=sessions,
        devices=devices,
        messages=messages,
        expiry=Expiry(switchboard),
        exchange=Exchange(sessions, messages, postman, longest_resume=settings.realtime.longest_resume),
        presence=Presence(switchboard, postman, postman, relay_seconds=settings.presence_relay_seconds),
        connections=connections,
        postman=postman,
        push=Push(
            switchboard,
            postman,
            channel or sns_channel(settings),
            after=timedelta(seconds=settings.push_after_seconds),
            collapse=timedelta(seconds=settings.push_collapse_seconds),
            public_url=settings.public_url,
        ),
        relocation=Relocation(
            switchboard,
            settings.realtime,
            connections,
            register=None if shared is None else shared.table,
            post=delivery,
        ),
        departures=Departures(sessions, connections, delivery),
        delivery=delivery,
        shared=shared,
        pins=pins,
        pool=pool,
        passwords=passwords,
        duties=Duties(switchboard, pool),
    )


def _reminding(settings: MessengerSettings, postman: Postman, shared: Shared | None) -> Postman:
    """``postman``, and where a queue is given, one that has each message looked at when it should have arrived."""
    if shared is None or shared.later is None:
        return postman
    return Reminder(postman, shared.later, after=settings.push_after_seconds)


def own_endpoint(settings: MessengerSettings) -> str:
    """Where other servers reach this process's connections."""
    return f"{SCHEME}{settings.realtime.endpoint or ''}"


def sns_channel(settings: MessengerSettings) -> SnsChannel:
    """Pushes through SNS, to those platforms that have an application there."""
    given = {
        Platform.FCM: settings.push_fcm_application,
        Platform.APNS: settings.push_apns_application,
        Platform.WEBPUSH: settings.push_web_application,
    }
    applications = {platform: arn for platform, arn in given.items() if arn is not None}
    return SnsChannel(lambda: notifications_client(settings.push_service or settings.aws), applications)


def _databases(settings: MessengerSettings, metrics: Metrics) -> dict[Side, Database]:
    given = {Side.SUPABASE: settings.supabase_database, Side.AWS: settings.aws_database}
    limits = PoolLimits(statement_seconds=settings.statement_seconds, slow_seconds=settings.slow_query_seconds)
    return {
        side: Database(side, database, pool_size=settings.pool_size, limits=limits, metrics=metrics)
        for side, database in given.items()
        if database is not None
    }
