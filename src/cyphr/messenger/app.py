"""Builds the object graph of the messenger; nothing else does."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from cyphr.foundation.aws import notifications_client, s3_client, sign_in_client
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import CyphrError
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.postgres import Database, PoolLimits, Side
from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.accounts.mail import Mail
from cyphr.messenger.accounts.service import Accounts
from cyphr.messenger.admin.service import Administration
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.blocks.service import Blocks
from cyphr.messenger.chats.changes import Changes
from cyphr.messenger.chats.service import Chats
from cyphr.messenger.cognito.duties import Duties
from cyphr.messenger.cognito.passwords import Passwords
from cyphr.messenger.cognito.pool import UserPool
from cyphr.messenger.cognito.service import Cognito
from cyphr.messenger.devices.service import Devices
from cyphr.messenger.discovery.service import Discovery
from cyphr.messenger.drafts.service import DraftKeeper
from cyphr.messenger.files.service import Files
from cyphr.messenger.files.store import FileStore, S3Files, SupabaseFiles
from cyphr.messenger.groups.service import Groups
from cyphr.messenger.identities.service import Identities
from cyphr.messenger.invites.service import Invites
from cyphr.messenger.limits import TokenBuckets
from cyphr.messenger.messages.changes import MessageChanges
from cyphr.messenger.messages.details import MessageDetails
from cyphr.messenger.messages.expiry import Expiry
from cyphr.messenger.messages.postman import Postman
from cyphr.messenger.messages.service import Messages
from cyphr.messenger.mfa.passkeys import Passkeys
from cyphr.messenger.mfa.proofs import Proofs
from cyphr.messenger.mfa.service import Mfa
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
from cyphr.messenger.realtime.service import Realtime
from cyphr.messenger.search.service import Search
from cyphr.messenger.sessions.issuers import accepted_issuers
from cyphr.messenger.sessions.notices import Notices
from cyphr.messenger.sessions.pins import Pins
from cyphr.messenger.sessions.service import Sessions
from cyphr.messenger.sessions.tokens import AccessTokens
from cyphr.messenger.sessions.tries import PinTries
from cyphr.messenger.sessions.verifier import Verifier
from cyphr.messenger.shared import Shared, accepted_keys, build_shared, factor_sealer, root_key, signing_key

_PARTING_SECONDS = 2.0


@dataclass(frozen=True)
class Messenger:
    """Every feature of one process, ready to be opened."""

    settings: MessengerSettings
    switchboard: Switchboard
    metrics: Metrics
    sessions: Sessions
    accounts: Accounts
    administration: Administration
    devices: Devices
    mfa: Mfa
    proofs: Proofs
    discovery: Discovery
    files: Files
    chats: Chats
    groups: Groups
    invites: Invites
    blocks: Blocks
    messages: Messages
    message_changes: MessageChanges
    message_details: MessageDetails
    expiry: Expiry
    drafts: DraftKeeper
    search: Search
    exchange: Exchange
    presence: Presence
    realtime: Realtime
    cognito: Cognito | None
    """Signing in with a password; None: nobody does here."""
    duties: Duties
    identities: Identities
    push: Push
    relocation: Relocation
    departures: Departures
    delivery: Delivery | None
    """Delivers to all servers' connections; None: this process is the only one."""
    shared: Shared | None
    """What reaches other servers' connections; None: this process is the only one."""
    pins: Pins
    passwords: Passwords | None

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


