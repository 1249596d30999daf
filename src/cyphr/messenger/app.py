"""Builds the object graph of the messenger; nothing else does."""

import asyncio
from dataclasses import dataclass, field

from cyphr.foundation.aws import s3_client
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.postgres import Database, PoolLimits, Side
from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.accounts.mail import Mail
from cyphr.messenger.accounts.service import Accounts
from cyphr.messenger.chats.service import Chats
from cyphr.messenger.discovery.service import Discovery
from cyphr.messenger.drafts.service import DraftKeeper
from cyphr.messenger.files.service import Files
from cyphr.messenger.files.store import FileStore, S3Files, SupabaseFiles
from cyphr.messenger.messages.changes import MessageChanges
from cyphr.messenger.messages.details import MessageDetails
from cyphr.messenger.messages.expiry import Expiry
from cyphr.messenger.messages.service import Messages
from cyphr.messenger.realtime.connections import Connections
from cyphr.messenger.realtime.service import Realtime
from cyphr.messenger.search.service import Search
from cyphr.messenger.sessions.pins import Pins
from cyphr.messenger.sessions.service import Sessions
from cyphr.messenger.sessions.tokens import AccessTokens, SigningKey


@dataclass(frozen=True)
class Messenger:
    """Every feature of one process, ready to be opened."""

    switchboard: Switchboard
    metrics: Metrics
    sessions: Sessions
    accounts: Accounts
    discovery: Discovery
    files: Files
    chats: Chats
    messages: Messages
    message_changes: MessageChanges
    message_details: MessageDetails
    expiry: Expiry
    drafts: DraftKeeper
    search: Search
    realtime: Realtime
    pins: Pins
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Start the pools, and what runs beside requests. A side that is down does not stop this."""
        await self.switchboard.open()
        self._tasks.add(asyncio.create_task(self.expiry.sweep_for_ever()))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.switchboard.close()
        self.pins.close()


def build_messenger(settings: MessengerSettings, mail: Mail) -> Messenger:
    """Wire the messenger. Raises InvalidInput when the token key cannot be read."""
    key = SigningKey.read(settings.token_key_file)
    metrics = Metrics()
    switchboard = Switchboard(_databases(settings, metrics))
    pins = Pins()
    connections = Connections()
    sessions = Sessions(switchboard, AccessTokens(key, settings.issuer), pins)
    sessions.on_revoked(connections.end_session)
    messages = Messages(switchboard, connections)
    return Messenger(
        switchboard=switchboard,
        metrics=metrics,
        sessions=sessions,
        accounts=Accounts(switchboard, sessions, pins, mail, key.derive("email codes")),
        discovery=Discovery(switchboard),
        files=Files(switchboard, _file_stores(settings)),
        chats=Chats(switchboard, connections),
        messages=messages,
        message_changes=MessageChanges(switchboard, connections),
        message_details=MessageDetails(switchboard),
        expiry=Expiry(switchboard),
        drafts=DraftKeeper(switchboard, connections),
        search=Search(switchboard),
        realtime=Realtime(sessions, messages, connections, queue_length=settings.connection_queue_length),
        pins=pins,
    )


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
