"""Settings: frozen, typed, read once at the edge from the environment (``CYPHR_…``), never from inside a feature.

A nested field is written with two underscores: ``CYPHR_AWS_DATABASE__HOST``. Secrets come as values or, better, as the
path of a file that holds them (``…__PASSWORD_FILE``), or by the name of a secret in Secrets Manager (``…_SECRET``, or
``…_NAME`` of what is called a secret already).
There is no default for any secret. A mistake is named without what was given (``hide_input_in_errors``): it stands in
logs, and what was given may be a password.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cyphr.foundation.errors import InvalidInput


class PostgresSettings(BaseModel):
    """How to reach one PostgreSQL database. Separate fields, so that no password is ever escaped by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(description="Name or address of the server.")
    port: int = Field(default=5432, ge=1, le=65535, description="TCP port of the server.")
    dbname: str = Field(description="Which of the server's databases.")
    user: str = Field(description="The role to log in as.")
    password: SecretStr | None = Field(default=None, description="The password; a file is better.")
    password_file: Path | None = Field(default=None, description="A file whose only line is the password.")
    password_secret: str | None = Field(
        default=None,
        description="Name or ARN of a secret in Secrets Manager: the password as text, or RDS's JSON with it.",
    )
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="verify-full", description="How TLS is used, in libpq's words. Weaken it for loopback only."
    )
    sslrootcert: Path | Literal["system"] | None = Field(
        default=None,
        description="PEM of the authorities to trust, or ``system`` for the machine's; none: libpq's default.",
    )

    @model_validator(mode="after")
    def _one_source_of_the_password(self) -> "PostgresSettings":
        if sum(one is not None for one in (self.password, self.password_file, self.password_secret)) != 1:
            raise ValueError("give the password in exactly one way: 'password', 'password_file' or 'password_secret'")
        return self

    def connection_arguments(self) -> dict[str, Any]:
        """Keyword arguments for ``psycopg.AsyncConnection.connect``; reads the password file.

        Raises InvalidInput when that file cannot be read.
        """
        password = self.password.get_secret_value() if self.password else self._read_password_file()
        arguments: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "password": password,
            "sslmode": self.sslmode,
        }
        if self.sslrootcert is not None:
            arguments["sslrootcert"] = str(self.sslrootcert)
        return arguments

    def _read_password_file(self) -> str:
        if self.password_file is None:
            raise InvalidInput(f"the secret {self.password_secret} was not read; foundation.secrets does, at the edge")
        return _read_secret(self.password_file).rstrip("\r\n")


