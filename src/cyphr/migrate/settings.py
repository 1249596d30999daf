"""``migration.toml``: where both sides are and how fast to go. Secrets are referred to, never written in it.

[supabase_database]
host = "db.abcdefgh.supabase.co"
dbname = "postgres"
user = "postgres"
password_file = "secrets/supabase-password"

[aws_database]
host = "cyphr-messenger-prod.xxxx.us-east-1.rds.amazonaws.com"
…
password_secret = "arn:aws:secretsmanager:…"

[application]  # left out: that your application starts is not tried
[files]        # left out: files are not moved
[auth]         # left out: users are not given Cognito counterparts
[realtime]     # left out: clients stay connected where they are
[handover]     # when a handover is refused, and what is done after one: see hooks/settings.py
"""

import difflib
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from cyphr.foundation.aws import read_secret
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.sealing import Sealer
from cyphr.foundation.secrets import password_in
from cyphr.foundation.settings import AwsSettings, PostgresSettings
from cyphr.migrate.hooks.settings import HandoverSettings

_PASSWORDS = ("password", "password_file", "password_env", "password_secret")
_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DatabaseSettings(PostgresSettings):
    """How to reach one side's database; the password may also be where only this machine or AWS finds it."""

    password_env: str | None = Field(default=None, description="Name of an environment variable that holds it.")
    password_secret: str | None = Field(
        default=None,
        description="Name or ARN of a secret in Secrets Manager: the password as text, or RDS's JSON with it.",
    )

    @model_validator(mode="after")
    def _one_source_of_the_password(self) -> "DatabaseSettings":
        if sum(getattr(self, name) is not None for name in _PASSWORDS) != 1:
            raise ValueError(f"give the password in exactly one way: {', '.join(_PASSWORDS)}")
        return self

    @property
    def password_origin(self) -> str:
        """Where the password comes from, in words."""
        if self.password_env is not None:
            return f"the environment variable {self.password_env}"
        if self.password_secret is not None:
            return f"the secret {self.password_secret}"
        return "migration.toml" if self.password_file is None else f"the file {self.password_file}"

    def resolved(self, environment: Mapping[str, str], aws: AwsSettings) -> "DatabaseSettings":
        """The same with the password itself, where a reference names it. Raises InvalidInput when it is not there."""
        if self.password_env is not None:
            if self.password_env not in environment:
                raise InvalidInput(f"password_env: the environment has no variable {self.password_env}; export it")
            return self._with_password(environment[self.password_env])
        if self.password_secret is not None:
            return self._with_password(password_in(read_secret(aws, self.password_secret)))
        self.connection_arguments()  # a file that cannot be read is found out now, not when it is first needed
        return self

    def _with_password(self, password: str) -> "DatabaseSettings":
        return self.model_copy(update={"password": SecretStr(password)})


class ApplicationSettings(_Section):
    """The application that stands on the databases, and how to try that it starts."""

    dry_run: str | None = Field(
        default=None,
        description="Command that starts the application and ends, run without a shell; 0 says that it can start.",
    )
    dry_run_seconds: float = Field(default=60.0, gt=0, description="How long that may take.")
    follows_switchboard: bool = Field(
        default=False, description="It connects to both databases on purpose, and writes where the switchboard says."
    )


class FilesSettings(_Section):
    """Where objects are on both sides."""

    supabase_storage: AwsSettings = Field(description="How to reach Supabase Storage's S3 protocol.")
    supabase_bucket: str | None = Field(
        default=None,
        description="Move this bucket only, its objects under the same keys; none: all buckets, as {bucket}/{name}.",
    )
    supabase_url: str = Field(description="The public base URL that rows hold today.")
    aws_bucket: str = Field(description="The S3 bucket that objects go to.")
    aws_url: str = Field(description="The CloudFront base URL that rows will hold.")


class AuthSettings(_Section):
    """The user pool that people get their counterparts in."""

    user_pool_id: str = Field(description="The Cognito user pool's id.")
    quota_factor: float = Field(
        default=1.0, gt=0, description="How many times AWS's default quotas for Cognito's requests the account has."
    )
    factor_key_file: Path | None = Field(
        default=None,
        description="A file with the key that seals authenticators' secrets, as the messenger has it; none of both:"
        " nobody at Supabase has an authenticator.",
    )
    factor_key_secret: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds this key."
    )

    def sealer(self, aws: AwsSettings) -> Sealer | None:
        """What seals authenticators' secrets. Blocking when the key is on AWS. Raises InvalidInput."""
        if self.factor_key_secret is not None:
            return Sealer.parse(read_secret(aws, self.factor_key_secret))
        if self.factor_key_file is None:
            return None
        try:
            return Sealer.parse(self.factor_key_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"auth.factor_key_file: cannot read {self.factor_key_file}: {error}") from error


