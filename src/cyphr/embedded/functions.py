"""The AWS runtime in the stand-in: table, queues, functions, and the two APIs before them.

What a deployment makes once, made here with the stand-in's root key; the functions themselves run under a role that may
do only what they do. Everything is found again by its name, so a second start changes what differs and makes what is
missing.
"""

import asyncio
import io
import json
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import boto3

from cyphr.embedded.addresses import SNS_PATH
from cyphr.embedded.messenger import environment_of
from cyphr.embedded.user_pool import TRIGGERS, pool_settings
from cyphr.foundation.settings import AwsSettings, MessengerSettings, RealtimeSettings

TABLE = "cyphr-connections"
STAGE = "live"
MAIL_FROM = "no-reply@cyphr.example"

_ACCOUNT = "000000000000"
_ROLE = "cyphr-functions"
HANDLERS = ("connect", "disconnect", "default", "http", "fan_out", "sweep", "later", "clock")
TRIGGER_HANDLERS = tuple(TRIGGERS.values())
_SOURCES = {"cyphr-fan-out": "fan_out", "cyphr-greetings": "sweep", "cyphr-later": "later"}
"""Which function takes what is in which queue."""
_CLOCK = "cyphr-clock"
_MEMORY_MB = 512
_TIMEOUT_SECONDS = 29
_GREETING_SECONDS = 20
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass(frozen=True)
class Addresses:
    """Where the AWS runtime answers. ``management``: where servers post to its WebSockets."""

    websocket: str
    http: str
    management: str


class StandIn(Protocol):
    """What is needed of ``embedded.aws.AwsStandIn``."""

    @property
    def endpoint_url(self) -> str: ...

    @property
    def root(self) -> AwsSettings: ...