class AwsSettings(BaseModel):
    """How to reach AWS. ``endpoint_url`` is set only for a stand-in; without keys the usual chain is used."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    region: str = Field(default="us-east-1", description="AWS region.")
    endpoint_url: str | None = Field(default=None, description="Base URL of a stand-in; none: AWS itself.")
    access_key_id: str | None = Field(default=None, description="Access key; none: the usual chain of credentials.")
    secret_access_key: SecretStr | None = Field(default=None, description="The secret key; a file is better.")
    secret_access_key_file: Path | None = Field(default=None, description="A file whose only line is the secret key.")

    def secret(self) -> str | None:
        """The secret key, from whichever place it is given in; None: the usual chain of credentials.

        Raises InvalidInput when its file cannot be read.
        """
        if self.secret_access_key is not None:
            return self.secret_access_key.get_secret_value()
        return _read_secret(self.secret_access_key_file).strip() if self.secret_access_key_file else None


def _read_secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidInput(f"cannot read the secret in {file}: {reason}") from error


class RealtimeSettings(BaseModel):
    """How WebSockets are reached. Without a table, a process knows only its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    table: str | None = Field(
        default=None, description="DynamoDB table of everybody's connections; none: this process is the only one."
    )
    endpoint: str | None = Field(
        default=None,
        description="Where the other servers reach this one's connections: the process's own base URL, or API Gateway's"
        " management endpoint; none, in a function: as the event says.",
    )
    fan_out_queue: str | None = Field(
        default=None, description="URL of the SQS queue for events to many connections; none: all at once."
    )
    greeting_queue: str | None = Field(
        default=None, description="URL of the SQS queue that asks a little later whether there was a hello."
    )
    later_queue: str | None = Field(
        default=None,
        description="URL of the SQS queue that asks a little later whether a message was received, and whether who came"
        " or went is here; none: a process looks itself.",
    )
    greeting_seconds: int = Field(default=5, ge=1, le=900, description="How long a socket may take to say hello.")
    most_at_once: int = Field(
        default=100, ge=1, description="Connections that an event is posted to directly; more go through the queue."
    )
    url: str | None = Field(
        default=None, description="The WebSocket's public URL; none: `/v1/ws` of wherever the API is."
    )
    origins: tuple[str, ...] = Field(
        default=(), description="Origins whose pages may open a WebSocket beside our own, as a JSON list."
    )
    longest_resume: int = Field(
        default=2000, ge=1, description="Messages of one chat that a resume brings; who missed more is told to reload."
    )
    resume_seconds: float = Field(
        default=15.0, ge=0, description="How long a function sends what was missed before the client must ask for more."
    )
    sends_per_minute: int = Field(
        default=30000, ge=1, description="Messages that one person may send over WebSockets, in the long run."
    )
    sends_burst: int = Field(default=3000, ge=1, description="… and at once.")
    side: Literal["supabase", "aws"] | None = Field(
        default=None, description="While realtime is migrated, the side whose endpoint this server is; none: the only."
    )
    other_url: str | None = Field(
        default=None, description="The WebSocket's public URL on the other side, where clients are sent when it moves."
    )
    move_seconds: float = Field(
        default=60.0, gt=0, description="Within how long they go there, each at a moment of its own."
    )

    @model_validator(mode="after")
    def _both_addresses_or_one_endpoint(self) -> "RealtimeSettings":
        if (self.side is None) != (self.other_url is None):
            raise ValueError("give 'side' and 'other_url' together: the one without the other sends nobody anywhere")
        if self.other_url is not None and self.url is None:
            raise ValueError("give 'url' beside 'other_url': clients must be told how to come back")
        return self


class CognitoSettings(BaseModel):
    """The user pool that people sign in at with a password. What a deployment makes; see docs/decisions/0068."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    user_pool_id: str = Field(description="Id of the user pool.", pattern=r"^[\w-]+_[0-9A-Za-z]+$")
    app_client_id: str = Field(description="Id of the app client (with a secret) that the messenger signs in by.")
    app_client_secret: SecretStr | None = Field(
        default=None, description="That app client's secret, which nobody else may know; a file is better."
    )
    app_client_secret_file: Path | None = Field(default=None, description="A file whose only line is that secret.")
    app_client_secret_name: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds it."
    )
    keys_url: str | None = Field(
        default=None,
        description="Where the pool publishes its keys; none: as AWS does. HTTPS, or on this machine.",
    )

    @model_validator(mode="after")
    def _one_source_of_the_secret(self) -> "CognitoSettings":
        given = (self.app_client_secret, self.app_client_secret_file, self.app_client_secret_name)
        if sum(one is not None for one in given) != 1:
            raise ValueError(
                "give the app client's secret in exactly one way: 'app_client_secret', '…_file' or '…_name'"
            )
        return self

    def secret(self) -> str:
        """The app client's secret. Raises InvalidInput when its file cannot be read."""
        if self.app_client_secret is not None:
            return self.app_client_secret.get_secret_value()
        if self.app_client_secret_file is not None:
            return _read_secret(self.app_client_secret_file).strip()
        raise InvalidInput(
            f"the secret {self.app_client_secret_name} was not read; foundation.secrets does, at the edge"
        )

    @property
    def issuer(self) -> str:
        """The ``iss`` of the pool's tokens."""
        return f"https://cognito-idp.{self.user_pool_id.partition('_')[0]}.amazonaws.com/{self.user_pool_id}"

    @property
    def keys(self) -> str:
        """Where its keys are."""
        return self.keys_url or f"{self.issuer}/.well-known/jwks.json"


