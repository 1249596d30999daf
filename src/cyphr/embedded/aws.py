"""The AWS stand-in: ministack as a child process, with the buckets, the user pool and the key that Cyphr uses.

Objects are on disk as soon as they are acknowledged; users, pools and keys when it is stopped, not when it is killed.
Signatures and IAM policies are enforced, so a wrong key fails here as it would on AWS.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pydantic import SecretStr

from cyphr.embedded import user_pool
from cyphr.embedded.functions import realtime_permissions
from cyphr.embedded.http import wait_until_ready
from cyphr.embedded.ports import choose_port, remember_port
from cyphr.embedded.process import ProcessRecord, spawn, terminate_group
from cyphr.embedded.secrets import write_secret
from cyphr.foundation.aws import cognito_client, notifications_client, s3_client
from cyphr.foundation.settings import AwsSettings, CognitoSettings

_REGION = "us-east-1"
_USER = "cyphr"
_POOL = "cyphr-messenger"
_APP_CLIENT = "app-client-secret"
PEOPLE = "cyphr-people"
"""The role whose credentials a signed-in person gets from the identity pool."""
# Browsers fetch files from other origins; what may be written is a presigned URL's business.
_CORS: Any = {"AllowedMethods": ["GET", "HEAD", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:*", "cognito-idp:*", "secretsmanager:*", "ssm:*", "route53:*"],
            "Resource": "*",
        },
        *realtime_permissions(_REGION),
        {
            "Effect": "Allow",
            "Action": [
                "sns:CreatePlatformApplication",
                "sns:ListPlatformApplications",
                "sns:CreatePlatformEndpoint",
                "sns:SetEndpointAttributes",
                "sns:DeleteEndpoint",
                "sns:Publish",
            ],
            "Resource": "*",
        },
    ],
}


@dataclass(frozen=True)
class AwsNames:
    """What the AWS side's things are called."""

    user_pool_id: str
    app_client_id: str
    identity_pool_id: str = ""
    supabase_buckets: tuple[str, ...] = ("avatars", "attachments", "voice-messages")
    """Supabase's buckets, as its S3 protocol shows them: an object's key is its name in ``storage.objects``."""
    files_bucket: str = "cyphr-messenger-files-prod"
    push_applications: dict[str, str] = field(default_factory=dict)
    """ARNs of SNS's platform applications, by what SNS calls the platform: GCM (Android and browsers) and APNS."""


