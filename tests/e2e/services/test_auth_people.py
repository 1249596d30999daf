"""All the kinds of people that Supabase Auth has: what becomes of each, and of the password they have there."""

import json
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.sealing import Sealer
from cyphr.migrate.auth import AuthMigration, AuthPlaces
from cyphr.migrate.service import Verification
from tests.conftest import TestSide
from tests.e2e.services.conftest import Databases, Pool, make_pool
from tests.e2e.services.test_files import execute


def user(number: int) -> str:
    return f"{number:08}-0000-4000-8000-000000000000"


def bcrypt(letter: str) -> str:
    return f"$2a$10${letter * 53}"


(
    PIA,
    TWIN,
    EARLY,
    BANNED,
    DELETED,
    GHOST,
    NOBODY,
    PHONE,
    JURGEN,
    HOSTILE,
    OAUTH,
    ARGON,
    PROVEN,
    RIVAL,
    EMPTY,
    CHANGER,
) = (user(number) for number in range(1, 17))
TOTP, SECRET, SEALER = user(41), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Sealer(bytes(range(32)))
_ADD_FACTOR = (
    "insert into auth.mfa_factors"
    " (id, user_id, friendly_name, factor_type, status, secret, created_at, updated_at)"
    " values (%s, %s, %s, %s, %s, %s, now(), now())"
)
_COLUMNS = ["id", "email", "encrypted_password", "email_confirmed_at", "phone", "phone_confirmed_at", "banned_until",
            "deleted_at", "is_anonymous", "is_sso_user", "raw_user_meta_data", "updated_at"]  # fmt: skip
_PEOPLE: list[dict[str, Any]] = [
    {"id": PIA, "email": "Pia@Example.org", "encrypted_password": bcrypt("p"), "email_confirmed_at": "2024-01-01"},
    {"id": TWIN, "email": "pia@example.org", "is_sso_user": True, "encrypted_password": bcrypt("t")},
    {"id": EARLY, "email": "early@example.org", "encrypted_password": bcrypt("e")},
    {"id": BANNED, "email": "banned@example.org", "encrypted_password": bcrypt("b"), "email_confirmed_at": "2024-01-01",
     "banned_until": "infinity"},
    {"id": DELETED, "email": "deleted@example.org", "encrypted_password": bcrypt("d"), "deleted_at": "2024-01-01",
     "email_confirmed_at": "2024-01-01"},
    {"id": GHOST, "email": "ghost@example.org", "deleted_at": "2024-01-01"},
    {"id": NOBODY, "is_anonymous": True},
    {"id": PHONE, "phone": "491701234567", "phone_confirmed_at": "2024-01-01", "encrypted_password": bcrypt("h")},
    {"id": JURGEN, "email": "jürgen@bücher.example", "encrypted_password": bcrypt("j"),
     "email_confirmed_at": "2024-01-01", "raw_user_meta_data": {"full_name": "Jürgen Łuczak 😀"}},
    {"id": HOSTILE, "email": "no address\x07 at all", "email_confirmed_at": "2024-01-01", "phone": "0 or 1=1",
     "encrypted_password": bcrypt("x"),
     "raw_user_meta_data": {"full_name": "Bobby\n\x1b[31m'; drop table users --" + "y" * 1_000_000, "z": [1] * 999}},
    {"id": OAUTH, "email": "oauth@example.org", "encrypted_password": "", "email_confirmed_at": "2024-01-01"},
    {"id": ARGON, "email": "argon@example.org", "encrypted_password": "$argon2id$v=19$m=16,t=2,p=1$aaaa$bbbb",
     "email_confirmed_at": "2024-01-01"},
    {"id": RIVAL, "email": "proven@example.org", "encrypted_password": bcrypt("r"), "email_confirmed_at": "2024-01-01"},
    {"id": EMPTY, "raw_user_meta_data": ["not", "an", "object"]},
    {"id": CHANGER, "email": "changer@example.org", "encrypted_password": bcrypt("c"),
     "email_confirmed_at": "2024-01-01", "updated_at": "2024-01-01"},
]  # fmt: skip


@pytest_asyncio.fixture(scope="module")
async def databases(pair: Databases) -> Databases:
    await pair.empty()
    return pair