class RealtimeSettings(_Section):
    """Where people's WebSockets end, and the two accounts that see whether both sides deliver."""

    api_url: str = Field(description="Base URL of the messenger's HTTP API.")
    supabase_url: str = Field(description="The WebSocket address that clients connect to today.")
    aws_url: str = Field(description="The WebSocket address of API Gateway.")
    first_canary_email: str = Field(description="An account of yours that talks to the second, on both sides.")
    second_canary_email: str = Field(description="The account that the first one talks to.")
    canary_pin_file: Path = Field(description="A file whose only line is the PIN of both.")

    def read_pin(self) -> str:
        """The canaries' PIN. Raises InvalidInput when its file cannot be read."""
        try:
            return self.canary_pin_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"realtime.canary_pin_file: cannot read {self.canary_pin_file}: {error}") from error


class MigrationSettings(_Section):
    """Everything that ``cyphr migrate`` is told."""

    supabase_database: DatabaseSettings
    aws_database: DatabaseSettings
    aws: AwsSettings = AwsSettings()
    application: ApplicationSettings = ApplicationSettings()
    files: FilesSettings | None = None
    auth: AuthSettings | None = None
    realtime: RealtimeSettings | None = None
    handover: HandoverSettings = HandoverSettings()
    workers: int = Field(
        default=2, ge=1, le=32, description="Tables copied at the same time, and processes that build indexes."
    )
    part_megabytes: int = Field(default=1024, ge=1, description="Larger tables are copied in parts of this size.")
    megabytes_per_second: int | None = Field(
        default=None, ge=1, description="How fast rows are copied, at most; none: as fast as both servers can."
    )
    expected_megabytes_per_second: float = Field(
        default=60.0, gt=0, description="What ``plan`` reckons with: megabytes a second, indexes included."
    )
    records_folder: Path = Field(
        default=Path(),
        description="Where rehearsals.json and checks.json are kept; none: the folder of migration.toml.",
    )
    postgres_programs: Path | None = Field(default=None, description="Folder of pg_dump and pg_restore; none: PATH.")

    @classmethod
    def load(cls, path: Path, environment: Mapping[str, str] = _NO_ENVIRONMENT) -> "MigrationSettings":
        """Read and check a file, and fetch the passwords that it names. Blocking when they are on AWS.

        Raises InvalidInput that names the file and every mistake in it.
        """
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            settings = cls.model_validate({"records_folder": path.parent, **found})
        except OSError as error:
            raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{path} is not valid TOML: {error}") from error
        except ValidationError as error:
            mistakes = "; ".join(_in_words(mistake) for mistake in error.errors(include_input=False))
            raise InvalidInput(f"{path}: {mistakes}") from error
        databases: dict[str, DatabaseSettings] = {}
        for name in ("supabase_database", "aws_database"):
            try:
                databases[name] = getattr(settings, name).resolved(environment, settings.aws)
            except InvalidInput as error:
                raise InvalidInput(f"{path}: {name}: {error.message}") from error
        return settings.model_copy(update=databases)

    def programs_folder(self) -> Path:
        """Where pg_dump is. Raises InvalidInput when it is nowhere."""
        if self.postgres_programs is not None:
            return self.postgres_programs
        found = shutil.which("pg_dump")
        if found is None:
            raise InvalidInput("pg_dump is not on the PATH; install PostgreSQL's client or set postgres_programs")
        return Path(found).parent


def _in_words(mistake: Any) -> str:
    place = [str(part) for part in mistake["loc"]]
    path = ".".join(place) or "file"
    if mistake["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _keys_beside(place), n=1)
        return f"{path} is no setting" + (f"; did you mean {near[0]}?" if near else "")
    if mistake["type"] == "missing":
        return f"{path} is missing"
    return f"{path}: {mistake['msg'].removeprefix('Value error, ')}"


def _keys_beside(place: list[str]) -> list[str]:
    """What could stand where a key was not known."""
    model: type[BaseModel] = MigrationSettings
    for name in place[:-1]:
        annotation = model.model_fields[name].annotation
        kinds = [annotation, *get_args(annotation)]
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return list(model.model_fields)
