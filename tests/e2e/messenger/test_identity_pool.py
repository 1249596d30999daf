"""Credentials of AWS for a signed-in person, who reaches their own folder with them and no other's.

The stand-in checks whom it gives credentials to, and enforces IAM policies, but replaces no variable in them. So the
policy is tried with the tag that AWS would put into it, and what the pool gives for what must be refused.
"""

import asyncio
import json
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from cyphr.embedded.aws import PEOPLE, AwsStandIn
from cyphr.embedded.user_pool import permissions_of_people, trust_of_people
from cyphr.foundation.aws import cognito_client
from tests.e2e.messenger.pool import hash_for

PASSWORD = "Correct horse 7"
ANNA, BORIS = str(uuid4()), str(uuid4())


def client(stand_in: AwsStandIn, service: Any, **credentials: str) -> Any:
    keys = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=stand_in.endpoint_url, region_name="us-east-1", **keys)


async def id_token(stand_in: AwsStandIn, user_id: str) -> str:
    """Of a user with a password."""
    cognito: Any = cognito_client(stand_in.settings)
    pool = {"UserPoolId": stand_in.names.user_pool_id}

    def make() -> str:
        attributes = [{"Name": "custom:user_id", "Value": user_id}]
        cognito.admin_create_user(**pool, Username=user_id, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**pool, Username=user_id, Password=PASSWORD, Permanent=True)
        cognito.update_user_pool_client(
            **pool,
            ClientId=stand_in.names.app_client_id,
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
                               "ALLOW_CUSTOM_AUTH"],
        )  # fmt: skip
        tokens = cognito.admin_initiate_auth(
            **pool,
            ClientId=stand_in.names.app_client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user_id, "PASSWORD": PASSWORD, "SECRET_HASH": hash_for(stand_in, user_id)},
        )
        return str(tokens["AuthenticationResult"]["IdToken"])

    return await asyncio.to_thread(make)


def provider(stand_in: AwsStandIn) -> str:
    return f"cognito-idp.us-east-1.amazonaws.com/{stand_in.names.user_pool_id}"


async def test_only_a_person_of_the_pool_gets_credentials(stand_in: AwsStandIn) -> None:
    identity = client(stand_in, "cognito-identity")
    pool = {"IdentityPoolId": stand_in.names.identity_pool_id}
    token = await id_token(stand_in, str(uuid4()))
    own = identity.get_id(**pool, Logins={provider(stand_in): token})["IdentityId"]
    given = identity.get_credentials_for_identity(IdentityId=own, Logins={provider(stand_in): token})["Credentials"]
    assert given["SessionToken"]
    stranger = await id_token(stand_in, str(uuid4()))
    for logins in (
        {},
        {provider(stand_in): "nonsense"},
        {provider(stand_in): stranger},
        {"accounts.google.com": token},
    ):
        with pytest.raises(ClientError, match=r"NotAuthorized|not authorized|forbidden"):
            identity.get_credentials_for_identity(IdentityId=own, Logins=logins)
    described = identity.describe_identity_pool(**pool)
    assert (described["AllowUnauthenticatedIdentities"], described["AllowClassicFlow"]) == (False, False)
    tags = identity.get_principal_tag_attribute_map(**pool, IdentityProviderName=provider(stand_in))
    assert tags["PrincipalTags"] == {"user_id": "custom:user_id"}


async def test_the_credentials_reach_nothing_that_is_anothers(stand_in: AwsStandIn) -> None:
    bucket = stand_in.names.files_bucket
    client(stand_in, "s3").put_object(Bucket=bucket, Key=f"avatars/{BORIS}/a.png", Body=b"png")
    identity = client(stand_in, "cognito-identity")
    logins = {provider(stand_in): await id_token(stand_in, str(uuid4()))}
    own = identity.get_id(IdentityPoolId=stand_in.names.identity_pool_id, Logins=logins)["IdentityId"]
    given = identity.get_credentials_for_identity(IdentityId=own, Logins=logins)["Credentials"]
    s3 = client(
        stand_in,
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretKey"],
        aws_session_token=given["SessionToken"],
    )
    _assert_refused(s3, bucket, f"avatars/{BORIS}/a.png")


async def test_the_policy_opens_ones_own_folder_and_no_other(stand_in: AwsStandIn) -> None:
    bucket = stand_in.names.files_bucket
    root = client(stand_in, "s3")
    for person in (ANNA, BORIS):
        root.put_object(Bucket=bucket, Key=f"avatars/{person}/a.png", Body=b"png")
    iam = client(stand_in, "iam")
    # The same permissions in a role that STS may be asked for here, with the variable replaced.
    policy = iam.get_role_policy(RoleName=PEOPLE, PolicyName=PEOPLE)["PolicyDocument"]
    principal = {"AWS": "arn:aws:iam::000000000000:root"}
    actions = ["sts:AssumeRole", "sts:TagSession"]
    trust = [{"Effect": "Allow", "Principal": principal, "Action": actions}]
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName="twin", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    of_anna = json.dumps(policy).replace("${aws:PrincipalTag/user_id}", ANNA)
    iam.put_role_policy(RoleName="twin", PolicyName="twin", PolicyDocument=of_anna)
    given = client(stand_in, "sts").assume_role(RoleArn=role, RoleSessionName="anna")["Credentials"]
    s3 = client(
        stand_in,
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert s3.get_object(Bucket=bucket, Key=f"avatars/{ANNA}/a.png")["Body"].read() == b"png"
    s3.put_object(Bucket=bucket, Key=f"avatars/{ANNA}/b.png", Body=b"png")
    for key in (f"avatars/{BORIS}/a.png", f"avatars/{ANNA}x/a.png", "avatars/a.png", f"attachments/{ANNA}/a.png"):
        _assert_refused(s3, bucket, key)


def _assert_refused(s3: Any, bucket: str, key: str) -> None:
    for call in (
        lambda: s3.get_object(Bucket=bucket, Key=key),
        lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"x"),
        lambda: s3.delete_object(Bucket=bucket, Key=key),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
            call()


def test_the_role_is_for_this_pools_signed_in_people_and_for_avatars_alone() -> None:
    (trust,) = trust_of_people("us-east-1:pool")["Statement"]
    assert trust["Condition"]["StringEquals"] == {"cognito-identity.amazonaws.com:aud": "us-east-1:pool"}
    assert trust["Condition"]["ForAnyValue:StringLike"] == {"cognito-identity.amazonaws.com:amr": "authenticated"}
    objects, _ = permissions_of_people("bucket")["Statement"]
    assert objects["Resource"] == "arn:aws:s3:::bucket/avatars/${aws:PrincipalTag/user_id}/*"
