"""What people and administrators changed while auth stood on AWS holds at Supabase after the handback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import bcrypt
import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.user_pool import app_client, pool_to_make
from cyphr.foundation.aws import cognito_client
from cyphr.foundation.postgres import Side
from cyphr.foundation.sealing import Sealer
from cyphr.foundation.settings import CognitoSettings
from cyphr.migrate.auth import AuthMigration, AuthPlaces
from cyphr.migrate.service import Verification
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client, register
from tests.e2e.messenger.conftest import serve, settings_for
from tests.e2e.messenger.pool import code_for
from tests.e2e.services.conftest import Databases
from tests.e2e.services.test_files import execute

OLD, NEW, LAST = "Correct horse 7", "Another horse 8", "Tired horse 9"
SECRET, ADDED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRSXG5DSNFXGOIDBNRWCA43UOJUW4ZZB"
SEALER = Sealer(bytes(range(32)))
KINDS = (
    "changer",
    "faithful",
    "forgetful",
    "elsewhere",
    "unlinker",
    "linker",
    "careful",
    "banned",
    "suspended",
    "gone",
)


@dataclass
class Story:
    """What happened: Supabase's people came over, changed this and that on AWS, and auth was handed back."""

    auth: AuthMigration
    http: httpx.AsyncClient
    side: TestSide
    journal: TestSide
    people: dict[str, Client]
    before: Verification
    """The comparison before the handback."""
    first_hash: str

    async def there(self, person: Client, column: str) -> Any:
        """One column of the person's row in auth.users."""
        rows = await execute(self.side, f"select {column} from auth.users where id = %s", person.id)
        return rows[0][0] if rows else None

    async def signs_in_there(self, person: Client, password: str) -> bool:
        """Whether Supabase Auth would let them in with it."""
        held = await self.there(person, "encrypted_password")
        return bool(held) and bcrypt.checkpw(password.encode(), held.encode())

    async def signs_in_here(self, person: Client, password: str) -> bool:
        return (await sign_in(self.http, person.email, password)).status_code == 201


