"""Many people, a Cognito that takes only so many requests, and a migrator that dies on the way."""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import AwsSettings, PostgresSettings
from cyphr.migrate.auth import AuthMigration, AuthPlaces
from tests.conftest import TestSide
from tests.e2e.messenger.conftest import serve_app
from tests.e2e.services.cognito_door import CognitoDoor
from tests.e2e.services.conftest import Databases, make_pool
from tests.e2e.services.test_files import execute

_MANY = 72  # more than are brought over in one batch
_SYNCHRONISATION = "cyphr.migrate.auth.synchronisation"


@pytest_asyncio.fixture(scope="module")
async def door(stand_in: AwsStandIn) -> AsyncIterator[CognitoDoor]:
    async with CognitoDoor(stand_in.endpoint_url).open() as door:
        yield door


@pytest_asyncio.fixture(scope="module")
async def through_the_door(stand_in: AwsStandIn, door: CognitoDoor) -> AsyncIterator[AwsSettings]:
    async with serve_app(door.app) as http:
        yield stand_in.settings.model_copy(update={"endpoint_url": str(http.base_url).rstrip("/")})


@pytest.fixture(autouse=True)
def calm(door: CognitoDoor) -> None:
    door.quotas.clear()
    door.failing.clear()
    door.asked.clear()
    door.refused.clear()


@pytest.fixture
def places(databases: Databases, stand_in: AwsStandIn, through_the_door: AwsSettings) -> AuthPlaces:
    """The pool is new; requests go through the door."""
    return databases.auth_places(through_the_door, make_pool(stand_in, AliasAttributes=["email"]).id, quota_factor=50)


async def people(side: TestSide, number: int) -> None:
    """So many who registered at Supabase with a password."""
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into auth.users (id, email, encrypted_password, email_confirmed_at, is_anonymous, is_sso_user)"
            " select gen_random_uuid(), 'person' || n || '@example.org', '$2a$10$' || repeat('x', 53), now(),"
            " false, false"
            " from generate_series(1, %s) n",
            [number],
        )


async def count(databases: Databases, table: str) -> int:
    side = databases.sides[Side.AWS if table.startswith("cyphr") else Side.SUPABASE]
    [(rows,)] = await execute(side, f"select count(*) from {table}")
    return int(rows)


async def test_who_is_told_that_it_asks_too_much_goes_slower_and_brings_everybody(
    places: AuthPlaces, databases: Databases, door: CognitoDoor
) -> None:
    await people(databases.sides[Side.SUPABASE], 40)
    door.quotas["AdminCreateUser"] = 15.0
    auth = AuthMigration(replace(places, quota_factor=1.0))
    await auth.copy()
    progress = await auth.progress()
    assert (progress["users_total"], progress["users_copied"], progress["users_refused"]) == (40, 40, 0)
    assert door.asked["AdminCreateUser"] == 40 + door.refused["AdminCreateUser"]
    assert 0 < door.refused["AdminCreateUser"] < 40, "most were sent when there was room for them"
    assert progress["throttled"] == door.refused["AdminCreateUser"]
    assert await count(databases, "imported_passwords") == 40


async def test_what_fails_inside_cognito_is_asked_again(
    places: AuthPlaces, databases: Databases, door: CognitoDoor
) -> None:
    await people(databases.sides[Side.SUPABASE], 3)
    door.failing["AdminCreateUser"] = ["InternalErrorException", "TooManyRequestsException", "InternalErrorException"]
    auth = AuthMigration(places)
    await auth.copy()
    assert (await auth.verify()).differences == []


async def test_who_is_refused_is_named_with_cognitos_words_and_the_others_come(
    places: AuthPlaces, databases: Databases, door: CognitoDoor
) -> None:
    await people(databases.sides[Side.SUPABASE], 5)
    door.failing["AdminCreateUser"] = ["InvalidParameterException"] * 2
    auth = AuthMigration(places)
    await auth.copy()
    progress = await auth.progress()
    assert (progress["users_copied"], progress["users_refused"]) == (3, 2)
    problems = await execute(databases.sides[Side.AWS], "select problem from cyphr.auth_accounts where problem <> ''")
    assert problems == [("Cognito refused: InvalidParameterException",)] * 2
    assert await auth.follow_once() == 0, "they are not tried again at once"
    assert (await auth.verify()).differences == [], "but whoever compares tries again"


async def test_an_address_that_is_still_somebody_elses_is_given_later(
    places: AuthPlaces, databases: Databases, door: CognitoDoor
) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side, 2)
    auth = AuthMigration(places)
    await auth.copy()
    await execute(side, "update auth.users set email = 'new@example.org' where email = 'person1@example.org'")
    door.failing["AdminUpdateUserAttributes"] = ["AliasExistsException"]
    assert await auth.follow_once() == 1
    assert door.asked["AdminUpdateUserAttributes"] == 2, "its own address was let go of"
    assert (await auth.verify()).differences == []


