"""AWS clients, built from settings in one place."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import AwsSettings

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_route53 import Route53Client
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_ssm import SSMClient


def s3_client(settings: AwsSettings) -> "S3Client":
    """A thread-safe S3 client. Path-style addresses against a stand-in, so that no DNS is needed."""
    client: S3Client = _session(settings).client("s3", **_arguments(settings, s3={"addressing_style": "path"}))
    return client


def cognito_client(settings: AwsSettings) -> "CognitoIdentityProviderClient":
    """A thread-safe client of Cognito user pools."""
    client: CognitoIdentityProviderClient = _session(settings).client("cognito-idp", **_arguments(settings))
    return client


def secrets_client(settings: AwsSettings) -> "SecretsManagerClient":
    """A thread-safe client of Secrets Manager."""
    client: SecretsManagerClient = _session(settings).client("secretsmanager", **_arguments(settings))
    return client


def parameters_client(settings: AwsSettings) -> "SSMClient":
    """A thread-safe client of Systems Manager, for its Parameter Store."""
    client: SSMClient = _session(settings).client("ssm", **_arguments(settings))
    return client


def dns_client(settings: AwsSettings) -> "Route53Client":
    """A thread-safe client of Route 53."""
    client: Route53Client = _session(settings).client("route53", **_arguments(settings))
    return client


def metrics_client(settings: AwsSettings) -> Any:
    """A thread-safe client of CloudWatch's metrics."""
    return _session(settings).client("cloudwatch", **_arguments(settings))


def read_secret(settings: AwsSettings, name: str) -> str:
    """The text of a secret in Secrets Manager, by its name or ARN. Blocking. Raises InvalidInput with AWS's words."""
    try:
        return str(secrets_client(settings).get_secret_value(SecretId=name)["SecretString"])
    except KeyError as error:
        raise InvalidInput(f"the secret {name} is binary; store it as text") from error
    except (ClientError, BotoCoreError) as error:
        raise InvalidInput(f"cannot read the secret {name}: {error}") from error


def _session(settings: AwsSettings) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret(),
        region_name=settings.region,
    )


def _arguments(settings: AwsSettings, **config: Any) -> dict[str, Any]:
    if settings.endpoint_url is None:
        config.pop("s3", None)
    return {
        "endpoint_url": settings.endpoint_url,
        "config": Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=60, **config),
    }
