"""The whole of Cyphr on one machine: both databases, the AWS stand-in and the messenger, in one folder.

    async with Stack(Path(".cyphr/up")) as stack:
        await stack.start_messenger()

Every server is a process of its own that does not need us: ``leave_running`` lets them outlive the block, and
``remains.stop_stack`` ends them later, from any process. What a crash of ours left running is ended by the next start.
"""

import asyncio
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import IO, Any

from cyphr.embedded.addresses import CLOUDFRONT_PATH, PUBLIC_BUCKET, SUPABASE_ISSUER, SUPABASE_PATH
from cyphr.embedded.aws import AwsNames, AwsStandIn
from cyphr.embedded.databases import APP, DATABASES, OWNERS, SUPERUSERS, prepare_database, shape_server
from cyphr.embedded.functions import Functions
from cyphr.embedded.messenger import MessengerServer
from cyphr.embedded.postgres import PostgresCluster
from cyphr.embedded.process import last_lines, read_note, write_note
from cyphr.embedded.remains import LOCK, SERVERS, stop_servers
from cyphr.embedded.secrets import SecretFolder
from cyphr.foundation.errors import Conflict, InvalidInput, NotAllowed, Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import (
    AwsSettings,
    MessengerSettings,
    PasskeySettings,
    PostgresSettings,
    SupabaseTokens,
)

_DESCRIPTION = "stack.json"


