"""The migrator as a child process that can be killed and started again, like the one an operator runs."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from cyphr.embedded.addresses import SUPABASE_PATH
from cyphr.embedded.binaries import binary
from cyphr.embedded.process import ProcessRecord, last_lines, read_note, spawn, terminate
from cyphr.embedded.rehearsal.canaries import Canaries
from cyphr.embedded.secrets import write_secret
from cyphr.embedded.stack import Stack
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.settings import PostgresSettings


class MigratorProcess:
    """``cyphr migrate start`` on a stack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "migrator.log"
        self.config = self.folder / "migration.toml"
        self._process: ProcessRecord | None = None

    def configure(self, stack: Stack, canaries: Canaries) -> None:
        """Write the ``migration.toml`` that an operator would write for this stack."""
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = stack.secrets.path("aws-secret-access-key")
        key = stack.aws.secret()
        assert key is not None
        write_secret(secret, key)
        aws: dict[str, object] = {
            "region": stack.aws.region,
            "endpoint_url": stack.aws.endpoint_url,
            "access_key_id": stack.aws.access_key_id,
            "secret_access_key_file": str(secret),
        }
        settings = stack.messenger_settings()
        self.config.write_text(
            _toml(
                {
                    "": {"postgres_programs": str(binary(18, "pg_dump").parent)},
                    "supabase_database": _database(stack.owner(Side.SUPABASE)),
                    "aws_database": _database(stack.owner(Side.AWS)),
                    "aws": aws,
                    "files": {
                        "supabase_url": f"{stack.address}{SUPABASE_PATH}",
                        "aws_bucket": settings.files_aws_bucket,
                        "aws_url": settings.files_aws_url,
                    },
                    "files.supabase_storage": aws,
                    "auth": {
                        "user_pool_id": stack.names.user_pool_id,
                        "quota_factor": 20,
                        "factor_key_file": str(settings.factor_key_file),
                    },
                    "realtime": {
                        "api_url": stack.address,
                        "supabase_url": stack.websockets[Side.SUPABASE],
                        "aws_url": stack.websockets[Side.AWS],
                        "first_canary_email": canaries.emails[0],
                        "second_canary_email": canaries.emails[1],
                        "canary_pin_file": str(canaries.pin_file),
                    },
                }
            )
        )

    def start(self) -> None:
        """Start it; it continues where an earlier one was. That nobody has rehearsed this is why it is done."""
        self._process = spawn(
            [sys.executable, "-m", "cyphr.cli", "migrate", "start", "--config", self.config, "--accept", "rehearsed"],
            log=self.log,
            note=self.folder / "process.json",
            folder=self.folder,
        )

    async def kill(self) -> None:
        """End it with SIGKILL: it cannot tidy up."""
        if self._process is not None:
            await terminate(self._process, signal.SIGKILL)

    async def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            await terminate(self._process, signal.SIGTERM)
        self._process = None

    def check(self) -> None:
        """Raise Unavailable, with the end of its log, when it ended by itself."""
        if self._process is not None and read_note(self.folder / "process.json") is None:
            raise Unavailable(f"the migrator ended by itself:\n{last_lines(self.log)}")


def _database(settings: PostgresSettings) -> dict[str, object]:
    return settings.model_dump(mode="json", exclude_none=True)


def _toml(sections: Mapping[str, Mapping[str, object]]) -> str:
    lines: list[str] = []
    for name, values in sections.items():
        if name:
            lines.append(f"\n[{name}]")
        lines += [f"{key} = {_value(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    # A TOML basic string; what we write here holds no control characters.
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
