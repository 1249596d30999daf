"""The user pool is there, can hold what people need, and takes everyone."""

import asyncio
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.aws import cognito_client
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.postgres import Side
from cyphr.migrate.preflight.context import Context, queries
from cyphr.migrate.preflight.finding import Check, Finding, Level, failure, listed, ok, warning

_ATTRIBUTE = "custom:user_id"


async def _look(context: Context) -> Finding:
    if context.settings.auth is None:
        return ok("[auth] is left out: nobody gets a counterpart in Cognito")
    pool_id = context.settings.auth.user_pool_id
    try:
        pool = await asyncio.to_thread(_describe, context, pool_id)
    except (ClientError, BotoCoreError) as error:
        return failure(f"the user pool {pool_id} cannot be read: {error}")
    if _ATTRIBUTE not in {attribute.get("Name") for attribute in pool.get("SchemaAttributes", [])}:
        return failure(f"the user pool {pool_id} has no attribute {_ATTRIBUTE}")
    try:
        sealer = await asyncio.to_thread(context.settings.auth.sealer, context.settings.aws)
    except InvalidInput as error:
        return failure(error.message)
    if sealer is None and (owners := await context.names(Side.SUPABASE, queries.owners_of_authenticators)):
        return failure(
            f"people have an authenticator, and no key to seal its secret with is given: {listed(owners)}",
            "Set auth.factor_key_file or auth.factor_key_secret to the key that the messenger has (CYPHR_FACTOR_KEY).",
        )
    misfits = await context.names(Side.SUPABASE, queries.users_that_do_not_fit)
    if misfits:
        return warning(
            f"people who do not fit as they are: {listed(misfits)}",
            "Mend that on Supabase, or accept that their counterpart has no address, or a name that is cut off.",
        )
    return ok(f"{pool.get('Name', pool_id)} has {_ATTRIBUTE}, and everyone fits")


def _describe(context: Context, pool_id: str) -> Any:
    return cognito_client(context.settings.aws).describe_user_pool(UserPoolId=pool_id)["UserPool"]


CHECK = Check(
    name="cognito",
    worst=Level.FAILURE,
    why="Everyone keeps Supabase's user id in custom:user_id; a pool cannot be given an attribute's limits afterwards, "
    "and takes no address or name that does not fit. An authenticator is brought along with its secret, under a key.",
    mend="Look at auth.user_pool_id, region and credentials; add the custom attribute user_id (a string, up to 36 "
    "characters, mutable) to the pool.",
    look=_look,
)