class AwsStandIn:
    """One ministack and its data. ``async with`` starts and stops it."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """``port``: insist on this one. Otherwise the folder remembers the one that the system chose first."""
        self.folder = folder.absolute()
        self.log = self.folder / "server.log"
        self._wanted_port = port
        self._port: int | None = None
        self._process: ProcessRecord | None = None
        self._names: AwsNames | None = None

    async def __aenter__(self) -> "AwsStandIn":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def endpoint_url(self) -> str:
        """Where every AWS service is answered."""
        assert self._port is not None, "the stand-in has not been started"
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> AwsSettings:
        """How Cyphr reaches it: with a key of its own that may use S3, Cognito and what a handover updates."""
        return AwsSettings(
            region=_REGION,
            endpoint_url=self.endpoint_url,
            access_key_id=(self.folder / "access-key-id").read_text().strip(),
            secret_access_key_file=self.folder / "secret-access-key",
        )

    @property
    def root(self) -> AwsSettings:
        """The stand-in's own root key: makes users, keys and what a deployment makes; nothing of Cyphr runs with it."""
        return AwsSettings(
            region=_REGION,
            endpoint_url=self.endpoint_url,
            access_key_id="test",
            secret_access_key=SecretStr("test"),
        )

    @property
    def cognito(self) -> CognitoSettings:
        """How the messenger reaches the user pool."""
        pool_id = self.names.user_pool_id
        keys = f"{self.endpoint_url}/{pool_id}/.well-known/jwks.json"
        return CognitoSettings(
            user_pool_id=pool_id,
            app_client_id=self.names.app_client_id,
            app_client_secret_file=self.folder / _APP_CLIENT,
            keys_url=keys,
        )

    @property
    def names(self) -> AwsNames:
        """What was made in it."""
        assert self._names is not None, "the stand-in has not been started"
        return self._names

    async def start(self) -> None:
        """Start it, wait until it answers, and make whatever is missing in it.

        Raises Conflict when the wanted port is taken, Unavailable (with the end of its log) when it does not come up.
        """
        for name in ("state", "objects", "temporary"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        port = self._port = choose_port(self._wanted_port, self.folder)
        self._process = spawn(
            [sys.executable, "-m", "cyphr.embedded.stand_in"],
            log=self.log,
            note=self.folder / "process.json",
            environment=self._environment(port),
            folder=self.folder,
        )
        await wait_until_ready(
            f"{self.endpoint_url}/_ministack/ready", self._process, self.log, what="the AWS stand-in"
        )
        remember_port(port, self.folder)
        await asyncio.to_thread(self._ensure_key)
        self._names = await asyncio.to_thread(self._ensure_resources)

    async def stop(self) -> None:
        """Stop it, so that it writes down what it knows. Does nothing when it is not running."""
        if self._process is not None:
            await terminate_group(self._process, signal.SIGTERM)
        self._process = None

    async def discard(self) -> None:
        """End it at once, and with it all that it has not written down."""
        if self._process is not None:
            await terminate_group(self._process, signal.SIGKILL)
        self._process = None

    def _environment(self, port: int) -> dict[str, str]:
        # Nothing of ours is passed on: a developer's AWS profile or proxy has no business in here.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "temporary"),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": _REGION,
            "AUTH": "true",
            "LAMBDA_EXECUTOR": "local",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.folder / "objects"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }

    def _ensure_key(self) -> None:
        if (self.folder / "access-key-id").exists() and self._is_key_valid():
            return
        iam = boto3.client("iam", **_arguments(self.root))
        try:
            iam.create_user(UserName=_USER)
        except iam.exceptions.EntityAlreadyExistsException:
            for old in iam.list_access_keys(UserName=_USER)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=_USER, AccessKeyId=old["AccessKeyId"])
        iam.put_user_policy(UserName=_USER, PolicyName=_USER, PolicyDocument=json.dumps(_POLICY))
        made = iam.create_access_key(UserName=_USER)["AccessKey"]
        write_secret(self.folder / "secret-access-key", made["SecretAccessKey"])
        (self.folder / "access-key-id").write_text(made["AccessKeyId"] + "\n")

    def _is_key_valid(self) -> bool:
        try:
            boto3.client("sts", **_arguments(self.settings)).get_caller_identity()
        except ClientError:  # killed before it wrote the key down
            return False
        return True

    def _ensure_resources(self) -> AwsNames:
        pool_id, client_id = self._ensure_user_pool()
        names = AwsNames(
            user_pool_id=pool_id,
            app_client_id=client_id,
            identity_pool_id=self._ensure_identity_pool(pool_id, client_id, AwsNames.files_bucket),
            push_applications=self._ensure_push_applications(),
        )
        s3 = s3_client(self.settings)
        existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        for name in (*names.supabase_buckets, names.files_bucket):
            if name not in existing:
                s3.create_bucket(Bucket=name)
        s3.put_bucket_cors(Bucket=names.files_bucket, CORSConfiguration={"CORSRules": [_CORS]})
        (self.folder / "names.json").write_text(json.dumps(asdict(names), indent=2) + "\n")
        return names

    def _ensure_push_applications(self) -> dict[str, str]:
        # Made anew each time: SNS gives the same ARN for the same name. Nothing is sent, so the credential is a word.
        sns = notifications_client(self.settings)
        return {
            platform: sns.create_platform_application(
                Name=_POOL, Platform=platform, Attributes={"PlatformCredential": "none"}
            )["PlatformApplicationArn"]
            for platform in ("GCM", "APNS")
        }

    def _ensure_user_pool(self) -> tuple[str, str]:
        cognito: Any = cognito_client(self.settings)
        pools = {pool["Name"]: pool["Id"] for pool in cognito.list_user_pools(MaxResults=60)["UserPools"]}
        pool_id = pools.get(_POOL) or cognito.create_user_pool(**user_pool.pool_to_make(_POOL))["UserPool"]["Id"]
        cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **user_pool.SECOND_FACTOR)
        groups = {group["GroupName"] for group in cognito.list_groups(UserPoolId=pool_id)["Groups"]}
        for name in set(user_pool.GROUPS) - groups:
            cognito.create_group(UserPoolId=pool_id, GroupName=name)
        client = self._ensure_app_client(cognito, pool_id)
        write_secret(self.folder / _APP_CLIENT, client["ClientSecret"])
        return pool_id, client["ClientId"]

    def _ensure_app_client(self, cognito: Any, pool_id: str) -> dict[str, Any]:
        for one in cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]:
            client: dict[str, Any] = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=one["ClientId"])[
                "UserPoolClient"
            ]
            if "ClientSecret" in client:
                return client
            # Of an earlier version of ours: it would let in whoever has a password.
            cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=one["ClientId"])
        made = cognito.create_user_pool_client(UserPoolId=pool_id, GenerateSecret=True, **user_pool.app_client(_POOL))
        return dict(made["UserPoolClient"])

    def _ensure_identity_pool(self, pool_id: str, client_id: str, bucket: str) -> str:
        identity = boto3.client("cognito-identity", **_arguments(self.root))
        pools = {one["IdentityPoolName"]: one for one in identity.list_identity_pools(MaxResults=60)["IdentityPools"]}
        provider = f"cognito-idp.{_REGION}.amazonaws.com/{pool_id}"
        wanted = user_pool.identity_pool(_POOL, provider, client_id)
        if _POOL in pools:
            known = str(pools[_POOL]["IdentityPoolId"])
            identity.update_identity_pool(IdentityPoolId=known, **wanted)
            return known
        made: str = identity.create_identity_pool(**wanted)["IdentityPoolId"]
        identity.set_principal_tag_attribute_map(
            IdentityPoolId=made, IdentityProviderName=provider, PrincipalTags=user_pool.PRINCIPAL_TAGS
        )
        iam = boto3.client("iam", **_arguments(self.root))
        trust = json.dumps(user_pool.trust_of_people(made))
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=PEOPLE, AssumeRolePolicyDocument=trust)
        iam.update_assume_role_policy(RoleName=PEOPLE, PolicyDocument=trust)
        iam.put_role_policy(
            RoleName=PEOPLE, PolicyName=PEOPLE, PolicyDocument=json.dumps(user_pool.permissions_of_people(bucket))
        )
        role = iam.get_role(RoleName=PEOPLE)["Role"]["Arn"]
        identity.set_identity_pool_roles(IdentityPoolId=made, Roles={"authenticated": role})
        return made


def _arguments(settings: AwsSettings) -> dict[str, Any]:
    return {
        "endpoint_url": settings.endpoint_url,
        "region_name": settings.region,
        "aws_access_key_id": settings.access_key_id,
        "aws_secret_access_key": settings.secret(),
    }