@pytest_asyncio.fixture(scope="module")
async def pool(stand_in: AwsStandIn) -> Pool:
    pool = make_pool(stand_in, AliasAttributes=["email"])
    pool.client.create_identity_provider(
        UserPoolId=pool.id,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails={"client_id": "x", "client_secret": "x", "authorize_scopes": "openid"},
    )
    return pool


@pytest.fixture(scope="module")
def auth(places: AuthPlaces) -> AuthMigration:
    return AuthMigration(places)


@pytest.fixture(scope="module")
def places(databases: Databases, pool: Pool, stand_in: AwsStandIn) -> AuthPlaces:
    return databases.auth_places(stand_in.settings, pool.id, quota_factor=50, sealer=SEALER)


@pytest_asyncio.fixture(scope="module")
async def verification(auth: AuthMigration, databases: Databases) -> Verification:
    """Everybody is there and was brought over; what the comparison said."""
    side = databases.sides[Side.SUPABASE]
    values = ", ".join(f"%({column})s" for column in _COLUMNS)
    insert = f"insert into auth.users ({', '.join(_COLUMNS)}) values ({values})"
    async with await connect(side.owner) as connection, connection.cursor() as cursor:
        rows = [dict.fromkeys(_COLUMNS) | {"is_anonymous": False, "is_sso_user": False} | one for one in _PEOPLE]
        for row in rows:
            row["raw_user_meta_data"] = json.dumps(row["raw_user_meta_data"])
        await cursor.executemany(insert, rows)
    await execute(side, "insert into users (id, full_name) values (%s, 'Pia'), (%s, 'Del'), (%s, 'Proven')",
                  PIA, DELETED, PROVEN)  # fmt: skip
    await execute(side, "insert into account_emails (user_id, email) values (%s, 'proven@example.org')", PROVEN)
    await execute(
        side,
        "insert into auth.identities (provider, provider_id, user_id, identity_data) values"
        " ('google', '1234', %(one)s, '{}'), ('github', '99', %(one)s, '{}'), ('email', 'x', %(one)s, '{}')".replace(
            "%(one)s", "%s"
        ),
        OAUTH, OAUTH, OAUTH,
    )  # fmt: skip
    for factor, kind, status, secret in (
        (TOTP, "totp", "verified", SECRET),
        (user(42), "phone", "verified", None),
        (user(43), "totp", "unverified", None),
    ):
        await execute(side, _ADD_FACTOR, factor, PIA, f"my {factor}", kind, status, secret)
    await auth.copy()
    return await auth.verify()


async def held(side: TestSide) -> dict[str, tuple[str, str]]:
    rows = await execute(side, "select user_id::text, email, bcrypt from imported_passwords where bcrypt is not null")
    return {user_id: (email, bcrypt) for user_id, email, bcrypt in rows}


def attributes(pool: Pool, user_id: str) -> dict[str, str]:
    found = pool.client.admin_get_user(UserPoolId=pool.id, Username=user_id)
    return {one["Name"]: one["Value"] for one in found["UserAttributes"]} | {"enabled": found["Enabled"]}


async def test_everybody_but_the_anonymous_and_the_deleted_has_a_counterpart_like_them(
    verification: Verification, pool: Pool
) -> None:
    assert verification.differences == []
    names = {one["Username"] for page in pool.client.get_paginator("list_users").paginate(UserPoolId=pool.id)
             for one in page["Users"]}  # fmt: skip
    assert names == {one["id"] for one in _PEOPLE} - {GHOST, NOBODY} | {PROVEN}
    assert verification.checked == len(names)


async def test_only_who_may_sign_in_with_a_password_has_it_imported(
    verification: Verification, databases: Databases
) -> None:
    assert await held(databases.sides[Side.SUPABASE]) == {
        PIA: ("pia@example.org", bcrypt("p")),
        JURGEN: ("jürgen@bücher.example", bcrypt("j")),
        CHANGER: ("changer@example.org", bcrypt("c")),
    }, "not the unconfirmed, banned or deleted, nor who has no address of their own"


async def test_an_address_that_two_have_signs_in_who_confirmed_it_and_the_other_is_named(
    verification: Verification, pool: Pool
) -> None:
    assert attributes(pool, PIA)["email_verified"] == "true"
    assert (attributes(pool, TWIN)["email"], attributes(pool, TWIN).get("email_verified")) == ("pia@example.org", None)
    assert f"user {TWIN}: has an address that user {PIA} holds, and is named by their id" in verification.notes


