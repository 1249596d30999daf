"""Everyone gets a counterpart in Cognito, keeps the id they have, and is linked to it."""

from dataclasses import replace
from typing import Any

import pytest

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.auth import AuthMigration, AuthPlaces
from cyphr.migrate.auth.pool import UserPool
from cyphr.migrate.auth.synchronisation import Synchronisation
from tests.conftest import TestSide
from tests.e2e.services.conftest import Databases, Pool, make_pool
from tests.e2e.services.test_files import Crashed, crash_after, execute

ANNA, BORIS, CARLA, DORA = (f"0000000{number}-0000-4000-8000-000000000000" for number in range(1, 5))


async def people(side: TestSide) -> None:
    """Anna has an address, Boris a phone only; Carla and Dora come from Supabase Auth, and Dora is banned."""
    await execute(side, "insert into users (id, full_name) values (%s, 'Anna'), (%s, 'Boris')", ANNA, BORIS)
    await execute(side, "insert into account_emails (user_id, email) values (%s, 'anna@example.org')", ANNA)
    await execute(
        side,
        "insert into auth.users (id, email, email_confirmed_at, banned_until, raw_user_meta_data) values"
        " (%s, 'Carla@example.org', now(), null, jsonb_build_object('full_name', 'Carla')),"
        " (%s, 'dora@example.org', null, 'infinity', null)",
        CARLA,
        DORA,
    )


async def links(side: TestSide) -> dict[str, str]:
    return dict(await execute(side, "select user_id::text, cognito_sub from cognito_accounts"))


async def test_everyone_gets_a_counterpart_with_their_id_and_a_link(
    auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side)
    await auth.copy()
    users = pool.users()
    assert users[ANNA] | {"sub": ""} == {
        "sub": "",
        "custom:user_id": ANNA,
        "email": "anna@example.org",
        "email_verified": "true",
        "name": "Anna",
        "Username": ANNA,
        "Enabled": True,
    }
    assert (users[BORIS]["Username"], users[BORIS].get("email")) == (BORIS, None)
    assert (users[CARLA]["email"], users[CARLA]["name"]) == ("carla@example.org", "Carla")
    assert (users[DORA].get("email_verified"), users[DORA]["Enabled"]) == (None, False)
    assert await links(side) == {user_id: user["sub"] for user_id, user in users.items()}
    verification = await auth.verify()
    assert (verification.checked, verification.differences) == (4, [])
    assert verification.notes == [f"without e-mail, named by their id: {BORIS}"]
    assert (await auth.progress())["users_copied"] == 4
    assert await auth.follow_once() == 0


async def test_who_registers_changes_is_banned_or_leaves_is_followed(
    auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side)
    await auth.copy()
    await execute(side, "update users set full_name = 'Anna B.' where id = %s", ANNA)
    await execute(side, "update account_emails set email = 'ab@example.org'")
    await execute(side, "delete from users where id = %s", BORIS)
    await execute(side, "update auth.users set banned_until = now() + interval '1 day' where id = %s", CARLA)
    await execute(side, "update auth.users set banned_until = null, email = null where id = %s", DORA)
    [(new,)] = await execute(side, "insert into users (full_name) values ('New') returning id::text")
    assert await auth.follow_once() == 5
    users = pool.users()
    assert users.keys() == {ANNA, CARLA, DORA, new}
    assert (users[ANNA]["name"], users[ANNA]["email"], users[ANNA]["email_verified"]) == (
        "Anna B.",
        "ab@example.org",
        "true",
    )
    assert (users[CARLA]["Enabled"], users[DORA]["Enabled"]) == (False, True)
    assert not users[DORA].get("email")
    assert (await links(side)).keys() == users.keys()
    assert (await auth.verify()).differences == []
    assert await auth.follow_once() == 0


