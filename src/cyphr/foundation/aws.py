"""AWS clients, built from settings in one place."""

from collections.abc import Callable
from functools import lru_cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import AwsSettings

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_route53 import Route53Client
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient

_making = Lock()

PARALLEL_CALLS = 32
"""How many calls of a client that serves connections may be under way at once."""


def s3_client(settings: AwsSettings) -> "S3Client":
    """A thread-safe S3 client. Path-style addresses against a stand-in, so that no DNS is needed."""
    client: object = _OnFirstCall(settings, "s3", _arguments(settings, s3={"addressing_style": "path"}))
    return cast("S3Client", client)


def cognito_client(settings: AwsSettings) -> "CognitoIdentityProviderClient":
    """A thread-safe client of Cognito user pools."""
    client: CognitoIdentityProviderClient = _client(settings, "cognito-idp", **_arguments(settings))
    return client


def patient_cognito_client(settings: AwsSettings) -> "CognitoIdentityProviderClient":
    """The same that repeats nothing: whoever sends many requests paces them, and must hear when they are too many."""
    arguments = _arguments(settings, max_pool_connections=PARALLEL_CALLS)
    arguments["config"] = arguments["config"].merge(Config(retries={"total_max_attempts": 1}))
    client: CognitoIdentityProviderClient = _client(settings, "cognito-idp", **arguments)
    return client


def sign_in_client(settings: AwsSettings) -> "CognitoIdentityProviderClient":
    """The same for who waits to be signed in: it gives up early."""
    arguments = _arguments(settings)
    arguments["config"] = arguments["config"].merge(
        Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=8)
    )
    client: CognitoIdentityProviderClient = _client(settings, "cognito-idp", **arguments)
    return client


def secrets_client(settings: AwsSettings) -> "SecretsManagerClient":
    """A thread-safe client of Secrets Manager."""
    client: SecretsManagerClient = _client(settings, "secretsmanager", **_arguments(settings))
    return client


def parameters_client(settings: AwsSettings) -> "SSMClient":
    """A thread-safe client of Systems Manager, for its Parameter Store."""
    client: SSMClient = _client(settings, "ssm", **_arguments(settings))
    return client


def dns_client(settings: AwsSettings) -> "Route53Client":
    """A thread-safe client of Route 53."""
    client: Route53Client = _client(settings, "route53", **_arguments(settings))
    return client


def table_client(settings: AwsSettings) -> "DynamoDBClient":
    """A thread-safe client of DynamoDB. Impatient: whoever sends a message waits for it, and it can do without."""
    client: object = _OnFirstCall(settings, "dynamodb", _impatient(settings))
    return cast("DynamoDBClient", client)


@lru_cache(maxsize=8)
def queue_client(settings: AwsSettings) -> "SQSClient":
    """A thread-safe client of SQS, as impatient as that of DynamoDB; one for all queues."""
    client: object = _OnFirstCall(settings, "sqs", _impatient(settings))
    return cast("SQSClient", client)


def mail_client(settings: AwsSettings) -> "SESV2Client":
    """A thread-safe client of SES."""
    client: object = _OnFirstCall(settings, "sesv2", _arguments(settings))
    return cast("SESV2Client", client)


def gateway_client(settings: AwsSettings, endpoint_url: str) -> "ApiGatewayManagementApiClient":
    """A thread-safe client that posts to the WebSockets of one API Gateway stage. It never retries: its caller does."""
    arguments = _arguments(settings, max_pool_connections=PARALLEL_CALLS)
    arguments["config"] = arguments["config"].merge(Config(retries={"total_max_attempts": 1}, read_timeout=10))
    client: ApiGatewayManagementApiClient = _client(
        settings, "apigatewaymanagementapi", **{**arguments, "endpoint_url": endpoint_url}
    )
    return client


def notifications_client(settings: AwsSettings) -> "SNSClient":
    """A thread-safe client of SNS that gives up early: what could not be sent is sent again later anyway."""
    arguments = _arguments(settings)
    arguments["config"] = arguments["config"].merge(
        Config(retries={"mode": "standard", "max_attempts": 2}, connect_timeout=3, read_timeout=8)
    )
    client: SNSClient = _client(settings, "sns", **arguments)
    return client


def metrics_client(settings: AwsSettings) -> Any:
    """A thread-safe client of CloudWatch's metrics."""
    return _client(settings, "cloudwatch", **_arguments(settings))


def read_secret(settings: AwsSettings, name: str) -> str:
    """The text of a secret in Secrets Manager, by its name or ARN. Blocking. Raises InvalidInput with AWS's words."""
    try:
        return str(secrets_client(settings).get_secret_value(SecretId=name)["SecretString"])
    except KeyError as error:
        raise InvalidInput(f"the secret {name} is binary; store it as text") from error
    except (ClientError, BotoCoreError) as error:
        raise InvalidInput(f"cannot read the secret {name}: {error}") from error


class _OnFirstCall:
    """A client that its first call makes, in the thread of that call: a service's description is read from disk, which
    takes as long as many calls, and whoever starts does not need every service at once.
    """

    def __init__(self, settings: AwsSettings, service: str, arguments: dict[str, Any]) -> None:
        self._make = partial(_client, settings, service, **arguments)
        self._made: Any = None
        self._one_makes_it = Lock()

    @property
    def made(self) -> Any:
        with self._one_makes_it:
            if self._made is None:
                self._made = self._make()
            return self._made

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*positional: Any, **arguments: Any) -> Any:
            return getattr(self.made, operation)(*positional, **arguments)

        call.__name__ = operation
        return call


def _client(settings: AwsSettings, service: str, **arguments: Any) -> Any:
    with _making:  # clients may be shared by threads, what makes them may not
        return _session(settings).create_client(service, region_name=settings.region, **arguments)


@lru_cache(maxsize=8)
def _session(settings: AwsSettings) -> botocore.session.Session:
    # botocore's, because boto3 adds to it what nothing here needs and doubles the time of a function's start. One for
    # each set of keys: a session reads the descriptions of AWS's services from disk, and keeps them.
    session = botocore.session.get_session()
    secret = settings.secret()
    if settings.access_key_id is not None and secret is not None:
        session.set_credentials(settings.access_key_id, secret)
    return session


def _arguments(settings: AwsSettings, **config: Any) -> dict[str, Any]:
    if settings.endpoint_url is None:
        config.pop("s3", None)
    return {
        "endpoint_url": settings.endpoint_url,
        "config": Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=60, **config),
    }


def _impatient(settings: AwsSettings) -> dict[str, Any]:
    arguments = _arguments(settings, max_pool_connections=PARALLEL_CALLS)
    impatient = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=1, read_timeout=3)
    return {**arguments, "config": arguments["config"].merge(impatient)}