async def test_an_address_that_was_proven_here_goes_before_one_that_was_confirmed_there(
    verification: Verification, pool: Pool
) -> None:
    assert attributes(pool, PROVEN)["email_verified"] == "true"
    assert attributes(pool, RIVAL).get("email_verified") is None
    assert f"user {RIVAL}: has an address that user {PROVEN} holds, and is named by their id" in verification.notes


async def test_who_is_banned_or_deleted_is_there_and_cannot_sign_in(verification: Verification, pool: Pool) -> None:
    assert [attributes(pool, one)["enabled"] for one in (BANNED, DELETED, EARLY)] == [False, False, True]
    assert attributes(pool, EARLY).get("email_verified") is None


async def test_phones_unicode_and_hostile_data_arrive_as_what_they_can_be(
    verification: Verification, pool: Pool
) -> None:
    phone, jurgen, hostile = (attributes(pool, one) for one in (PHONE, JURGEN, HOSTILE))
    assert (phone["phone_number"], phone["phone_number_verified"]) == ("+491701234567", "true")
    assert (jurgen["email"], jurgen["name"]) == ("jürgen@bücher.example", "Jürgen Łuczak 😀")
    assert hostile["name"].startswith("Bobby [31m'; drop table users --y")
    assert len(hostile["name"]) == 2048
    assert "phone_number" not in hostile
    assert "email" not in hostile
    assert f"user {HOSTILE}: has an address that is none" in verification.notes
    assert attributes(pool, EMPTY).keys() == {"custom:user_id", "sub", "enabled"}


async def test_an_identity_is_linked_where_the_pool_knows_its_provider_and_named_where_not(
    verification: Verification, databases: Databases, pool: Pool
) -> None:
    [linked] = json.loads(attributes(pool, OAUTH)["identities"])
    assert (linked["providerName"], linked["userId"]) == ("Google", "1234")
    assert f"user {OAUTH}: signs in through github, which the pool does not know" in verification.notes
    methods = await execute(
        databases.sides[Side.SUPABASE], "select method, subject from sign_in_methods where user_id = %s", OAUTH
    )
    assert sorted(methods) == [("github", "99"), ("google", "1234")]


async def test_a_password_that_is_no_bcrypt_is_named(verification: Verification) -> None:
    words = "has a password in a form that only Supabase checks, and must set a new one"
    assert f"user {ARGON}: {words}" in verification.notes


async def test_no_hash_is_in_what_is_said_or_kept_of_anybody(
    verification: Verification, auth: AuthMigration, databases: Databases
) -> None:
    rows = await execute(databases.sides[Side.AWS], "select a::text from cyphr.auth_accounts a")
    said = repr((verification, await auth.progress(), rows))
    assert len(rows) == verification.checked
    assert "$2a$" not in said
    assert "$argon2id$" not in said
    assert SECRET not in said


async def factors(side: TestSide) -> dict[str, str]:
    """Whose authenticators are there, with their secrets opened."""
    rows = await execute(side, "select id, user_id::text, secret from mfa_factors where confirmed_at is not null")
    return {user_id: SEALER.open(secret, factor_id.bytes).decode() for factor_id, user_id, secret in rows}