class Stack:
    """The servers of one folder. ``async with`` starts all but the messenger, and stops all."""

    def __init__(
        self,
        folder: Path,
        *,
        fresh: bool = False,
        port: int | None = None,
        web_folder: Path | None = None,
        functions: bool = False,
        move_seconds: float | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``fresh``: wipe the folder first. ``port``: the messenger's, else any free one, the same again next time.
        ``web_folder``: the built web client for the messenger to serve. ``functions``: run the messenger as functions
        behind the AWS stand-in's API Gateway. ``move_seconds``: run both, as while realtime is migrated; clients go
        from one to the other within so long. ``say``: told of each step.
        """
        self.folder = folder.absolute()
        self.secrets = SecretFolder(self.folder / "secrets")
        self.aws_stand_in = AwsStandIn(self.folder / "aws")
        self.clusters: dict[Side, PostgresCluster] = {}
        self.messenger: MessengerServer | None = None
        self._fresh = fresh
        self._port = port
        self._web_folder = web_folder
        self._functions = Functions(self.aws_stand_in) if functions or move_seconds is not None else None
        self._move_seconds = move_seconds
        self.websockets: dict[Side, str] = {}
        """Where WebSockets end on each side, when they do on both."""
        self._say = say
        self._lock: IO[str] | None = None
        self._leave_running = False

    async def __aenter__(self) -> "Stack":
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._leave_running:
            self._release()
        else:
            await self.stop()

    # What runs, and how to reach it.

    def superuser(self, side: Side) -> PostgresSettings:
        """The role that made the server; nothing of Cyphr's acts as it."""
        return self._settings(side, SUPERUSERS[side], "superuser")

    def owner(self, side: Side) -> PostgresSettings:
        """The role that owns the database: what the migration is given."""
        return self._settings(side, OWNERS[side], "owner")

    def app(self, side: Side) -> PostgresSettings:
        """The messenger's runtime role."""
        return self._settings(side, APP, "app")

    @property
    def aws(self) -> AwsSettings:
        """How to reach the AWS stand-in."""
        return self.aws_stand_in.settings

    @property
    def names(self) -> AwsNames:
        """What the buckets and the user pool are called."""
        return self.aws_stand_in.names

    @property
    def address(self) -> str:
        """The messenger's base URL."""
        assert self.messenger is not None, "the messenger has not been started"
        return self.messenger.address

    def messenger_settings(self) -> MessengerSettings:
        """What the messenger is started with: both databases, both places for files."""
        return MessengerSettings(
            supabase_database=self.app(Side.SUPABASE),
            aws_database=self.app(Side.AWS),
            token_key_file=self.secrets.token_key(),
            web_folder=self._web_folder,
            files_supabase_bucket=PUBLIC_BUCKET,
            files_supabase_url=f"{self.address}{SUPABASE_PATH}/{PUBLIC_BUCKET}",
            files_aws_bucket=self.names.files_bucket,
            files_aws_url=f"{self.address}{CLOUDFRONT_PATH}",
            aws=self.aws,
            cognito=self.aws_stand_in.cognito,
            factor_key_file=self.secrets.factor_key(),
            supabase_tokens=SupabaseTokens(issuer=SUPABASE_ISSUER, legacy_secret_file=self.secrets.supabase_secret()),
            public_url=self.address,
            # Browsers make no passkeys for a bare address.
            passkeys=PasskeySettings(site="localhost", origins=(self.address.replace("127.0.0.1", "localhost"),)),
            push_fcm_application=self.names.push_applications["GCM"],
            push_apns_application=self.names.push_applications["APNS"],
            push_web_application=self.names.push_applications["GCM"],
        )

    # Starting and stopping.

    async def start(self) -> None:
        """Start the databases and the AWS stand-in, and make in them whatever is missing.

        Raises Conflict (running already, port taken), NotAllowed (the folder cannot be written) or Unavailable (a
        server that does not come up, with its log's last lines).
        """
        self._take_folder()
        for name in await stop_servers(self.folder):
            self._say(f"stopped {name}, which an earlier run had left behind")
        if self._fresh:
            self._say(f"wiping {self.folder}")
            await self._wipe()
        self.clusters = {side: self._cluster(side) for side in Side}
        self._say("starting PostgreSQL 16 (Supabase side), PostgreSQL 18 (AWS side) and the AWS stand-in")
        await _all(self._start_database(Side.SUPABASE), self._start_database(Side.AWS), self._start_aws())
        self._describe()

    async def start_messenger(self) -> None:
        """Start the messenger and wait until it answers."""
        self.messenger = MessengerServer(self.folder / "messenger", port=self._port)
        self._say("starting the messenger")
        if self._functions is None:
            await self.messenger.start(self.messenger_settings())
        elif self._move_seconds is None:
            addresses = await self._functions.prepare()
            settings = self._functions.settings(self.messenger_settings(), front=self.address, pages=self._pages())
            await self._functions.deploy(settings)
            await self.messenger.start(self.messenger_settings(), api=addresses.http)
            self._say(f"functions answer on {addresses.http} and {addresses.websocket}")
        else:
            await self._start_both(self._functions, self.messenger, self._move_seconds)
        self._say(f"the messenger answers on {self.address}")
        self._describe()

    async def stop_messenger(self) -> None:
        """Stop the messenger alone."""
        if self.messenger is not None:
            await self.messenger.stop()

    async def stop(self) -> None:
        """Stop everything that runs and let go of the folder. Safe to call at any time, and again."""
        try:
            if self._lock is not None:
                await self.stop_messenger()
                if self._functions is not None:
                    await self._functions.pause()
                await _all(self.aws_stand_in.stop(), *(cluster.stop() for cluster in self.clusters.values()))
        finally:
            self._release()

    async def destroy(self) -> None:
        """Stop everything and remove the folder with all that it keeps, also what lies elsewhere on its behalf."""
        self._take_folder()
        await stop_servers(self.folder)
        await self._wipe()
        await asyncio.to_thread(shutil.rmtree, self.folder)
        self._release()

    def leave_running(self) -> None:
        """Do not stop the servers at the end of the block: ``stop_stack`` will."""
        self._leave_running = True

    async def until_a_server_ends(self) -> None:
        """Return never, as long as all is well. Raises Unavailable when a server ends that should not."""
        while True:
            for name in SERVERS:
                note = self.folder / name / "process.json"
                if note.exists() and read_note(note) is None and self._should_run(name):
                    log = self.folder / name / "server.log"
                    raise Unavailable(f"{name} ended unexpectedly; the end of its log {log}:\n{last_lines(log)}")
            await asyncio.sleep(0.5)

    # How.

    async def _start_both(self, functions: Functions, process: MessengerServer, move_seconds: float) -> None:
        await functions.prepare()
        here, there = functions.beside(process.address, move_seconds=move_seconds)
        settings = self.messenger_settings()
        of_functions = functions.settings(settings.model_copy(update={"realtime": there}), pages=self._pages())
        await _all(
            process.start(settings.model_copy(update={"realtime": here})),
            functions.deploy(of_functions),
        )
        assert here.url is not None
        assert there.url is not None
        self.websockets = {Side.SUPABASE: here.url, Side.AWS: there.url}
        self._say(f"WebSockets end at {here.url} and at {there.url}")

    def _pages(self) -> list[str]:
        return [self.address, self.address.replace("127.0.0.1", "localhost")]

    def _should_run(self, name: str) -> bool:
        return name != "messenger" or (self.messenger is not None and self.messenger.process is not None)

    def _cluster(self, side: Side) -> PostgresCluster:
        return PostgresCluster(
            16 if side is Side.SUPABASE else 18,
            self.folder / f"postgres-{side}",
            superuser=SUPERUSERS[side],
            password=self.secrets.password(f"{side}-superuser"),
            say=self._say,
        )

    def _settings(self, side: Side, user: str, role: str) -> PostgresSettings:
        return PostgresSettings(
            host="127.0.0.1",
            port=self.clusters[side].port,
            dbname=DATABASES[side],
            user=user,
            password_file=self.secrets.path(f"{side}-{role}"),
            sslmode="disable",  # loopback, and these servers have no TLS
        )

    async def _start_database(self, side: Side) -> None:
        cluster = self.clusters[side]
        await cluster.start()
        await shape_server(cluster, side, self.secrets.password(f"{side}-owner"))
        app_password = self.secrets.password(f"{side}-app")
        await prepare_database(self.owner(side), side, app_password)
        self._say(f"PostgreSQL {cluster.version} ({side} side) answers on 127.0.0.1:{cluster.port}")

    async def _start_aws(self) -> None:
        await self.aws_stand_in.start()
        self._say(f"the AWS stand-in answers on {self.aws_stand_in.endpoint_url}")

    def _take_folder(self) -> None:
        ours = (self.folder / LOCK).exists()
        try:
            if self._fresh and not ours and self.folder.exists() and any(self.folder.iterdir()):
                raise Conflict(f"{self.folder} holds files that are not a stack's; it will not be wiped")
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / LOCK).open("a")
        except OSError as error:
            raise NotAllowed(f"cannot keep a stack in {self.folder}: {error}; choose another folder") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._release()
            raise Conflict(f"a stack is running in {self.folder} already; `cyphr down` stops it") from error
        write_note(self.folder / LOCK, os.getpid())

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
        self._lock = None

    async def _wipe(self) -> None:
        for side in Side:
            await self._cluster(side).destroy()
        for entry in self.folder.iterdir():
            if entry.is_dir():
                await asyncio.to_thread(shutil.rmtree, entry)
            elif entry.name != LOCK:
                entry.unlink()

    def _describe(self) -> None:
        roles = {"owner": self.owner, "app": self.app, "superuser": self.superuser}
        description: dict[str, Any] = {
            "messenger": self.messenger.address if self.messenger else None,
            "aws": self.aws_stand_in.endpoint_url,
            "databases": {
                side: {role: get(side).model_dump(mode="json", exclude_none=True) for role, get in roles.items()}
                for side in Side
            },
        }
        (self.folder / _DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n")


def read_owner(folder: Path, side: Side) -> PostgresSettings:
    """How to reach a database of the stack in ``folder`` as its owner. Raises InvalidInput when there is no stack."""
    try:
        description = json.loads((folder / _DESCRIPTION).read_text())
    except OSError as error:
        raise InvalidInput(f"there is no stack in {folder}; start one with `cyphr up`, or name a database") from error
    return PostgresSettings.model_validate(description["databases"][side]["owner"])


async def _all(*steps: Coroutine[Any, Any, None]) -> None:
    """Run all of them at once and wait for all, also when one fails; then raise the first failure."""
    results = await asyncio.gather(*steps, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
