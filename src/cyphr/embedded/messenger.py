"""The messenger as a child process, as a service manager would run it: settings by environment, log to a file."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from cyphr.embedded.http import wait_until_ready
from cyphr.embedded.ports import choose_port, remember_port
from cyphr.embedded.process import ProcessRecord, spawn, terminate
from cyphr.foundation.settings import MessengerSettings


class MessengerServer:
    """One messenger process. Its port is known before it starts, because its settings hold addresses of its own."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """``port``: insist on this one. Otherwise the folder remembers the one that the system chose first.

        Raises Conflict when the wanted port is taken.
        """
        self.folder = folder.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "server.log"
        self.port = choose_port(port, self.folder)
        self.process: ProcessRecord | None = None

    @property
    def address(self) -> str:
        """The base URL that it answers on."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, settings: MessengerSettings, *, api: str | None = None) -> None:
        """Start it and wait until it answers. Raises Unavailable, with the end of its log, when it does not.

        ``api``: the messenger itself answers there, as functions; the process only stands before it.
        """
        before = [] if api is None else ["--api", api]
        self.process = spawn(
            [sys.executable, "-m", "cyphr.embedded.server", "--port", str(self.port), *before],
            log=self.log,
            note=self.folder / "process.json",
            environment=_inherited() | environment_of(settings),
            folder=self.folder,
        )
        await wait_until_ready(f"{self.address}/healthz", self.process, self.log, what="the messenger")
        remember_port(self.port, self.folder)

    async def stop(self) -> None:
        """Let it finish what it is doing, then end it. Does nothing when it is not running."""
        if self.process is not None:
            await terminate(self.process, signal.SIGTERM)
        self.process = None


def environment_of(settings: MessengerSettings) -> dict[str, str]:
    """The ``CYPHR_…`` variables from which the same settings are read again."""
    return _flatten("CYPHR_", settings)


def _flatten(prefix: str, model: BaseModel) -> dict[str, str]:
    variables: dict[str, str] = {}
    for name in type(model).model_fields:
        value: Any = getattr(model, name)
        if isinstance(value, BaseModel):
            variables |= _flatten(f"{prefix}{name.upper()}__", value)
        elif isinstance(value, tuple):
            variables[f"{prefix}{name.upper()}"] = json.dumps(value)
        elif value is not None:
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            variables[f"{prefix}{name.upper()}"] = text
    return variables


def _inherited() -> dict[str, str]:
    # A variable of the person's own shell must not change what the stack decided.
    return {name: value for name, value in os.environ.items() if not name.startswith(("CYPHR_", "AWS_"))}