async def sign_in(http: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    return await http.post("/v1/cognito/sessions", json={"email": email, "password": password, "device": "a laptop"})


@pytest_asyncio.fixture(scope="module")
async def databases(pair: Databases) -> Databases:
    await pair.empty()
    return pair


@pytest.fixture(scope="module")
def cognito(stand_in: AwsStandIn) -> CognitoSettings:
    """A pool where nobody is, and its app client."""
    client = cognito_client(stand_in.settings)
    pool = client.create_user_pool(**pool_to_make("back"))["UserPool"]["Id"]
    app = client.create_user_pool_client(UserPoolId=pool, GenerateSecret=True, **app_client("back"))["UserPoolClient"]
    keys = f"{stand_in.endpoint_url}/{pool}/.well-known/jwks.json"
    return CognitoSettings(
        user_pool_id=pool,
        app_client_id=app["ClientId"],
        app_client_secret=SecretStr(app["ClientSecret"]),
        keys_url=keys,
    )


@pytest.fixture(scope="module")
def places(databases: Databases, stand_in: AwsStandIn, cognito: CognitoSettings) -> AuthPlaces:
    return databases.auth_places(stand_in.settings, cognito.user_pool_id, quota_factor=50, sealer=SEALER)


@pytest_asyncio.fixture(scope="module")
async def http(
    databases: Databases, token_key: Path, stand_in: AwsStandIn, cognito: CognitoSettings
) -> AsyncIterator[httpx.AsyncClient]:
    given = {"aws": stand_in.settings, "cognito": cognito}
    async with serve(settings_for(databases.sides[Side.SUPABASE], token_key=token_key, **given)) as client:
        yield client


@pytest_asyncio.fixture(scope="module")
async def story(databases: Databases, places: AuthPlaces, http: httpx.AsyncClient, stand_in: AwsStandIn) -> Story:
    side, auth = databases.sides[Side.SUPABASE], AuthMigration(places)
    registered = await asyncio.gather(*(register(http, name) for name in KINDS))
    people = dict(zip(KINDS, registered, strict=True))
    first_hash = bcrypt.hashpw(OLD.encode(), bcrypt.gensalt(4, b"2a")).decode()
    await execute(
        side,
        "insert into auth.users (id, email, encrypted_password, email_confirmed_at, updated_at, raw_app_meta_data)"
        " select user_id, email, %s, now(), now(), '{}' from account_emails e"
        " join public.users u on u.id = e.user_id where u.full_name <> 'linker'",
        first_hash,
    )
    await execute(
        side,
        "insert into auth.identities (provider_id, user_id, identity_data, provider)"
        " values ('google-1', %s, '{}', 'google'), ('github-1', %s, '{}', 'github')",
        people["careful"].id,
        people["careful"].id,
    )
    await execute(
        side,
        "insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, secret, created_at, updated_at)"
        " values (%s, %s, 'phone', 'totp', 'verified', %s, now(), now())",
        uuid4(),
        people["careful"].id,
        SECRET,
    )
    await execute(side, "update auth.users set banned_until = 'infinity' where id = %s", people["banned"].id)
    await auth.prepare()
    await auth.copy()
    await auth.handover(Side.AWS)
    people["newcomer"] = await sign_up(http, stand_in)
    await change_passwords(http, stand_in, places.user_pool_id, people)
    await change_accounts(side, people)
    await auth.follow_once()
    before = await auth.verify()
    # In the last moment.
    body = {"password": LAST, "new_password": NEW}
    assert (await people["changer"].put("/v1/me/password", body)).status_code == 204
    await auth.handover(Side.SUPABASE)
    return Story(auth, http, side, databases.sides[Side.AWS], people, before, first_hash)


async def sign_up(http: httpx.AsyncClient, stand_in: AwsStandIn) -> Client:
    email = f"newcomer{uuid4().hex}@example.org"
    begun = await http.post("/v1/cognito/sign-ups", json={"email": email, "password": NEW, "full_name": "Newcomer"})
    body = {**begun.json(), "email": email, "code": await code_for(stand_in, email)}
    assert (await http.post("/v1/cognito/sign-ups/confirm", json=body)).status_code == 204
    session = await sign_in(http, email, NEW)
    return Client(http, str(http.base_url), email, session.json(), "")


async def change_passwords(
    http: httpx.AsyncClient, stand_in: AwsStandIn, auth_pool: str, people: dict[str, Client]
) -> None:
    """By every way there is: changed, recovered by a mailed code, set at Cognito itself, taken away, set first."""
    for kind in ("changer", "faithful", "elsewhere", "unlinker"):
        for _ in range(2):
            session = await sign_in(http, people[kind].email, OLD)
            assert session.status_code == 201
        people[kind] = replace(people[kind], session=session.json())
    changed = await people["changer"].put("/v1/me/password", {"password": OLD, "new_password": LAST})
    assert changed.status_code == 204
    forgetful = people["forgetful"]
    await http.post("/v1/cognito/password/forgot", json={"email": forgetful.email})
    body = {"email": forgetful.email, "code": await code_for(stand_in, forgetful.email), "new_password": NEW}
    assert (await http.post("/v1/cognito/password/reset", json=body)).status_code == 204
    await asyncio.to_thread(
        cognito_client(stand_in.settings).admin_set_user_password,
        UserPoolId=auth_pool, Username=people["elsewhere"].id, Password=NEW, Permanent=True,
    )  # fmt: skip
    assert (await sign_in(http, people["elsewhere"].email, NEW)).status_code == 201
    assert (await people["unlinker"].delete("/v1/me/methods/password")).status_code == 204
    assert (await people["linker"].put("/v1/me/methods/password", {"password": NEW})).status_code == 204


async def change_accounts(side: TestSide, people: dict[str, Client]) -> None:
    careful, factor = people["careful"].id, uuid4()
    assert (await people["careful"].delete("/v1/me/methods/google")).status_code == 204
    await execute(
        side, "insert into sign_in_methods (user_id, method, subject) values (%s, 'apple', 'apple-1')", careful
    )
    await execute(side, "delete from mfa_factors where user_id = %s", careful)
    await execute(
        side,
        "insert into mfa_factors (id, user_id, kind, name, secret, confirmed_at)"
        " values (%s, %s, 'totp', 'phone', %s, now())",
        factor,
        careful,
        SEALER.seal(ADDED.encode(), factor.bytes),
    )
    await execute(side, "insert into recovery_codes (user_id, code_hash) values (%s, 'x')", careful)
    await execute(side, "update users set suspended_at = now() where id = %s", people["suspended"].id)
    await execute(side, "delete from users where id = %s", people["gone"].id)


async def test_a_password_that_was_changed_on_aws_is_supabases_and_the_old_one_is_not(story: Story) -> None:
    changer = story.people["changer"]
    assert await story.signs_in_there(changer, NEW), "though it was changed just before the handback"
    assert not await story.signs_in_there(changer, LAST)
    assert not await story.signs_in_there(changer, OLD)
    assert await story.signs_in_here(changer, NEW)


async def test_a_password_that_was_recovered_or_set_at_cognito_itself_is_supabases(story: Story) -> None:
    for kind in ("forgetful", "elsewhere"):
        assert await story.signs_in_there(story.people[kind], NEW), kind
        assert not await story.signs_in_there(story.people[kind], OLD), kind


async def test_who_got_a_first_password_on_aws_has_it_at_supabase(story: Story) -> None:
    for kind in ("newcomer", "linker"):
        assert await story.signs_in_there(story.people[kind], NEW), kind


async def test_a_password_that_was_taken_away_on_aws_is_none_at_supabase(story: Story) -> None:
    assert await story.there(story.people["unlinker"], "encrypted_password") == ""


async def test_who_changed_nothing_keeps_the_very_hash_that_supabase_had(story: Story) -> None:
    assert await story.there(story.people["faithful"], "encrypted_password") == story.first_hash


async def test_nothing_of_it_comes_back_as_news(story: Story) -> None:
    while await story.auth.follow_once():
        pass
    held = await execute(
        story.side, "select count(bcrypt) from imported_passwords where user_id = %s", story.people["changer"].id
    )
    assert held == [(0,)], "the hash that we brought there is not imported from there"
    assert await story.signs_in_here(story.people["changer"], NEW), "nor is anybody locked out of Cognito for it"
    assert await story.signs_in_here(story.people["newcomer"], NEW)


async def test_nobody_is_locked_out_when_it_was_not_written_down_that_supabase_has_their_password(story: Story) -> None:
    changer = story.people["changer"]
    await execute(story.side, "update returning_passwords set carried_at = null where user_id = %s", changer.id)
    await execute(story.side, "update imported_passwords set digest = 'older' where user_id = %s", changer.id)
    await execute(story.journal, "update cyphr.auth_accounts set fingerprint = '' where user_id = %s", changer.id)
    await story.auth.follow_once()
    assert await story.signs_in_there(changer, NEW)
    assert await story.signs_in_here(changer, NEW)


async def test_an_account_elsewhere_and_an_authenticator_go_and_come_as_they_did_here(story: Story) -> None:
    careful = story.people["careful"]
    identities = await execute(
        story.side, "select provider, provider_id from auth.identities where user_id = %s order by 1", careful.id
    )
    assert identities == [("apple", "apple-1"), ("github", "github-1")]
    factors = await execute(
        story.side, "select secret, status::text from auth.mfa_factors where user_id = %s", careful.id
    )
    assert factors == [(ADDED, "verified")]
    assert await story.there(careful, "raw_app_meta_data ->> 'providers'") == '["apple", "github"]'


async def test_what_supabase_has_no_place_for_is_named_before_the_handback(story: Story) -> None:
    assert story.before.differences == []
    careful = story.people["careful"].id
    assert f"user {careful}: a handback would leave Supabase without their recovery codes" in story.before.notes


async def test_who_was_suspended_is_banned_there_until_they_no_longer_are(story: Story) -> None:
    suspended, banned = story.people["suspended"], story.people["banned"]
    assert await story.there(suspended, "banned_until > now() + interval '1 year'")
    await execute(story.side, "update users set suspended_at = null where id = %s", suspended.id)
    await story.auth.follow_once()
    assert await story.there(suspended, "banned_until") is None
    assert await story.there(banned, "banned_until is not null"), "a ban of Supabase's own stays"


async def test_who_was_deleted_is_deleted_there_and_nothing_personal_is_left(story: Story) -> None:
    gone = story.people["gone"]
    columns = "row(deleted_at is not null, banned_until is not null, email, encrypted_password)::text"
    assert await story.there(gone, columns) == '(t,t,,"")'
    assert await execute(story.side, "select from cognito_accounts where user_id = %s", UUID(gone.id)) == []


async def test_what_changed_in_the_moment_of_the_handback_follows_and_what_changes_later_does_not(story: Story) -> None:
    careful = story.people["careful"]
    await execute(story.side, "update ways_back set owed = true")
    for provider, left in (("github", ["apple"]), ("apple", ["apple"])):
        await execute(
            story.side, "delete from sign_in_methods where user_id = %s and method = %s", careful.id, provider
        )
        await story.auth.follow_once()
        found = await execute(story.side, "select provider from auth.identities where user_id = %s", careful.id)
        assert [name for (name,) in found] == left


async def test_a_password_that_is_changed_at_supabase_later_is_the_one_again(story: Story) -> None:
    person, later = story.people["elsewhere"], bcrypt.hashpw(LAST.encode(), bcrypt.gensalt(4, b"2a")).decode()
    await execute(
        story.side,
        "update auth.users set encrypted_password = %s, updated_at = clock_timestamp() where id = %s",
        later,
        person.id,
    )
    await story.auth.follow_once()
    assert await story.signs_in_here(person, LAST)
    assert not await story.signs_in_here(person, NEW)


async def test_when_the_way_back_is_closed_no_hash_is_kept_nor_will_be(story: Story, stand_in: AwsStandIn) -> None:
    await execute(story.side, "update cyphr.switchboard set side = 'aws' where service = 'auth'")
    await story.auth.close()
    kept = (
        "select count(*) from returning_passwords union all select count(*) from imported_passwords where bcrypt <> ''"
    )
    assert await execute(story.side, kept) == [(0,), (0,)]
    await sign_up(story.http, stand_in)
    assert await execute(story.side, kept) == [(0,), (0,)]