class SupabaseTokens(BaseModel):
    """Whose tokens of Supabase Auth are accepted, while people hold them: until auth is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(description="The ``iss`` of its tokens: ``https://….supabase.co/auth/v1``.")
    keys_url: str | None = Field(
        default=None, description="Where it publishes its keys; none: it signs with the legacy secret only."
    )
    legacy_secret: SecretStr | None = Field(
        default=None, description="The legacy JWT secret (HS256), at least 32 bytes; a file is better."
    )
    legacy_secret_file: Path | None = Field(default=None, description="A file whose only line is that secret.")
    legacy_secret_name: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds it."
    )

    @model_validator(mode="after")
    def _some_key(self) -> "SupabaseTokens":
        given = sum(one is not None for one in (self.legacy_secret, self.legacy_secret_file, self.legacy_secret_name))
        if given > 1:
            raise ValueError("give 'legacy_secret', 'legacy_secret_file' or 'legacy_secret_name'; one of them")
        if self.keys_url is None and not given:
            raise ValueError("give 'keys_url', or the legacy secret, or both")
        return self

    def secret(self) -> str | None:
        """The legacy secret, if it is given. Raises InvalidInput when its file cannot be read."""
        if self.legacy_secret is not None:
            return self.legacy_secret.get_secret_value()
        if self.legacy_secret_name is not None:
            raise InvalidInput(
                f"the secret {self.legacy_secret_name} was not read; foundation.secrets does, at the edge"
            )
        return _read_secret(self.legacy_secret_file).strip() if self.legacy_secret_file else None


class PasskeySettings(BaseModel):
    """For which site passkeys are made. A passkey is bound to it for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: str | None = Field(
        default=None, description="Domain that passkeys belong to (the RP ID); none: that of ``CYPHR_PUBLIC_URL``."
    )
    origins: tuple[str, ...] = Field(
        default=(),
        description="Origins whose pages may use them, as a JSON list; none: that of ``CYPHR_PUBLIC_URL``.",
    )


