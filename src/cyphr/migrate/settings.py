"""``migration.toml``: where both sides are and how fast to go. Secrets are referred to, never written in it.

[supabase_database]
host = "db.abcdefgh.supabase.co"
dbname = "postgres"
user = "postgres"
password_file = "secrets/supabase-password"

[aws_database]
host = "cyphr-messenger-prod.xxxx.us-east-1.rds.amazonaws.com"
…

[files]      # left out: files are not moved
[auth]       # left out: users are not given Cognito counterparts

[handover]   # when a handover is refused, and what is done after one: see hooks/settings.py
"""

import shutil
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import AwsSettings, PostgresSettings
from cyphr.migrate.hooks.settings import HandoverSettings


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


class MigrationSettings(_Section):
    """Everything that ``cyphr migrate`` is told."""

    supabase_database: PostgresSettings
    aws_database: PostgresSettings
    aws: AwsSettings = AwsSettings()
    files: FilesSettings | None = None
    auth: AuthSettings | None = None
    handover: HandoverSettings = HandoverSettings()
    workers: int = Field(default=2, ge=1, le=32, description="Tables copied at the same time.")
    part_megabytes: int = Field(default=1024, ge=1, description="Larger tables are copied in parts of this size.")
    megabytes_per_second: int | None = Field(
        default=None, ge=1, description="How fast rows are copied, at most; none: as fast as both servers can."
    )
    postgres_programs: Path | None = Field(default=None, description="Folder of pg_dump and pg_restore; none: PATH.")

    @classmethod
    def load(cls, path: Path) -> "MigrationSettings":
        """Read and check a file. Raises InvalidInput that names the file and every mistake in it."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{path} is not valid TOML: {error}") from error
        except ValidationError as error:
            mistakes = "; ".join(
                f"{'.'.join(str(part) for part in mistake['loc']) or 'file'}: {mistake['msg']}"
                for mistake in error.errors(include_input=False)
            )
            raise InvalidInput(f"{path}: {mistakes}") from error

    def programs_folder(self) -> Path:
        """Where pg_dump is. Raises InvalidInput when it is nowhere."""
        if self.postgres_programs is not None:
            return self.postgres_programs
        found = shutil.which("pg_dump")
        if found is None:
            raise InvalidInput("pg_dump is not on the PATH; install PostgreSQL's client or set postgres_programs")
        return Path(found).parent
