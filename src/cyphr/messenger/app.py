"""Builds the object graph of the messenger; nothing else does."""

from collections.abc import Callable
from dataclasses import dataclass

from cyphr.foundation.aws import s3_client
from cyphr.foundation.clock import monotonic
from cyphr.foundation.metrics import Metrics
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import MessengerSettings
from cyphr.messenger.accounts.mail import Mail
from cyphr.messenger.accounts.service import Accounts
from cyphr.messenger.admin.service import Administration
from cyphr.messenger.blocks.service import Blocks
from cyphr.messenger.chats.changes import Changes
from cyphr.messenger.chats.service import Chats
from cyphr.messenger.cognito.service import Cognito
from cyphr.messenger.core import Core, build_core, own_endpoint
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
from cyphr.messenger.mfa.passkeys import Passkeys
from cyphr.messenger.mfa.proofs import Proofs
from cyphr.messenger.mfa.service import Mfa
from cyphr.messenger.push.channel import Channel
from cyphr.messenger.realtime.service import Realtime
from cyphr.messenger.search.service import Search
from cyphr.messenger.shared import factor_sealer, root_key


@dataclass(frozen=True)
class Messenger(Core):
    """Every feature of one process, ready to be opened."""

    accounts: Accounts
    administration: Administration
    mfa: Mfa
    proofs: Proofs
    discovery: Discovery
    files: Files
    chats: Chats
    groups: Groups
    invites: Invites
    blocks: Blocks
    message_changes: MessageChanges
    message_details: MessageDetails
    drafts: DraftKeeper
    search: Search
    realtime: Realtime
    cognito: Cognito | None
    """Signing in with a password; None: nobody does here."""
    identities: Identities


def build_messenger(
    settings: MessengerSettings,
    mail: Mail,
    channel: Channel | None = None,
    *,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = monotonic,
) -> Messenger:
    """Wire the messenger, with what ``build_core`` is given. Raises InvalidInput when the token key cannot be read."""
    core = build_core(settings, mail, channel, metrics=metrics, clock=clock)
    switchboard, sessions, postman, audit = core.switchboard, core.sessions, core.postman, core.audit
    root = root_key(settings)
    passkeys, sealer, code_key = Passkeys.of(settings), factor_sealer(settings, root), root.derive("recovery codes")
    accounts = Accounts(switchboard, sessions, core.pins, mail, audit, root.derive("email codes"))
    proofs = Proofs(
        switchboard, sessions, passkeys, sealer, audit, core.notices, code_key=code_key, passwords=core.passwords
    )
    files = Files(switchboard, _file_stores(settings))
    changes = Changes(switchboard, core.messages, postman)
    return Messenger(
        **vars(core),
        accounts=accounts,
        administration=Administration(switchboard, sessions, accounts, core.duties, mail),
        mfa=Mfa(
            switchboard, proofs, passkeys, sealer, audit, core.notices, code_key=code_key, issuer=_name_of(settings)
        ),
        proofs=proofs,
        discovery=Discovery(switchboard),
        files=files,
        chats=Chats(switchboard, postman, changes),
        groups=Groups(switchboard, changes, files),
        invites=Invites(switchboard, changes),
        blocks=Blocks(switchboard),
        message_changes=MessageChanges(switchboard, postman),
        message_details=MessageDetails(switchboard),
        drafts=DraftKeeper(switchboard, postman),
        search=Search(switchboard),
        realtime=_realtime(core),
        cognito=None
        if core.pool is None or core.passwords is None
        else Cognito(switchboard, sessions, core.pool, core.passwords, core.duties, audit),
        identities=Identities(switchboard, sessions, core.pins, core.pool, core.passwords, audit),
    )


def _name_of(settings: MessengerSettings) -> str:
    """What authenticators show beside a code."""
    return "Cyphr" if settings.issuer == "cyphr" else settings.issuer


def _realtime(core: Core) -> Realtime:
    settings = core.settings
    return Realtime(
        core.exchange,
        core.connections,
        core.presence,
        TokenBuckets(settings.realtime.sends_per_minute, settings.realtime.sends_burst),
        queue_length=settings.connection_queue_length,
        greeting_seconds=settings.realtime.greeting_seconds,
        most_coming=max(1, settings.pool_size // 2),
        table=None if core.shared is None else core.shared.table,
        endpoint=own_endpoint(settings),
    )


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