async def test_an_authenticator_keeps_its_secret_which_is_sealed_and_others_are_named(
    verification: Verification, databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    assert await factors(side) == {PIA: SECRET}
    [(stored,)] = await execute(side, "select secret from mfa_factors")
    assert SECRET.encode() not in stored
    words = "has a second factor that cannot be brought along, and must set one up anew"
    assert f"user {PIA}: {words}" in verification.notes


async def test_an_authenticator_that_was_removed_here_stays_so_and_one_that_changes_there_comes(
    verification: Verification, auth: AuthMigration, databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    await execute(side, "delete from mfa_factors")
    await execute(side, "update users set full_name = 'Pia P.' where id = %s", PIA)
    await auth.follow_once()
    assert (await auth.verify()).differences == []
    assert await factors(side) == {}
    await execute(side, "update auth.mfa_factors set secret = %s where id = %s", SECRET[::-1], TOTP)
    await auth.follow_once()
    assert await factors(side) == {PIA: SECRET[::-1]}
    await execute(side, "insert into recovery_codes (user_id, code_hash) values (%s, 'x')", PIA)
    await execute(side, "delete from auth.mfa_factors where id = %s", TOTP)
    await auth.follow_once()
    assert await factors(side) == {}
    assert await execute(side, "select from recovery_codes") == []


async def test_without_a_key_nobody_loses_their_authenticator_unnoticed(
    verification: Verification, databases: Databases, places: AuthPlaces
) -> None:
    side = databases.sides[Side.SUPABASE]
    await execute(side, _ADD_FACTOR, TOTP, PIA, "again", "totp", "verified", SECRET)
    found = await AuthMigration(replace(places, sealer=None)).verify()
    words = "has an authenticator, and no key to seal its secret with was given: set auth.factor_key_file"
    assert found.differences == [f"user {PIA}: {words}"]
    assert (await AuthMigration(places).verify()).differences == []
    assert await factors(side) == {PIA: SECRET}


async def test_an_identity_that_was_given_up_is_unlinked_and_one_that_was_added_here_stays(
    verification: Verification, auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    pool.client.admin_link_provider_for_user(
        UserPoolId=pool.id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": OAUTH},
        SourceUser={"ProviderName": "Google", "ProviderAttributeName": "Cognito_Subject",
                    "ProviderAttributeValue": "own"},
    )  # fmt: skip
    await execute(side, "update auth.identities set provider_id = '5678' where provider = 'google'")
    assert await auth.follow_once() == 1
    linked = {one["userId"] for one in json.loads(attributes(pool, OAUTH)["identities"])}
    assert linked == {"5678", "own"}
    methods = await execute(side, "select method, subject from sign_in_methods where user_id = %s", OAUTH)
    assert sorted(methods) == [("github", "99"), ("google", "5678")]


async def test_a_ban_withdraws_the_password_and_its_end_brings_it_back(
    verification: Verification, auth: AuthMigration, databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    await execute(side, "update auth.users set banned_until = 'infinity' where id = %s", JURGEN)
    await auth.follow_once()
    assert JURGEN not in await held(side)
    await execute(side, "update auth.users set banned_until = null where id = %s", JURGEN)
    await auth.follow_once()
    assert (await held(side))[JURGEN] == ("jürgen@bücher.example", bcrypt("j"))


async def test_a_password_that_changes_at_supabase_is_imported_again_unless_cognito_got_one_later(
    verification: Verification, auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]

    async def change(letter: str) -> None:
        change = "update auth.users set encrypted_password = %s, updated_at = clock_timestamp() where id = %s"
        await execute(side, change, bcrypt(letter), CHANGER)

    await change("C")
    await auth.follow_once()
    assert (await held(side))[CHANGER] == ("changer@example.org", bcrypt("C"))

    await change("D")
    await execute(side, "select private.forget_imported_password(%s::uuid)", CHANGER)
    pool.client.admin_set_user_password(UserPoolId=pool.id, Username=CHANGER, Password="aA1!cognito", Permanent=True)
    await auth.follow_once()
    assert CHANGER not in await held(side), "the change at Supabase was before Cognito's"

    await execute(side, "update auth.users set raw_app_meta_data = '{}', updated_at = now() where id = %s", CHANGER)
    await auth.follow_once()
    assert CHANGER not in await held(side), "what else changes there does not bring a password back"
    assert (await auth.verify()).differences == []


async def test_a_later_change_at_supabase_ends_the_password_that_cognito_has(
    verification: Verification, auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    client = pool.client.create_user_pool_client(
        UserPoolId=pool.id, ClientName="x", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]

    def sign_in() -> Any:
        return pool.client.admin_initiate_auth(
            UserPoolId=pool.id, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": PIA, "PASSWORD": "aA1!first"},
        )  # fmt: skip

    await execute(side, "select private.forget_imported_password(%s::uuid)", PIA)
    pool.client.admin_set_user_password(UserPoolId=pool.id, Username=PIA, Password="aA1!first", Permanent=True)
    assert "AuthenticationResult" in sign_in()
    await execute(side, "update auth.users set encrypted_password = %s, updated_at = clock_timestamp() where id = %s",
                  bcrypt("P"), PIA)  # fmt: skip
    await auth.follow_once()
    try:
        sign_in()
        raise AssertionError("the old password still signs in")
    except pool.client.exceptions.NotAuthorizedException:
        pass
    assert (await held(side))[PIA] == ("pia@example.org", bcrypt("P"))


async def test_who_is_just_registering_with_cognito_is_no_stranger(
    verification: Verification, auth: AuthMigration, pool: Pool
) -> None:
    client = pool.client.create_user_pool_client(UserPoolId=pool.id, ClientName="y")["UserPoolClient"]["ClientId"]
    attributes = [{"Name": "email", "Value": "soon@example.org"}]
    pool.client.sign_up(ClientId=client, Username="soon", Password="aA1!password", UserAttributes=attributes)
    assert (await auth.verify()).differences == []
    pool.client.admin_confirm_sign_up(UserPoolId=pool.id, Username="soon")
    assert (await auth.verify()).differences == ["Cognito user soon: nobody's counterpart"]
    pool.client.admin_delete_user(UserPoolId=pool.id, Username="soon")


async def test_verification_finds_a_password_that_is_missing_or_must_not_be_held(
    verification: Verification, auth: AuthMigration, databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    await execute(side, "delete from imported_passwords where user_id = %s", JURGEN)
    await execute(side, "insert into imported_passwords (user_id, email, bcrypt) values (%s, 'e@x', 'x')", EARLY)
    assert (await auth.verify()).differences == [], "both were set right"
    assert JURGEN in await held(side)
    assert EARLY not in await held(side)


async def test_two_people_swap_their_addresses_with_their_passwords(
    verification: Verification, auth: AuthMigration, databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    for email, one in (("x@x", PIA), ("pia@example.org", JURGEN), ("jürgen@bücher.example", PIA)):
        await execute(side, "update auth.users set email = %s where id = %s", email, one)
    await execute(side, "update auth.users set email = null where id = %s", TWIN)
    assert (await auth.verify()).differences == []
    assert await held(side) == {
        PIA: ("jürgen@bücher.example", bcrypt("P")),
        JURGEN: ("pia@example.org", bcrypt("j")),
    }


async def test_who_registered_on_aws_is_known_at_supabase_after_the_way_back(
    verification: Verification, auth: AuthMigration, databases: Databases
) -> None:
    side = databases.sides[Side.SUPABASE]
    newcomer, clash, with_pin = (user(number) for number in (31, 32, 33))
    await auth.handover(Side.AWS)
    await execute(side, "insert into users (id, full_name) values (%s, 'New'), (%s, 'Clash'), (%s, 'Pin')",
                  newcomer, clash, with_pin)  # fmt: skip
    for one, email in ((newcomer, "new@x.org"), (clash, "argon@example.org"), (with_pin, "pin@x.org")):
        await execute(side, "insert into account_emails (user_id, email) values (%s, %s)", one, email)
    await execute(side, "insert into sign_in_methods (user_id, method, subject) values (%s, 'password', 'a'),"
                        " (%s, 'password', 'b')", newcomer, clash)  # fmt: skip
    found = await auth.verify()
    assert found.differences == []
    await auth.handover(Side.SUPABASE)
    there = (
        "select id::text, email, encrypted_password, raw_user_meta_data ->> 'full_name' from auth.users"
        " where id = any (%s)"
    )
    assert await execute(side, there, [newcomer, clash, with_pin]) == [(newcomer, "new@x.org", "", "New")]
    assert await execute(side, "select provider, provider_id from auth.identities where user_id = %s", newcomer) == [
        ("email", newcomer)
    ]
    assert await auth.follow_once() == 0, "nobody is carried twice"


async def test_who_is_suspended_here_is_disabled_there_and_has_no_password_to_sign_in_with(
    verification: Verification, auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    await execute(side, "insert into users (id, full_name, suspended_at) values (%s, 'Changer', now())", CHANGER)
    await auth.follow_once()
    assert attributes(pool, CHANGER)["enabled"] is False


async def test_closing_asks_who_never_signed_in_for_a_new_password_and_keeps_no_hash(
    verification: Verification, auth: AuthMigration, databases: Databases, pool: Pool
) -> None:
    side = databases.sides[Side.SUPABASE]
    await execute(side, "delete from cognito_accounts where user_id = %s", JURGEN)
    said = await auth.close()
    assert said == [
        f"user {PIA}: was mailed a code to set a new password with",
        f"user {JURGEN}: has no counterpart in Cognito, and must register anew",
    ]
    assert await execute(side, "select from imported_passwords") == []
    assert pool.client.admin_get_user(UserPoolId=pool.id, Username=PIA)["UserStatus"] == "RESET_REQUIRED"
    assert await auth.close() == said
