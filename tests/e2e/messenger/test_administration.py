"""Administrators: what they do to people of their tenant, and that nobody else's are there for them."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio
from click.testing import Result
from psycopg.conninfo import make_conninfo
from pyotp import TOTP
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed

from cyphr.cli.main import app
from cyphr.embedded.mailbox import Mailbox
from cyphr.foundation.postgres import connect
from cyphr.messenger.http import create_app
from cyphr.schema.audit_chain import list_events, prove
from tests.conftest import TestSide
from tests.e2e.messenger.client import PIN, Client, register
from tests.e2e.messenger.conftest import Register, on_one_side, serve_app, settings_for

pytestmark = on_one_side

ADMIN = "/v1/admin"


@dataclass(frozen=True)
class Tenant:
    name: str
    owner: Client
    admin: Client
    member: Client


async def appoint(side: TestSide, tenant: str, person: Client, role: str) -> None:
    async with await connect(side.owner) as connection:
        await connection.execute("select set_config('cyphr.tenant', %s, false)", [tenant])
        cursor = await connection.execute("select private.appoint(%s, %s)", [person.email, role])
        assert await cursor.fetchone() == ("done",)


async def make_tenant(http: httpx.AsyncClient, side: TestSide, name: str) -> Tenant:
    async with await connect(side.owner) as connection:
        await connection.execute("select private.make_tenant(%s, %s)", [uuid4(), name])
    people = await asyncio.gather(*(register(http, f"{role} of {name}") for role in ("owner", "admin", "member")))
    for person, role in zip(people, ("owner", "admin", "member"), strict=True):
        await appoint(side, name, person, role)
    return Tenant(name, *people)


@pytest_asyncio.fixture(scope="module")
async def acme(http: httpx.AsyncClient, side: TestSide) -> AsyncIterator[Tenant]:
    yield await make_tenant(http, side, "acme")


@pytest_asyncio.fixture(scope="module")
async def umbrella(http: httpx.AsyncClient, side: TestSide) -> AsyncIterator[Tenant]:
    yield await make_tenant(http, side, "umbrella")


async def letters(http: httpx.AsyncClient, email: str) -> list[dict[str, Any]]:
    answer = await http.get("/mailbox", params={"email": email}, headers={"Accept": "application/json"})
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


async def sign_in(http: httpx.AsyncClient, person: Client, pin: str = PIN) -> httpx.Response:
    answer = await http.post("/v1/sessions", json={"email": person.email, "pin": pin})
    if answer.status_code == 201:
        person.session = answer.json()
    return answer


async def newcomer(http: httpx.AsyncClient, side: TestSide, tenant: Tenant) -> Client:
    person = await register(http, "New")
    await appoint(side, tenant.name, person, "member")
    return person


async def test_who_is_suspended_is_out_at_once_and_comes_back_when_reinstated(
    http: httpx.AsyncClient, side: TestSide, acme: Tenant
) -> None:
    person = await newcomer(http, side, acme)
    async with person.socket() as socket:
        assert (await acme.admin.put(f"{ADMIN}/people/{person.id}/suspension")).status_code == 204
        with pytest.raises(ConnectionClosed):
            await socket.until("never")
    assert (await http.get("/v1/me", headers=person.auth)).status_code == 401
    refresh = {"refresh_token": person.session["refresh_token"]}
    assert (await http.post("/v1/sessions/refresh", json=refresh)).status_code == 401
    assert (await sign_in(http, person)).status_code == 403
    assert "suspended" in (await letters(http, person.email))[0]["text"]
    found = await acme.admin.get(f"{ADMIN}/people", suspended=True)
    assert [one["id"] for one in found["people"]] == [person.id]
    assert (await acme.admin.delete(f"{ADMIN}/people/{person.id}/suspension")).status_code == 204
    assert (await sign_in(http, person)).status_code == 201


async def test_a_reset_pin_is_useless_and_its_owner_chooses_another_by_mail(
    http: httpx.AsyncClient, side: TestSide, acme: Tenant
) -> None:
    person = await newcomer(http, side, acme)
    assert (await acme.admin.delete(f"{ADMIN}/people/{person.id}/pin")).status_code == 204
    assert (await http.get("/v1/me", headers=person.auth)).status_code == 401
    assert (await sign_in(http, person)).status_code == 401
    assert (await acme.admin.get(f"{ADMIN}/people/{person.id}"))["has_pin"] is False
    body = {"email": person.email, "code": (await letters(http, person.email))[0]["code"], "new_pin": "7777"}
    assert (await http.post("/v1/accounts/recovery", json=body)).status_code == 204
    assert (await sign_in(http, person, "7777")).status_code == 201


async def test_sessions_are_listed_and_ended_one_by_one_or_all(
    http: httpx.AsyncClient, side: TestSide, acme: Tenant
) -> None:
    person = await newcomer(http, side, acme)
    first = person.auth
    await sign_in(http, person)
    listed = (await acme.admin.get(f"{ADMIN}/people/{person.id}"))["sessions"]
    assert len(listed) == 2
    newest = listed[0]["id"]
    assert (await acme.admin.delete(f"{ADMIN}/people/{person.id}/sessions/{newest}")).status_code == 204
    assert (await http.get("/v1/me", headers=person.auth)).status_code == 401
    assert (await http.get("/v1/me", headers=first)).status_code == 200
    of_another = (await acme.admin.get(f"{ADMIN}/people/{acme.member.id}"))["sessions"][0]["id"]
    assert (await acme.admin.delete(f"{ADMIN}/people/{person.id}/sessions/{of_another}")).status_code == 404
    assert (await acme.admin.delete(f"{ADMIN}/people/{person.id}/sessions")).status_code == 204
    assert (await http.get("/v1/me", headers=first)).status_code == 401
    assert (await http.get("/v1/me", headers=acme.member.auth)).status_code == 200


async def test_lost_second_factors_are_removed(http: httpx.AsyncClient, side: TestSide, acme: Tenant) -> None:
    person = await newcomer(http, side, acme)
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into mfa_factors (id, user_id, kind, name, secret, confirmed_at)"
            " values (gen_random_uuid(), %s, 'totp', 'lost', 'x', now())",
            [person.id],
        )
    assert (await sign_in(http, person)).status_code == 202
    assert (await acme.admin.get(f"{ADMIN}/people/{person.id}"))["factors"] == 1
    assert (await acme.admin.delete(f"{ADMIN}/people/{person.id}/factors")).status_code == 204
    assert (await sign_in(http, person)).status_code == 201


async def test_people_are_made_without_a_pin_and_invited_by_mail_into_the_tenant(
    http: httpx.AsyncClient, acme: Tenant
) -> None:
    made_for, invited = f"made{uuid4().hex}@example.org", f"invited{uuid4().hex}@example.org"
    made = await acme.admin.post(f"{ADMIN}/people", {"email": made_for, "full_name": "Made"})
    assert (made.status_code, made.json()["has_pin"], made.json()["role"]) == (201, False, "member")
    again = await acme.admin.post(f"{ADMIN}/people", {"email": made_for, "full_name": "Again"})
    assert again.status_code == 409
    body = {"email": made_for, "code": (await letters(http, made_for))[0]["code"], "new_pin": PIN}
    assert (await http.post("/v1/accounts/recovery", json=body)).status_code == 204
    assert (await http.post("/v1/sessions", json={"email": made_for, "pin": PIN})).status_code == 201

    answers = [await acme.admin.post(f"{ADMIN}/invitations", {"email": email}) for email in (invited, made_for)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, "{}")}
    assert "Register with this address" in (await letters(http, invited))[0]["text"]
    assert "has an account already" in (await letters(http, made_for))[0]["text"]
    await http.post("/v1/accounts/codes", json={"email": invited})
    code = (await letters(http, invited))[0]["code"]
    registration = {"email": invited, "code": code, "full_name": "Invited", "pin": PIN}
    person = (await http.post("/v1/accounts", json=registration)).json()["person"]["id"]
    assert (await acme.admin.get(f"{ADMIN}/people/{person}"))["email"] == invited


async def test_people_are_found_by_part_of_a_name_an_address_or_an_id_a_page_at_a_time(
    http: httpx.AsyncClient, side: TestSide, join: Register, umbrella: Tenant
) -> None:
    word = uuid4().hex[:10]
    people = [await join(f"100% {word} {number}", cyphr_id=f"@{word}.{number}") for number in range(3)]
    for person in people:
        await appoint(side, umbrella.name, person, "member")

    async def found(words: str) -> list[str]:
        return [one["id"] for one in (await umbrella.admin.get(f"{ADMIN}/people", words=words))["people"]]

    assert await found(word.upper()) == [person.id for person in reversed(people)]
    assert await found(f"@{word}.1") == [people[1].id]
    assert await found(people[2].email) == [people[2].id]
    assert await found(f"100% {word}") == [person.id for person in reversed(people)]
    assert await found(f"100_ {word}") == []
    first = await umbrella.admin.get(f"{ADMIN}/people", words=word, limit=2)
    rest = await umbrella.admin.get(f"{ADMIN}/people", words=word, limit=2, cursor=first["next"])
    assert [one["id"] for one in first["people"] + rest["people"]] == [person.id for person in reversed(people)]
    assert rest["next"] is None


async def test_an_admin_changes_members_and_an_owner_everybody_but_themselves(
    http: httpx.AsyncClient, side: TestSide, acme: Tenant
) -> None:
    person = await newcomer(http, side, acme)
    role = f"{ADMIN}/people/{person.id}/role"
    assert (await acme.admin.put(role, {"role": "admin"})).status_code == 403
    assert (await acme.admin.put(f"{ADMIN}/people/{acme.owner.id}/suspension")).status_code == 403
    assert (await acme.admin.post(f"{ADMIN}/people", {"email": "x@example.org", "full_name": "X", "role": "owner"})
            ).status_code == 403  # fmt: skip
    assert (await acme.admin.put(f"{ADMIN}/policy", {"pin_length": 6})).status_code == 403
    assert (await acme.owner.put(role, {"role": "admin"})).status_code == 204
    assert (await person.get_status(f"{ADMIN}/people")) == 200
    assert (await acme.admin.put(f"{ADMIN}/people/{person.id}/suspension")).status_code == 403
    assert (await acme.owner.put(f"{ADMIN}/people/{acme.owner.id}/suspension")).status_code == 409
    assert (await acme.owner.put(f"{ADMIN}/people/{acme.owner.id}/role", {"role": "member"})).status_code == 409
    assert (await acme.owner.put(f"{ADMIN}/people/{person.id}/suspension")).status_code == 204
    await acme.owner.delete(f"{ADMIN}/people/{person.id}/suspension")
    await sign_in(http, person)
    assert (await person.get_status(f"{ADMIN}/people")) == 200
    assert (await acme.owner.put(role, {"role": "member"})).status_code == 204
    assert (await person.get_status(f"{ADMIN}/people")) == 403


async def test_two_owners_who_suspend_each_other_at_once_leave_one(http: httpx.AsyncClient, side: TestSide) -> None:
    tenant = await make_tenant(http, side, f"pair {uuid4().hex}")
    await appoint(side, tenant.name, tenant.admin, "owner")
    answers = await asyncio.gather(
        tenant.owner.put(f"{ADMIN}/people/{tenant.admin.id}/suspension"),
        tenant.admin.put(f"{ADMIN}/people/{tenant.owner.id}/suspension"),
    )
    done, refused = sorted(answer.status_code for answer in answers)
    assert done == 204
    assert refused in {401, 403, 409}


async def test_the_policy_holds_for_new_pins_and_for_how_long_sessions_live(
    http: httpx.AsyncClient, side: TestSide, umbrella: Tenant
) -> None:
    assert await umbrella.admin.get(f"{ADMIN}/policy") == {
        "pin_length": 4, "session_days": 30, "require_mfa": False,
    }  # fmt: skip
    assert (await umbrella.owner.put(f"{ADMIN}/policy", {"pin_length": 6, "session_days": 2})).status_code == 204
    person = await newcomer(http, side, umbrella)
    short = {"pin": PIN, "new_pin": "12345"}
    assert (await person.put("/v1/me/pin", short)).status_code == 422
    assert (await person.put("/v1/me/pin", {"pin": PIN, "new_pin": "123456"})).status_code == 204
    assert (await sign_in(http, person, "123456")).status_code == 201
    async with await connect(side.owner) as connection:
        cursor = await connection.execute(
            "select max(expires_at) < now() + interval '2 days' and max(expires_at) > now() + interval '1 day'"
            " from sessions where user_id = %s and created_at > now() - interval '1 minute'"
            " and id = (select max(id::text)::uuid from sessions where user_id = %s)",
            [person.id, person.id],
        )
        assert await cursor.fetchone() == (True,)
    await http.post("/v1/accounts/recovery/codes", json={"email": person.email})
    code = (await letters(http, person.email))[0]["code"]
    recovery = {"email": person.email, "code": code}
    assert (await http.post("/v1/accounts/recovery", json=recovery | {"new_pin": "1234"})).status_code == 422
    assert (await http.post("/v1/accounts/recovery", json=recovery | {"new_pin": "654321"})).status_code == 204
    await umbrella.owner.put(f"{ADMIN}/policy", {})


async def test_who_must_have_a_second_factor_sets_one_up_before_anything_else(
    http: httpx.AsyncClient, side: TestSide
) -> None:
    tenant = await make_tenant(http, side, f"strict {uuid4().hex}")
    assert (await tenant.owner.put(f"{ADMIN}/policy", {"require_mfa": True})).status_code == 204
    person = await newcomer(http, side, tenant)
    refused = await http.get("/v1/chats", headers=person.auth)
    assert (refused.status_code, refused.json()["code"]) == (403, "factor_required")
    assert (await person.post("/v1/chats", {"type": "direct", "member_ids": [tenant.owner.id]})).status_code == 403
    async with person.stranger() as socket:
        await socket.say("hello", d={"token": person.session["access_token"], "heads": {}, "changes": {}})
        with pytest.raises(ConnectionClosed):
            await socket.until("resume.done")
    assert await person.get_status("/v1/me") == 200
    begun = (await person.post("/v1/me/factors/totp", {"name": "phone"})).json()
    code = TOTP(begun["secret"]).now()
    confirmed = await person.post(f"/v1/me/factors/totp/{begun['id']}/confirm", {"code": code})
    assert confirmed.status_code == 200, confirmed.text
    assert await person.get_status("/v1/chats") == 200


async def test_groups_and_people_are_exported_as_scim(http: httpx.AsyncClient, side: TestSide, acme: Tenant) -> None:
    person = await newcomer(http, side, acme)
    name = f"Sales {uuid4().hex[:6]}"
    group = (await acme.admin.post(f"{ADMIN}/groups", {"name": name})).json()["id"]
    assert (await acme.admin.post(f"{ADMIN}/groups", {"name": name})).status_code == 409
    assert (await acme.admin.put(f"{ADMIN}/groups/{group}/members/{person.id}")).status_code == 204
    answer = await http.get(
        f"{ADMIN}/scim/v2/Users", params={"filter": f'userName eq "{person.email}"'}, headers=acme.admin.auth
    )
    assert answer.headers["content-type"] == "application/scim+json"
    listed = answer.json()
    assert listed["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert (listed["totalResults"], listed["startIndex"], listed["itemsPerPage"]) == (1, 1, 1)
    (user,) = listed["Resources"]
    assert user["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User"]
    assert (user["id"], user["userName"], user["active"]) == (person.id, person.email, True)
    assert user["emails"] == [{"value": person.email, "primary": True}]
    assert user["groups"] == [{"value": group, "display": name}]
    assert user["meta"]["resourceType"] == "User"
    assert (await http.get(user["meta"]["location"], headers=acme.admin.auth)).json() == user
    groups = (await acme.admin.get(f"{ADMIN}/scim/v2/Groups"))["Resources"]
    assert {"value": person.id} in next(one for one in groups if one["id"] == group)["members"]
    everybody = await acme.admin.get(f"{ADMIN}/scim/v2/Users", startIndex=2, count=2)
    assert (everybody["itemsPerPage"], everybody["startIndex"]) == (2, 2)
    assert everybody["totalResults"] > 3
    assert await acme.admin.get_status(f"{ADMIN}/scim/v2/Users", filter="title pr") == 422
    assert (await acme.admin.delete(f"{ADMIN}/groups/{group}/members/{person.id}")).status_code == 204
    assert (await acme.admin.delete(f"{ADMIN}/groups/{group}")).status_code == 204


async def test_scim_describes_what_it_gives(http: httpx.AsyncClient, acme: Tenant) -> None:
    base = f"{ADMIN}/scim/v2"
    config = await http.get(f"{base}/ServiceProviderConfig", headers=acme.admin.auth)
    assert config.headers["content-type"] == "application/scim+json"
    can = {name: told["supported"] for name, told in config.json().items() if "supported" in told}
    assert [name for name, supported in can.items() if supported] == ["filter"]
    assert can.keys() >= {"patch", "bulk", "filter", "changePassword", "sort", "etag"}
    most = config.json()["filter"]["maxResults"]
    assert await acme.admin.get_status(f"{base}/Users", count=most) == 200
    assert await acme.admin.get_status(f"{base}/Users", count=most + 1) == 422

    await acme.admin.post(f"{ADMIN}/groups", {"name": f"Sales {uuid4().hex[:6]}"})
    for kind in (await acme.admin.get(f"{base}/ResourceTypes"))["Resources"]:
        schema = await acme.admin.get(f"{base}/Schemas/{kind['schema']}")
        assert (await http.get(schema["meta"]["location"], headers=acme.admin.auth)).json() == schema
        described = {one["name"]: one for one in schema["attributes"]}
        (shown, *_) = (await acme.admin.get(base + kind["endpoint"]))["Resources"]
        assert shown["schemas"] == [kind["schema"]]
        assert shown.keys() - {"schemas", "id", "meta"} == described.keys()
        for name, value in shown.items():
            if name in described:
                assert described[name]["multiValued"] == isinstance(value, list), name
                parts = {one["name"] for one in described[name].get("subAttributes", [])}
                assert all(one.keys() <= parts for one in (value if isinstance(value, list) else [value]) if parts)
    assert (await acme.admin.get(f"{base}/Schemas"))["totalResults"] == 2
    assert (await acme.admin.get(f"{base}/ResourceTypes/User"))["endpoint"] == "/Users"
    for unknown in ("ResourceTypes/Device", "Schemas/urn:x"):
        assert await acme.admin.get_status(f"{base}/{unknown}") == 404
    for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        assert await acme.admin.get_status(f"{base}/{path}", filter='id eq "User"') == 403
        assert await acme.member.get_status(f"{base}/{path}") == 403
        assert (await http.get(f"{base}/{path}")).status_code == 401


async def test_nobody_of_another_tenant_is_there(
    http: httpx.AsyncClient, side: TestSide, join: Register, acme: Tenant, umbrella: Tenant
) -> None:
    """Each act on a person of another tenant answers as for an id that nobody has, and changes nothing."""
    group = (await acme.owner.post(f"{ADMIN}/groups", {"name": f"own {uuid4().hex}"})).json()["id"]
    theirs = (await umbrella.owner.post(f"{ADMIN}/groups", {"name": f"their {uuid4().hex}"})).json()["id"]
    session = (await umbrella.admin.get(f"{ADMIN}/people/{umbrella.member.id}"))["sessions"][0]["id"]
    before = await umbrella.admin.get(f"{ADMIN}/people/{umbrella.member.id}")
    outsider = await join()  # of the first tenant
    for stranger in (umbrella.member.id, outsider.id, str(uuid4())):
        person = f"{ADMIN}/people/{stranger}"
        asked = [
            ("GET", person, None),
            ("GET", f"{ADMIN}/scim/v2/Users/{stranger}", None),
            ("PUT", f"{person}/suspension", None),
            ("DELETE", f"{person}/suspension", None),
            ("DELETE", f"{person}/sessions", None),
            ("DELETE", f"{person}/sessions/{session}", None),
            ("DELETE", f"{person}/factors", None),
            ("DELETE", f"{person}/pin", None),
            ("PUT", f"{person}/role", {"role": "owner"}),
            ("PUT", f"{ADMIN}/groups/{group}/members/{stranger}", None),
            ("DELETE", f"{ADMIN}/groups/{group}/members/{stranger}", None),
            ("PUT", f"{ADMIN}/groups/{theirs}/members/{acme.member.id}", None),
            ("DELETE", f"{ADMIN}/groups/{theirs}", None),
        ]
        answers = [await acme.owner.call(*one) for one in asked]
        assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
            (404, "there is no such person, session or group in this tenant")
        }
    assert (await acme.owner.get(f"{ADMIN}/people", words=umbrella.member.email))["people"] == []
    assert await umbrella.admin.get(f"{ADMIN}/people/{umbrella.member.id}") == before
    seen = await acme.owner.get(f"{ADMIN}/audit", limit=200)
    assert umbrella.member.id not in {one["subject"] for one in seen}
    assert await acme.owner.get(f"{ADMIN}/audit", person=umbrella.member.id) == []


async def test_who_administers_nothing_may_nothing_and_who_has_not_proved_themselves_must(
    http: httpx.AsyncClient, side: TestSide, acme: Tenant
) -> None:
    for path in ("people", "policy", "groups", "audit", "scim/v2/Users", "scim/v2/Groups", f"people/{acme.owner.id}"):
        assert await acme.member.get_status(f"{ADMIN}/{path}") == 403, path
        assert (await http.get(f"{ADMIN}/{path}")).status_code == 401, path
    assert (await acme.member.put(f"{ADMIN}/people/{acme.member.id}/role", {"role": "owner"})).status_code == 403
    assert (await acme.member.put(f"{ADMIN}/people/{acme.owner.id}/suspension")).status_code == 403
    assert (await acme.member.post(f"{ADMIN}/invitations", {"email": "x@example.org"})).status_code == 403
    person = await newcomer(http, side, acme)
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update sessions set proved_at = now() - interval '6 minutes' where user_id = %s", [acme.admin.id]
        )
    refused = await acme.admin.put(f"{ADMIN}/people/{person.id}/suspension")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert await acme.admin.get_status(f"{ADMIN}/people") == 200
    await sign_in(http, acme.admin)
    assert (await acme.admin.put(f"{ADMIN}/people/{person.id}/suspension")).status_code == 204


async def test_every_act_is_in_the_audit_log_with_who_did_it(
    http: httpx.AsyncClient, side: TestSide, acme: Tenant
) -> None:
    person = await newcomer(http, side, acme)
    base = f"{ADMIN}/people/{person.id}"
    session = (await acme.owner.get(base))["sessions"][0]["id"]
    group = (await acme.owner.post(f"{ADMIN}/groups", {"name": f"noted {uuid4().hex}"})).json()["id"]
    for method, path, body in (
        ("DELETE", f"{base}/sessions/{session}", None),
        ("DELETE", f"{base}/sessions", None),
        ("DELETE", f"{base}/factors", None),
        ("DELETE", f"{base}/pin", None),
        ("PUT", f"{base}/role", {"role": "admin"}),
        ("PUT", f"{ADMIN}/groups/{group}/members/{person.id}", None),
        ("DELETE", f"{ADMIN}/groups/{group}/members/{person.id}", None),
        ("PUT", f"{base}/suspension", None),
        ("DELETE", f"{base}/suspension", None),
    ):
        assert (await acme.owner.call(method, path, body)).status_code == 204, path
    noted = [one for one in await acme.owner.get(f"{ADMIN}/audit", person=person.id) if one["actor"] == acme.owner.id]
    assert [one["event"] for one in reversed(noted)] == [
        "admin.device_revoked", "admin.signed_out", "admin.factors_reset", "admin.pin_reset", "admin.role_set",
        "admin.group_joined", "admin.group_left", "admin.suspended", "admin.reinstated",
    ]  # fmt: skip
    assert {one["address"] for one in noted} == {"127.0.0.1"}
    assert noted[-1]["session"] == session
    async with await connect(side.owner) as connection:
        assert (await prove(connection)).flaw is None


async def test_the_operators_command_does_the_same_and_is_noted(
    http: httpx.AsyncClient, side: TestSide, tmp_path: Path
) -> None:
    given = side.owner.connection_arguments()
    password = tmp_path / "password"
    password.write_text(given.pop("password"))
    tenant, person = f"shop {uuid4().hex[:6]}", await register(http, "Anna")
    where = ["--database", make_conninfo(**given), "--password-file", str(password), "--tenant", tenant]

    async def call(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["admin", *where, *arguments])

    async def done(*arguments: str) -> Any:
        result = await call(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert (await call("search")).exit_code == 1, "there is no such tenant"
    await done("make-tenant", tenant)
    assert (await call("suspend", person.email)).exit_code == 1, "they are of another tenant"
    assert (await done("make-admin", person.email, "--role", "owner"))["role"] == "owner"
    assert await person.get_status(f"{ADMIN}/people") == 200
    assert (await call("suspend", person.email)).exit_code == 1, "the only owner"
    made = f"made{uuid4().hex}@example.org"
    assert (await done("create", made.upper(), "Boris", "--role", "owner"))["has_pin"] is False
    assert (await call("create", made, "Boris")).exit_code == 1
    assert (await call("create", "no address", "Boris")).exit_code == 1
    assert (await done("suspend", person.email))["suspended_at"] is not None
    assert (await sign_in(http, person)).status_code == 403
    assert [one["id"] for one in await done("search", "--suspended")] == [person.id]
    assert (await done("reinstate", person.id))["suspended_at"] is None
    assert (await sign_in(http, person)).status_code == 201
    for command in ("sign-out", "reset-mfa", "reset-pin"):
        await done(command, person.email)
    assert (await sign_in(http, person)).status_code == 401
    assert (await done("invite", f"guest{uuid4().hex}@example.org"))["has_account"] is False
    exported = json.loads((await call("export")).stdout)
    assert {one["userName"] for one in exported["Resources"]} == {person.email, made}
    async with await connect(side.owner) as connection:
        events = await list_events(connection, subject=UUID(person.id))
        assert (await prove(connection)).flaw is None
    noted = [one for one in events if one.event.startswith("admin.")]
    assert [one.event for one in reversed(noted)] == [
        "admin.role_set", "admin.suspended", "admin.reinstated", "admin.signed_out", "admin.factors_reset",
        "admin.pin_reset",
    ]  # fmt: skip
    assert {(one.actor, one.details["operator"]) for one in noted} == {(None, side.owner.user)}


async def test_sockets_of_sessions_that_were_ended_elsewhere_are_closed_and_no_others(
    side: TestSide, token_key: Path
) -> None:
    mailbox = Mailbox()
    application = create_app(settings_for(side, token_key=token_key), mail=mailbox, extra=[mailbox.router()])
    async with serve_app(application) as http:
        anna, boris = await register(http, "Anna"), await register(http, "Boris")
        async with anna.socket() as ended, boris.socket() as living:
            async with await connect(side.owner) as connection:
                await connection.execute("update sessions set revoked_at = now() where user_id = %s", [anna.id])
            assert await application.state.messenger.departures.sweep() == 1
            with pytest.raises(ConnectionClosed) as closed:
                await ended.until("never")
            await living.say("ping")
            await living.until("pong")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_the_runtime_role_is_no_operator(side: TestSide) -> None:
    async with await connect(side.app) as connection:
        await connection.execute("select set_config('cyphr.tenant', 'acme', false)")
        cursor = await connection.execute("select count(*) from private.administered_tenant()")
        assert await cursor.fetchone() == (0,)
        for call in ("private.appoint('a@b', 'owner')", "private.make_tenant(gen_random_uuid(), 'x')",
                     "private.do_administer('suspended', gen_random_uuid(), null, null)"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"select {call}")
