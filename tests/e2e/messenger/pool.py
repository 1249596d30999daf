"""People in the user pool, as the migration puts them there, and the mail that the pool sends."""

import asyncio
from typing import Any

import bcrypt
import httpx

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.mailbox import SentMail
from cyphr.foundation.aws import cognito_client
from cyphr.foundation.postgres import connect
from cyphr.messenger.cognito.pool import secret_hash
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register


async def code_for(stand_in: AwsStandIn, email: str) -> str:
    """The newest code that was mailed to an address."""
    return (await SentMail(stand_in.endpoint_url).letters(email))[0].code


def hash_for(stand_in: AwsStandIn, username: str) -> str:
    """What Cognito wants of whoever knows the app client's secret."""
    settings = stand_in.cognito
    return secret_hash(settings.secret().encode(), settings.app_client_id, username)


async def counterpart(side: TestSide, stand_in: AwsStandIn, http: httpx.AsyncClient, name: str = "Moved") -> Client:
    """Somebody with a PIN whom the migration brought along: their counterpart has no password."""
    person = await register(http, name)
    pool: Any = {"UserPoolId": stand_in.names.user_pool_id}
    made = await asyncio.to_thread(
        cognito_client(stand_in.settings).admin_create_user,
        **pool,
        Username=person.id,
        UserAttributes=[
            {"Name": "email", "Value": person.email},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "custom:user_id", "Value": person.id},
        ],
        MessageAction="SUPPRESS",
    )
    sub = next(one["Value"] for one in made["User"]["Attributes"] if one["Name"] == "sub")
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into cognito_accounts (user_id, cognito_sub, username) values (%s, %s, %s)",
            [person.id, sub, person.id],
        )
    return person


async def moved(side: TestSide, stand_in: AwsStandIn, http: httpx.AsyncClient, password: str) -> Client:
    """The same for somebody with a password at Supabase Auth: a bcrypt hash."""
    person = await counterpart(side, stand_in, http)
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into imported_passwords (user_id, email, bcrypt) values (%s, %s, %s)",
            [person.id, person.email, hashed],
        )
    return person