async def test_verification_mends_a_counterpart_that_was_changed_and_names_a_stranger(
    auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    await people(databases.sides[Side.SUPABASE])
    await auth.copy()
    pool.client.admin_disable_user(UserPoolId=pool.id, Username=ANNA)
    pool.client.admin_delete_user(UserPoolId=pool.id, Username=BORIS)
    await execute(databases.sides[Side.SUPABASE], "delete from cognito_accounts where user_id = %s", CARLA)
    for stranger in ("stranger", "another"):
        pool.client.admin_create_user(UserPoolId=pool.id, Username=stranger, MessageAction="SUPPRESS")
    verification = await auth.verify()
    assert sorted(verification.differences) == [
        "Cognito user another: nobody's counterpart",
        "Cognito user stranger: nobody's counterpart",
    ]
    for stranger in ("stranger", "another"):
        pool.client.admin_delete_user(UserPoolId=pool.id, Username=stranger)
    assert pool.users()[ANNA]["Enabled"] is True
    assert pool.users().keys() == {ANNA, BORIS, CARLA, DORA}


async def test_the_authority_over_auth_moves_and_comes_back_once_each(
    auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side)
    timing = await auth.handover(Side.AWS)
    assert timing.fence_ms > 0
    await auth.handover(Side.AWS)
    assert await execute(side, "select side, epoch from cyphr.switchboard where service = 'auth'") == [("aws", 2)]
    assert len(pool.users()) == 4
    await auth.handover(Side.SUPABASE)
    assert await execute(side, "select side, epoch from cyphr.switchboard where service = 'auth'") == [("supabase", 3)]
    assert await auth.side() is Side.SUPABASE


@pytest.mark.parametrize(
    ("owner", "name", "calls"),
    [
        (UserPool, "ensure", 2),
        (UserPool, "_switch", 2),
        (UserPool, "delete", 1),
        (Synchronisation, "_bring", 1),
        (Synchronisation, "_remove", 1),
    ],
)
async def test_a_crash_anywhere_is_mended_by_running_it_again(
    auth: AuthMigration,
    databases: Databases,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    calls: int,
) -> None:
    side = databases.sides[Side.SUPABASE]
    [(gone,)] = await execute(side, "insert into users (full_name) values ('Gone') returning id::text")
    await auth.copy()
    await execute(side, "delete from users where id = %s", gone)
    await people(side)
    with monkeypatch.context() as patch:
        crash_after(patch, owner, name, calls)
        with pytest.raises(Crashed):
            await auth.handover(Side.AWS)
    await auth.handover(Side.AWS)
    users = pool.users()
    assert users.keys() == {ANNA, BORIS, CARLA, DORA}
    assert await links(side) == {user_id: user["sub"] for user_id, user in users.items()}
    assert (await auth.verify()).differences == []


async def test_links_are_written_where_the_authority_is(auth: AuthMigration, databases: Databases) -> None:
    await execute(databases.sides[Side.AWS], "insert into users (id, full_name) values (%s, 'Anna')", ANNA)
    databases.side = Side.AWS
    await auth.copy()
    assert (await links(databases.sides[Side.AWS])).keys() == {ANNA}
    assert await links(databases.sides[Side.SUPABASE]) == {}


async def test_a_pool_that_names_people_by_address_refuses_who_has_none_and_takes_the_others(
    auth_places: AuthPlaces, databases: Databases, stand_in: AwsStandIn
) -> None:
    by_email = make_pool(stand_in, UsernameAttributes=["email"])
    auth = AuthMigration(replace(auth_places, user_pool_id=by_email.id))
    await people(databases.sides[Side.SUPABASE])
    await auth.copy()
    users = by_email.users()
    assert users.keys() == {ANNA, CARLA, DORA}
    assert users[ANNA]["Username"] == users[ANNA]["sub"]
    assert (await auth.progress())["users_refused"] == 1
    assert (await auth.verify()).differences == [f"user {BORIS}: Cognito refused: Username should be an email."]


async def test_an_address_that_a_stranger_holds_is_named(auth: AuthMigration, databases: Databases, pool: Pool) -> None:
    await people(databases.sides[Side.SUPABASE])
    pool.client.admin_create_user(
        UserPoolId=pool.id,
        Username=ANNA,
        UserAttributes=[{"Name": "custom:user_id", "Value": BORIS}],
        MessageAction="SUPPRESS",
    )
    await auth.copy()
    assert (await auth.progress())["users_refused"] == 1
    differences = (await auth.verify()).differences
    assert f"user {ANNA}: the pool has another user called {ANNA}; delete or rename that one" in differences


async def test_each_person_sees_their_own_link_only(auth: AuthMigration, databases: Databases) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side)
    await auth.copy()
    async with await connect(side.app) as connection, connection.transaction():
        await connection.execute(
            "select set_config('request.jwt.claims', %s, true)", [f'{{"role": "authenticated", "sub": "{ANNA}"}}']
        )
        rows = await (await connection.execute("select user_id::text from cognito_accounts")).fetchall()
    assert rows == [(ANNA,)]
