"""The AWS stand-in keeps what it was given and refuses whoever it does not know."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.aws import cognito_client, s3_client


async def test_objects_users_and_names_survive_a_restart(tmp_path: Path) -> None:
    async with AwsStandIn(tmp_path / "aws") as first:
        names, endpoint = first.names, first.endpoint_url
        s3_client(first.settings).put_object(
            Bucket=names.files_bucket,
            Key="avatars/a.png",
            Body=b"png",
            ContentType="image/png",
            Metadata={"by": "anna"},
        )
        cognito_client(first.settings).admin_create_user(
            UserPoolId=names.user_pool_id,
            Username="0" * 36,
            UserAttributes=[
                {"Name": "custom:user_id", "Value": "0" * 36},
                {"Name": "email", "Value": "anna@example.org"},
            ],
            MessageAction="SUPPRESS",
        )
    async with AwsStandIn(tmp_path / "aws") as second:
        assert second.names == names
        assert second.endpoint_url == endpoint
        found = s3_client(second.settings).get_object(Bucket=names.files_bucket, Key="avatars/a.png")
        assert found["Body"].read() == b"png"
        assert (found["ContentType"], found["Metadata"]) == ("image/png", {"by": "anna"})
        users = cognito_client(second.settings).list_users(UserPoolId=names.user_pool_id)["Users"]
        assert {"Name": "custom:user_id", "Value": "0" * 36} in users[0]["Attributes"]


async def test_a_wrong_secret_is_refused(tmp_path: Path) -> None:
    async with AwsStandIn(tmp_path / "aws") as stand_in:
        wrong = stand_in.settings.model_copy(
            update={"secret_access_key": SecretStr("wrong"), "secret_access_key_file": None}
        )
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            s3_client(wrong).list_buckets()