class MessengerSettings(BaseSettings):
    """What the messenger needs to run. At least one of the two databases must be given."""

    model_config = SettingsConfigDict(
        env_prefix="CYPHR_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        nested_model_default_partial_update=True,
    )

    supabase_database: PostgresSettings | None = Field(default=None, description="The database on the Supabase side.")
    aws_database: PostgresSettings | None = Field(default=None, description="The database on the AWS side.")
    token_key: SecretStr | None = Field(
        default=None, description="PEM of the Ed25519 private key that signs access tokens; a file is better."
    )
    token_key_secret: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds that PEM."
    )
    token_key_file: Path | None = Field(default=None, validate_default=True, description="A file that holds that PEM.")
    accepted_token_keys: SecretStr | None = Field(
        default=None,
        description="PEMs of further Ed25519 keys (the public ones are enough) whose access tokens are accepted, one"
        " after another: the next one, and former ones, while the token key is changed.",
    )
    accepted_token_keys_secret: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds them."
    )
    accepted_token_keys_file: Path | None = Field(default=None, description="A file that holds them.")
    root_key: SecretStr | None = Field(
        default=None,
        description="PEM of the Ed25519 key that the deployment's other secrets are derived from; none: the token key."
        " It stays when the token key is changed.",
    )
    root_key_secret: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds that PEM."
    )
    root_key_file: Path | None = Field(default=None, description="A file that holds that PEM.")
    factor_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in base64 that seal authenticators' secrets; none: derived from the root key.",
    )
    factor_key_secret: str | None = Field(
        default=None, description="Name or ARN of a secret in Secrets Manager that holds them."
    )
    factor_key_file: Path | None = Field(default=None, description="A file that holds them.")
    passkeys: PasskeySettings = Field(default=PasskeySettings(), description="For which site passkeys are made.")
    issuer: str = Field(default="cyphr", description="The ``iss`` of access tokens.")
    web_folder: Path | None = Field(default=None, description="The built web client to serve; none: API only.")
    files_supabase_bucket: str | None = Field(
        default=None, description="Supabase Storage's bucket for avatars; none: files cannot stand on Supabase."
    )
    files_supabase_url: str | None = Field(default=None, description="Public base URL of Supabase Storage objects.")
    files_aws_bucket: str | None = Field(
        default=None, description="The S3 bucket for all files; none: files cannot stand on AWS."
    )
    files_aws_url: str | None = Field(default=None, description="Public base URL of the CloudFront distribution.")
    aws: AwsSettings = Field(default=AwsSettings(), description="How to reach AWS.")
    supabase_storage: AwsSettings | None = Field(
        default=None, description="How to reach Supabase Storage over its S3 protocol; none: as ``aws``."
    )
    pool_size: int = Field(default=8, ge=1, description="Connections to each database, at most.")
    statement_seconds: float = Field(default=20.0, gt=0, description="How long one statement may take in the database.")
    slow_query_seconds: float = Field(default=0.2, gt=0, description="Slower statements are logged, with their plan.")
    connection_queue_length: int = Field(default=1024, ge=1, description="Events that may wait for one WebSocket.")
    public_requests_per_minute: int = Field(
        default=6000, ge=1, description="What one address may ask of each route that needs no sign-in, in the long run."
    )
    public_requests_burst: int = Field(default=1000, ge=1, description="… and at once.")
    wrong_pins_per_address: int = Field(
        default=100,
        ge=1,
        description="Wrong PINs that one address may try in 15 minutes, whichever accounts they are for and whichever"
        " server it asks.",
    )
    presence_relay_seconds: float = Field(
        default=25.0, gt=0, description="How often, at most, one is told that the same person came or went."
    )
    public_url: str | None = Field(
        default=None, description="Where people open the web client; the links in pushes begin with it."
    )
    push_fcm_application: str | None = Field(
        default=None, description="ARN of the SNS platform application for Android (FCM); none: no such pushes."
    )
    push_apns_application: str | None = Field(
        default=None, description="ARN of the SNS platform application for iPhones (APNs); none: no such pushes."
    )
    push_web_application: str | None = Field(
        default=None, description="ARN of the SNS platform application for browsers (FCM too); none: no such pushes."
    )
    push_service: AwsSettings | None = Field(default=None, description="How to reach SNS; none: as ``aws``.")
    push_after_seconds: float = Field(
        default=10.0, gt=0, description="What a member has not received after so long is pushed to their devices."
    )
    push_collapse_seconds: float = Field(
        default=30.0, ge=0, description="How long a device is not pushed the same chat again."
    )

    cognito: CognitoSettings | None = Field(
        default=None, description="The Cognito user pool; none: nobody signs in with a password."
    )
    supabase_tokens: SupabaseTokens | None = Field(
        default=None, description="Supabase Auth's tokens, while they are accepted; none: they are not."
    )
    mail_from: str | None = Field(default=None, description="The address that SES sends mail from.")
    realtime: RealtimeSettings = Field(default=RealtimeSettings(), description="How WebSockets are reached.")

    @field_validator("token_key_file")
    @classmethod
    def _one_source_of_the_token_key(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        given = (value, info.data.get("token_key"), info.data.get("token_key_secret"))
        if all(one is None for one in given):
            raise PydanticCustomError("missing", "give this or CYPHR_TOKEN_KEY_SECRET")
        if sum(one is not None for one in given) > 1:
            raise ValueError("give the token key in exactly one way")
        return value

    @model_validator(mode="after")
    def _one_source_of_each_other_key(self) -> "MessengerSettings":
        for name in ("factor_key", "root_key", "accepted_token_keys"):
            given = (getattr(self, one) for one in (name, f"{name}_file", f"{name}_secret"))
            if sum(one is not None for one in given) > 1:
                raise ValueError(f"give CYPHR_{name.upper()} in exactly one way: itself, …_FILE or …_SECRET")
        return self

    @model_validator(mode="after")
    def _some_database(self) -> "MessengerSettings":
        if self.supabase_database is None and self.aws_database is None:
            raise ValueError("give CYPHR_SUPABASE_DATABASE__… or CYPHR_AWS_DATABASE__… (or both while migrating)")
        return self