def build_messenger(
    settings: MessengerSettings,
    mail: Mail,
    channel: Channel | None = None,
    *,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = monotonic,
) -> Messenger:
    """Wire the messenger. ``channel``: how pushes leave; none: SNS. ``metrics``: where to count; none: new ones.
    ``clock``: seconds, by which it is believed that a session lives.

    Raises InvalidInput when the token key cannot be read.
    """
    root = root_key(settings)
    metrics = metrics or Metrics()
    switchboard = Switchboard(_databases(settings, metrics))
    pins = Pins()
    connections = Connections()
    shared = None if settings.realtime.table is None else build_shared(settings, root)
    postman = connections if shared is None else shared.delivery_beside(connections, _own_endpoint(settings))
    audit, notices = Audit(), Notices(switchboard, mail)
    passkeys, sealer, code_key = Passkeys.of(settings), factor_sealer(settings, root), root.derive("recovery codes")
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
    if isinstance(postman, Delivery):
        sessions.on_revoked(partial(postman.end_session, code=NOT_AUTHENTICATED))
    accounts = Accounts(switchboard, sessions, pins, mail, audit, root.derive("email codes"))
    pool = None if settings.cognito is None else UserPool(settings.cognito, partial(sign_in_client, settings.aws))
    passwords = (
        None
        if pool is None
        else Passwords(switchboard, sessions, verifier, pool, wrong=settings.wrong_pins_per_address)
    )
    duties = Duties(switchboard, pool)
    proofs = Proofs(switchboard, sessions, passkeys, sealer, audit, notices, code_key=code_key, passwords=passwords)
    messages = Messages(switchboard, _reminding(settings, postman, shared))
    devices = Devices(switchboard, sessions, postman, audit)
    sessions.on_new_device(devices.announce)
    files = Files(switchboard, _file_stores(settings))
    changes = Changes(switchboard, messages, postman)
    presence = Presence(switchboard, postman, postman, relay_seconds=settings.presence_relay_seconds)
    exchange = Exchange(sessions, messages, postman, longest_resume=settings.realtime.longest_resume)
    return Messenger(
        settings=settings,
        switchboard=switchboard,
        metrics=metrics,
        sessions=sessions,
        accounts=accounts,
        administration=Administration(switchboard, sessions, accounts, duties, mail),
        mfa=Mfa(switchboard, proofs, passkeys, sealer, audit, notices, code_key=code_key, issuer=_name_of(settings)),
        proofs=proofs,
        devices=devices,
        discovery=Discovery(switchboard),
        files=files,
        chats=Chats(switchboard, postman, changes),
        groups=Groups(switchboard, changes, files),
        invites=Invites(switchboard, changes),
        blocks=Blocks(switchboard),
        messages=messages,
        message_changes=MessageChanges(switchboard, postman),
        message_details=MessageDetails(switchboard),
        expiry=Expiry(switchboard),
        drafts=DraftKeeper(switchboard, postman),
        search=Search(switchboard),
        exchange=exchange,
        presence=presence,
        realtime=_realtime(settings, exchange, connections, presence, shared),
        delivery=postman if isinstance(postman, Delivery) else None,
        departures=Departures(sessions, connections, postman if isinstance(postman, Delivery) else None),
        relocation=Relocation(
            switchboard,
            settings.realtime,
            connections,
            register=None if shared is None else shared.table,
            post=postman if isinstance(postman, Delivery) else None,
        ),
        shared=shared,
        push=Push(
            switchboard,
            postman,
            channel or sns_channel(settings),
            after=timedelta(seconds=settings.push_after_seconds),
            collapse=timedelta(seconds=settings.push_collapse_seconds),
            public_url=settings.public_url,
        ),
        pins=pins,
        passwords=passwords,
        identities=Identities(switchboard, sessions, pins, pool, passwords, audit),
        cognito=None
        if pool is None or passwords is None
        else Cognito(switchboard, sessions, pool, passwords, duties, audit),
        duties=duties,
    )


def _name_of(settings: MessengerSettings) -> str:
    """What authenticators show beside a code."""
    return "Cyphr" if settings.issuer == "cyphr" else settings.issuer


def _reminding(settings: MessengerSettings, postman: Postman, shared: Shared | None) -> Postman:
    """``postman``, and where a queue is given, one that has each message looked at when it should have arrived."""
    if shared is None or shared.later is None:
        return postman
    return Reminder(postman, shared.later, after=settings.push_after_seconds)


def _realtime(
    settings: MessengerSettings,
    exchange: Exchange,
    connections: Connections,
    presence: Presence,
    shared: Shared | None,
) -> Realtime:
    return Realtime(
        exchange,
        connections,
        presence,
        TokenBuckets(settings.realtime.sends_per_minute, settings.realtime.sends_burst),
        queue_length=settings.connection_queue_length,
        greeting_seconds=settings.realtime.greeting_seconds,
        most_coming=max(1, settings.pool_size // 2),
        table=None if shared is None else shared.table,
        endpoint=_own_endpoint(settings),
    )


def _own_endpoint(settings: MessengerSettings) -> str:
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


def _file_stores(settings: MessengerSettings) -> dict[Side, FileStore]:
    stores: dict[Side, FileStore] = {}
    if settings.files_supabase_bucket and settings.files_supabase_url:
        client = s3_client(settings.supabase_storage or settings.aws)
        stores[Side.SUPABASE] = SupabaseFiles(client, settings.files_supabase_bucket, settings.files_supabase_url)
    if settings.files_aws_bucket and settings.files_aws_url:
        # One bucket holds everything there, each Supabase bucket's objects in a folder of its name.
        stores[Side.AWS] = S3Files(
            s3_client(settings.aws), settings.files_aws_bucket, settings.files_aws_url, folder="avatars/"
        )
    return stores