@pytest.mark.parametrize(
    ("room", "step", "calls"),
    [
        ("copy", "cyphr.migrate.auth.pool:UserPool._create", 30),
        ("copy", f"{_SYNCHRONISATION}:Synchronisation._record", 2),
        ("handover", "cyphr.migrate.auth.handover:with_authority", 1),
    ],
)
async def test_a_migrator_that_is_killed_is_continued_by_the_next(
    places: AuthPlaces, databases: Databases, door: CognitoDoor, room: str, step: str, calls: int
) -> None:
    await people(databases.sides[Side.SUPABASE], _MANY)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.services.dying_auth", room, step, str(calls), stdin=asyncio.subprocess.PIPE
    )
    await child.communicate(json.dumps(in_json(places)).encode())
    assert child.returncode == -9
    made = door.asked["AdminCreateUser"]
    auth = AuthMigration(places)
    await auth.prepare()
    await auth.copy()
    assert (await auth.progress())["users_copied"] == _MANY
    again = door.asked["AdminCreateUser"] - made
    assert again <= _MANY - await finished(made), "who was brought before is not brought again"
    assert (await auth.verify()).differences == []
    await auth.handover(Side.AWS)
    assert await count(databases, "imported_passwords where bcrypt is not null") == _MANY


async def finished(made: int) -> int:
    """How many were certainly written down of so many requests: all but the batch under way."""
    return max(0, made - 64)


def in_json(places: AuthPlaces) -> dict[str, Any]:
    def plain(settings: PostgresSettings | AwsSettings, name: str, secret: str | None) -> dict[str, Any]:
        found = settings.model_dump(mode="json", exclude_none=True, exclude={name, f"{name}_file"})
        return found | {name: secret}

    def database(settings: PostgresSettings) -> dict[str, Any]:
        return plain(settings, "password", settings.connection_arguments()["password"])

    return {
        "supabase": database(places.supabase),
        "aws_database": database(places.journal),
        "aws": plain(places.aws, "secret_access_key", places.aws.secret()),
        "user_pool_id": places.user_pool_id,
    }


async def test_two_operators_who_hand_over_at_once_move_it_once(places: AuthPlaces, databases: Databases) -> None:
    await people(databases.sides[Side.SUPABASE], 20)
    first, second = AuthMigration(places), AuthMigration(places)
    await asyncio.gather(first.prepare(), second.prepare())
    [(before,)] = await execute(
        databases.sides[Side.SUPABASE], "select epoch from cyphr.switchboard where service = 'auth'"
    )
    ended = await asyncio.gather(first.handover(Side.AWS), second.handover(Side.AWS), return_exceptions=True)
    [(after,)] = await execute(
        databases.sides[Side.SUPABASE], "select epoch from cyphr.switchboard where service = 'auth'"
    )
    assert after == before + 1, ended
    assert await first.side() is Side.AWS
    assert (await first.verify()).differences == []


async def test_a_handover_looks_only_at_who_was_written_to_since_everyone_was_looked_at(
    places: AuthPlaces, databases: Databases, door: CognitoDoor
) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side, 20)
    auth = AuthMigration(places)
    await auth.copy()
    await auth.follow_once()
    await execute(databases.sides[Side.AWS], "update cyphr.auth_accounts set fingerprint = ''")  # all would be news
    changes = (
        "update auth.users set raw_user_meta_data = '{\"name\": \"New\"}' where email = 'person1@example.org'",
        """insert into auth.identities (provider_id, user_id, identity_data, provider)
           select 'one', id, '{}', 'github' from auth.users where email = 'person2@example.org'""",
        "update imported_passwords set imported_at = now() where email = 'person3@example.org'",
    )
    for change in changes:
        await execute(side, change)
    door.asked.clear()
    await auth.handover(Side.AWS)
    assert door.asked["AdminUpdateUserAttributes"] == 1
    looked_at = await execute(
        databases.sides[Side.AWS], "select count(*) from cyphr.auth_accounts where fingerprint <> ''"
    )
    assert looked_at == [(3,)]


@pytest.mark.soak
async def test_a_hundred_thousand_people_come_over_in_memory_that_does_not_grow(
    places: AuthPlaces, databases: Databases, stand_in: AwsStandIn
) -> None:
    side = databases.sides[Side.SUPABASE]
    await people(side, 100_000)
    auth = AuthMigration(replace(places, aws=stand_in.settings))  # past the door, which would be what is measured
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await auth.copy()
    assert (await auth.progress())["users_copied"] == 100_000
    assert (await auth.verify()).differences == []
    assert await auth.follow_once() == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"