class Functions:
    """Cyphr's functions in one stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        """``stand_in``: running by the time that anything is asked for."""
        self._stand_in = stand_in
        self._realtime = RealtimeSettings()

    async def prepare(self) -> Addresses:
        """Make all but the functions, whose settings need to name them."""
        return await asyncio.to_thread(self._prepare)

    @property
    def realtime(self) -> RealtimeSettings:
        """How the functions are to reach connections."""
        return self._realtime

    def settings(
        self, process: MessengerSettings, *, front: str | None = None, pages: Iterable[str] = ()
    ) -> MessengerSettings:
        """What the functions are given, where a process would be given ``process`` (``realtime`` already theirs, if it
        names a table).

        ``front``: base URL of ``embedded/front.py``, through which they publish pushes, so that it can show them.
        ``pages``: origins of the web client, which is not where the WebSocket is. No key: they have their role. One
        invocation at a time needs few connections to a database.
        """
        own = AwsSettings(region=self._region, endpoint_url=self._base)
        known = process.realtime if process.realtime.table is not None else self._realtime
        realtime = known.model_copy(update={"origins": tuple(pages)})
        few = {"aws": own, "realtime": realtime, "mail_from": MAIL_FROM, "pool_size": 2, "web_folder": None}
        if front is not None:
            few["push_service"] = own.model_copy(update={"endpoint_url": front + SNS_PATH})
        return process.model_copy(update=few)

    def beside(self, process: str, *, move_seconds: float) -> tuple[RealtimeSettings, RealtimeSettings]:
        """How WebSockets are reached while realtime is migrated: by a process at ``process``, and by the functions.

        ``move_seconds``: within how long clients go from one to the other.
        """
        websocket = f"{process.replace('http', 'ws', 1)}/v1/ws"
        # Nobody is asked to look again later: the process looks by itself, at what the functions stored as well.
        here = {
            "endpoint": process,
            "url": websocket,
            "side": "supabase",
            "other_url": self._realtime.url,
            "later_queue": None,
        }
        # The stand-in has one container for all frames, so a hello may have to wait its turn.
        there = {"side": "aws", "other_url": websocket, "greeting_seconds": _GREETING_SECONDS, "later_queue": None}
        move = {"move_seconds": move_seconds}
        return self._realtime.model_copy(update=here | move), self._realtime.model_copy(update=there | move)

    async def deploy(self, settings: MessengerSettings) -> None:
        """Make the functions, or give those that are there ``settings``, and let the queues call them."""
        await asyncio.to_thread(self._deploy, settings)

    async def pause(self) -> None:
        """Let queues and clock call nobody any more. Before stopping the stand-in, which would go on to its end."""
        await asyncio.to_thread(self._enable_sources, False)

    def _prepare(self) -> Addresses:
        self._ensure_table()
        queues = {name: self._ensure_queue(name) for name in _SOURCES}
        self._ensure_role()
        self._ensure_sender()
        sockets = self._ensure_api("cyphr-websocket", "WEBSOCKET", "$request.body.t")
        http = self._ensure_api("cyphr-http", "HTTP", "$request.method $request.path")
        for route in ("$connect", "$disconnect", "$default"):
            self._ensure_route(sockets, route, route.removeprefix("$"))
        self._ensure_route(http, "$default", "http", PayloadFormatVersion="2.0")
        base = f"{self._base}/_aws/execute-api"
        addresses = Addresses(
            websocket=f"{base.replace('http', 'ws', 1)}/{sockets}/{STAGE}",
            http=f"{base}/{http}/$default",
            management=f"{base}/{sockets}/{STAGE}",
        )
        self._realtime = RealtimeSettings(
            table=TABLE,
            endpoint=addresses.management,
            fan_out_queue=queues["cyphr-fan-out"],
            greeting_queue=queues["cyphr-greetings"],
            later_queue=queues["cyphr-later"],
            url=addresses.websocket,
        )
        return addresses

    def _ensure_table(self) -> None:
        dynamodb = self._client("dynamodb")
        if TABLE in dynamodb.list_tables()["TableNames"]:
            return
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.update_time_to_live(
            TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )

    def _ensure_queue(self, name: str) -> str:
        # A message is given again when its function has had three times as long as it may take, four times in all.
        sqs = self._client("sqs")
        dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "4"})
        attributes = {"VisibilityTimeout": str(3 * _TIMEOUT_SECONDS), "RedrivePolicy": redrive}
        return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def _ensure_sender(self) -> None:
        ses = self._client("sesv2")
        if MAIL_FROM not in {one["IdentityName"] for one in ses.list_email_identities()["EmailIdentities"]}:
            ses.create_email_identity(EmailIdentity=MAIL_FROM)

    def _ensure_role(self) -> None:
        iam = self._client("iam")
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))
        policy = {"Version": "2012-10-17", "Statement": [*realtime_permissions(self._region), *_OTHER_PERMISSIONS]}
        iam.put_role_policy(RoleName=_ROLE, PolicyName=_ROLE, PolicyDocument=json.dumps(policy))

    def _ensure_api(self, name: str, protocol: str, selection: str) -> str:
        gateway = self._client("apigatewayv2")
        for api in gateway.get_apis()["Items"]:
            if api["Name"] == name:
                return str(api["ApiId"])
        api_id = gateway.create_api(Name=name, ProtocolType=protocol, RouteSelectionExpression=selection)["ApiId"]
        stage = STAGE if protocol == "WEBSOCKET" else "$default"
        gateway.create_stage(ApiId=api_id, StageName=stage, AutoDeploy=True)
        return str(api_id)

    def _ensure_route(self, api_id: str, route: str, handler: str, **integration: Any) -> None:
        gateway = self._client("apigatewayv2")
        if route in {known["RouteKey"] for known in gateway.get_routes(ApiId=api_id)["Items"]}:
            return
        target = gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=f"arn:aws:apigateway:{self._region}:lambda:path/2015-03-31/functions/"
            f"{self._arn('lambda', 'function:' + _name(handler))}/invocations",
            **integration,
        )["IntegrationId"]
        made = gateway.create_route(ApiId=api_id, RouteKey=route, Target=f"integrations/{target}")
        if handler == "default":
            # With it, what the function returns goes back to the client: an acknowledgement needs no call of its own.
            gateway.create_route_response(ApiId=api_id, RouteId=made["RouteId"], RouteResponseKey="$default")

    def _deploy(self, settings: MessengerSettings) -> None:
        functions = self._client("lambda")
        known = {one["FunctionName"] for one in functions.list_functions()["Functions"]}
        variables = {"Variables": environment_of(settings)}
        for handler in (*HANDLERS, *(TRIGGER_HANDLERS if settings.cognito is not None else ())):
            name = _name(handler)
            if name in known:
                functions.update_function_configuration(FunctionName=name, Environment=variables)
                continue
            functions.create_function(
                FunctionName=name,
                Runtime="python3.12",
                Role=self._arn("iam", f"role/{_ROLE}", region=""),
                Handler=f"cyphr.messenger.lambdas.{handler}.handler",
                Code={"ZipFile": _package()},
                Environment=variables,
                MemorySize=_MEMORY_MB,
                Timeout=_TIMEOUT_SECONDS,
            )
        for queue, handler in _SOURCES.items():
            self._ensure_source(queue, handler)
        self._ensure_schedule()
        if settings.cognito is not None:
            self._wire_triggers(settings.cognito.user_pool_id)
        self._enable_sources(True)
        # A container that is only now being made must not eat the five seconds that a client has for its hello.
        functions.invoke(FunctionName=_name("default"), Payload=json.dumps(_FROM_NOBODY))

    def _ensure_source(self, queue: str, handler: str) -> None:
        functions = self._client("lambda")
        arn = self._arn("sqs", queue)
        if not functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]:
            functions.create_event_source_mapping(
                EventSourceArn=arn,
                FunctionName=_name(handler),
                BatchSize=10,
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )

    def _wire_triggers(self, pool_id: str) -> None:
        functions = self._client("lambda")
        for handler in TRIGGER_HANDLERS:
            with suppress(functions.exceptions.ResourceConflictException):
                functions.add_permission(
                    FunctionName=_name(handler),
                    StatementId="cognito",
                    Action="lambda:InvokeFunction",
                    Principal="cognito-idp.amazonaws.com",
                    SourceArn=self._arn("cognito-idp", f"userpool/{pool_id}"),
                )
        arns = {handler: self._arn("lambda", f"function:{_name(handler)}") for handler in TRIGGER_HANDLERS}
        self._client("cognito-idp").update_user_pool(UserPoolId=pool_id, **pool_settings(arns))

    def _ensure_schedule(self) -> None:
        self._client("events").put_rule(Name=_CLOCK, ScheduleExpression="rate(1 minute)")
        target = {"Id": "clock", "Arn": self._arn("lambda", f"function:{_CLOCK}")}
        self._client("events").put_targets(Rule=_CLOCK, Targets=[target])

    def _enable_sources(self, enabled: bool) -> None:
        functions = self._client("lambda")
        for source in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=source["UUID"], Enabled=enabled)
        if not enabled:  # a rule that is made anew is enabled
            self._client("events").disable_rule(Name=_CLOCK)

    @property
    def _base(self) -> str:
        return self._stand_in.endpoint_url

    @property
    def _region(self) -> str:
        return self._stand_in.root.region

    def _client(self, service: Any) -> Any:
        root = self._stand_in.root
        return boto3.client(
            service,
            endpoint_url=root.endpoint_url,
            region_name=root.region,
            aws_access_key_id=root.access_key_id,
            aws_secret_access_key=root.secret(),
        )

    def _arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        return f"arn:aws:{service}:{self._region if region is None else region}:{_ACCOUNT}:{resource}"


def realtime_permissions(region: str) -> list[dict[str, Any]]:
    """What a server may do that shares the table of connections."""
    return [
        {
            "Effect": "Allow",
            "Action": [
                "dynamodb:BatchGetItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Scan",
                "dynamodb:UpdateItem",
            ],
            "Resource": f"arn:aws:dynamodb:{region}:{_ACCOUNT}:table/{TABLE}",
        },
        {
            "Effect": "Allow",
            "Action": ["sqs:SendMessage", "sqs:GetQueueAttributes"],
            "Resource": [f"arn:aws:sqs:{region}:{_ACCOUNT}:{name}" for name in _SOURCES],
        },
        {
            "Effect": "Allow",
            "Action": "execute-api:ManageConnections",
            "Resource": f"arn:aws:execute-api:{region}:{_ACCOUNT}:*/{STAGE}/*/@connections/*",
        },
    ]


_OTHER_PERMISSIONS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::*"},
    {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"},
    {
        "Effect": "Allow",
        "Action": [
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminDisableUser",
            "cognito-idp:AdminEnableUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminSetUserPassword",
            "cognito-idp:AdminUserGlobalSignOut",
        ],
        "Resource": "arn:aws:cognito-idp:*:*:userpool/*",
    },
    {
        "Effect": "Allow",
        "Action": ["sns:CreatePlatformEndpoint", "sns:SetEndpointAttributes", "sns:DeleteEndpoint", "sns:Publish"],
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": "arn:aws:sqs:*:*:cyphr-*",
    },
]


_FROM_NOBODY = {"requestContext": {"connectionId": "nobody", "domainName": "localhost", "stage": STAGE}, "body": ""}


def _name(handler: str) -> str:
    return f"cyphr-{handler.replace('_', '-')}"


def _package() -> bytes:
    """A function's code: nothing, for on this machine the handlers are those of the installed package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("README.txt", "The handlers are in the package cyphr, which is installed.\n")
    return buffer.getvalue()
