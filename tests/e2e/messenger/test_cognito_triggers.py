"""Cognito's triggers as functions: called by the stand-in's pool, and with the events that AWS documents."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
import pytest_asyncio
from botocore.exceptions import ClientError

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.functions import Functions
from cyphr.foundation.aws import cognito_client
from tests.conftest import TestSide
from tests.e2e.messenger.authenticators import set_up_authenticator
from tests.e2e.messenger.client import PIN, Client
from tests.e2e.messenger.conftest import serve, settings_for
from tests.e2e.messenger.pool import code_for, counterpart, hash_for, moved

PASSWORD = "Correct horse 7"


@dataclass
class World:
    """A pool whose triggers are our functions, and a process that signs in at it."""

    stand_in: AwsStandIn
    side: TestSide
    http: httpx.AsyncClient
    functions: Any

    @property
    def cognito(self) -> Any:
        return cognito_client(self.stand_in.settings)

    @property
    def app(self) -> dict[str, str]:
        return {"ClientId": self.stand_in.names.app_client_id}

    async def invoke(self, handler: str, event: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Whether the function returned, and what it returned or raised."""
        name = f"cyphr-cognito-{handler.replace('_', '-')}"
        answer = await asyncio.to_thread(self.functions.invoke, FunctionName=name, Payload=json.dumps(event))
        return "FunctionError" not in answer, json.loads(answer["Payload"].read())

    def event(self, source: str, request: dict[str, Any], response: dict[str, Any], **more: Any) -> dict[str, Any]:
        """As the developer guide shows it."""
        return {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": self.stand_in.names.user_pool_id,
            "userName": "anna",
            "callerContext": {"awsSdkVersion": "aws-sdk-js-2.6.4", "clientId": self.app["ClientId"]},
            "triggerSource": source,
            "request": request,
            "response": response,
            **more,
        }


@pytest.fixture(scope="module")
def side(aws_side: TestSide) -> TestSide:
    return aws_side


@pytest_asyncio.fixture(scope="module")
async def world(side: TestSide, token_key: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    stand_in = AwsStandIn(tmp_path_factory.mktemp("aws"))
    await stand_in.start()
    try:
        functions = Functions(stand_in)
        await functions.prepare()
        settings = settings_for(side, token_key=token_key, aws=stand_in.settings, cognito=stand_in.cognito)
        await functions.deploy(functions.settings(settings))
        async with serve(settings) as http:
            yield World(stand_in, side, http, functions._client("lambda"))
    finally:
        await stand_in.discard()


async def begin(world: World, person: Client) -> dict[str, Any]:
    begun: dict[str, Any] = await asyncio.to_thread(
        world.cognito.initiate_auth,
        **world.app,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": person.id, "SECRET_HASH": hash_for(world.stand_in, person.id)},
    )
    return begun


async def answer(world: World, person: Client, challenge: dict[str, Any], pin: str) -> dict[str, Any]:
    answered: dict[str, Any] = await asyncio.to_thread(
        world.cognito.respond_to_auth_challenge,
        **world.app,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=challenge["Session"],
        ChallengeResponses={
            "USERNAME": person.id,
            "ANSWER": pin,
            "SECRET_HASH": hash_for(world.stand_in, person.id),
        },
    )
    return answered


async def test_a_person_with_a_pin_signs_in_at_cognito_and_its_tokens_say_who_they_are(world: World) -> None:
    anna = await counterpart(world.side, world.stand_in, world.http, "Anna")
    challenge = await begin(world, anna)
    assert challenge["ChallengeParameters"]["kind"] == "pin"
    again = await answer(world, anna, challenge, "000000")
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    tokens = (await answer(world, anna, again, PIN))["AuthenticationResult"]
    for token in (tokens["AccessToken"], tokens["IdToken"]):
        assert jwt.decode(token, options={"verify_signature": False})["user_id"] == anna.id
    me = await world.http.get("/v1/me", headers={"Authorization": f"Bearer {tokens['AccessToken']}"})
    assert me.json()["id"] == anna.id


async def test_wrong_pins_at_cognito_end_the_sign_in_and_lock_the_address_everywhere(world: World) -> None:
    anna = await counterpart(world.side, world.stand_in, world.http, "Anna")
    challenge = await begin(world, anna)
    for wrong in ("000000", "000001"):
        challenge = await answer(world, anna, challenge, wrong)
    with pytest.raises(ClientError, match="NotAuthorized"):
        await answer(world, anna, challenge, "000002")
    challenge = await begin(world, anna)
    for wrong in ("000003", "000004"):
        challenge = await answer(world, anna, challenge, wrong)
    with pytest.raises(ClientError, match="NotAuthorized"):
        await answer(world, anna, challenge, PIN)
    here = await world.http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})
    assert here.status_code == 429


async def test_who_has_a_second_factor_proves_it_in_a_second_round(world: World) -> None:
    anna = await counterpart(world.side, world.stand_in, world.http, "Anna")
    authenticator, codes = await set_up_authenticator(anna)
    challenge = await answer(world, anna, await begin(world, anna), PIN)
    assert (challenge["ChallengeName"], challenge["ChallengeParameters"]) == ("CUSTOM_CHALLENGE", {"kind": "factor"})
    # Neither the PIN nor what was used before is a second factor.
    again = await answer(world, anna, challenge, PIN)
    assert again["ChallengeParameters"]["kind"] == "factor"
    code = authenticator.code()
    assert "AuthenticationResult" in await answer(world, anna, again, code)
    challenge = await answer(world, anna, await begin(world, anna), PIN)
    again = await answer(world, anna, challenge, code)
    assert again["ChallengeParameters"]["kind"] == "factor"
    assert "AuthenticationResult" in await answer(world, anna, again, codes[0].upper())


async def test_guesses_of_a_second_factor_at_cognito_are_counted_with_those_of_our_api(world: World) -> None:
    anna = await counterpart(world.side, world.stand_in, world.http, "Anna")
    authenticator, _ = await set_up_authenticator(anna)
    for _ in range(2):
        challenge = await answer(world, anna, await begin(world, anna), PIN)
        challenge = await answer(world, anna, challenge, authenticator.wrong())
        with pytest.raises(ClientError, match="NotAuthorized"):
            await answer(world, anna, challenge, authenticator.wrong())
    challenge = await answer(world, anna, await begin(world, anna), PIN)
    challenge = await answer(world, anna, challenge, authenticator.wrong())
    with pytest.raises(ClientError, match="NotAuthorized"):
        await answer(world, anna, challenge, authenticator.code())
    signed_in = await world.http.post("/v1/sessions", json={"email": anna.email, "pin": PIN})
    body = {"challenge": signed_in.json()["challenge"], "code": authenticator.code()}
    assert (await world.http.post("/v1/sessions/challenges", json=body)).status_code == 429


async def test_nobody_makes_a_user_but_through_our_api_not_even_in_anothers_name(world: World) -> None:
    victim = str(uuid4())
    for username, user_id in ((str(uuid4()), victim), (victim, victim), ("mallory", victim)):
        with pytest.raises(ClientError, match="UserLambdaValidation"):
            await asyncio.to_thread(
                world.cognito.sign_up,
                **world.app,
                Username=username,
                Password=PASSWORD,
                SecretHash=hash_for(world.stand_in, username),
                UserAttributes=[
                    {"Name": "email", "Value": "mallory@example.org"},
                    {"Name": "custom:user_id", "Value": user_id},
                ],
            )
    email = f"person{uuid4().hex}@example.org"
    body = {"email": email, "password": PASSWORD, "full_name": "Anna"}
    begun = (await world.http.post("/v1/cognito/sign-ups", json=body)).json()
    confirmation = {**begun, "email": email, "code": await code_for(world.stand_in, email)}
    assert (await world.http.post("/v1/cognito/sign-ups/confirm", json=confirmation)).status_code == 204
    signed_in = await world.http.post("/v1/cognito/sessions", json={"email": email, "password": PASSWORD})
    assert signed_in.status_code == 201


# With the events of AWS's developer guide.


@pytest.mark.parametrize("source", ["PreSignUp_SignUp", "PreSignUp_ExternalProvider"])
async def test_a_sign_up_that_nobody_began_is_refused(world: World, source: str) -> None:
    request = {"userAttributes": {"email": "anna@example.org"}, "validationData": None}
    response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    for name in ("anna", str(uuid4()), "Google_123"):
        assert not (await world.invoke("pre_sign_up", world.event(source, request, response, userName=name)))[0]
    made = world.event("PreSignUp_AdminCreateUser", request, response)
    assert await world.invoke("pre_sign_up", made) == (True, made)


RIGHT, CODE, WRONG = ("PIN", True), ("FACTOR", True), ("PIN", False)


@pytest.mark.parametrize(
    ("rounds", "absent", "alone", "with_factor"),
    [
        ([], False, "asked", "asked"),
        ([], True, "asked", "asked"),
        ([RIGHT], False, "tokens", "asked"),
        ([RIGHT], True, "asked", "asked"),
        ([WRONG], False, "asked", "asked"),
        ([WRONG, RIGHT], False, "tokens", "asked"),
        ([RIGHT, CODE], False, "tokens", "tokens"),
        ([RIGHT, ("FACTOR", False)], False, "asked", "asked"),
        ([RIGHT, ("FACTOR", False), CODE], False, "tokens", "tokens"),
        ([WRONG, RIGHT, ("FACTOR", False)], False, "failed", "failed"),
        ([CODE], False, "asked", "asked"),
        ([RIGHT, RIGHT, RIGHT], False, "tokens", "failed"),
        ([WRONG] * 3, False, "failed", "failed"),
        ([WRONG] * 3, True, "failed", "failed"),
        ([("SRP_A", True)], False, "failed", "failed"),
        ([("SRP_A", True), RIGHT], False, "failed", "failed"),
    ],
)
async def test_what_is_proven_next(
    world: World,
    proving: tuple[dict[str, str], dict[str, str]],
    rounds: list[tuple[str, bool]],
    absent: bool,
    alone: str,
    with_factor: str,
) -> None:
    answered = [
        {
            "challengeName": kind if kind == "SRP_A" else "CUSTOM_CHALLENGE",
            "challengeResult": result,
            "challengeMetadata": None if kind == "SRP_A" else kind,
        }
        for kind, result in rounds
    ]
    for attributes, wanted in zip((*proving, {"sub": str(uuid4())}), (alone, with_factor, None), strict=True):
        request = {"userAttributes": attributes, "session": answered, "userNotFound": absent}
        event = world.event("DefineAuthChallenge_Authentication", request, {"challengeName": None})
        returned, told = await world.invoke("define_challenge", event)
        assert returned
        response = told["response"]
        outcome = "tokens" if response["issueTokens"] else "failed" if response["failAuthentication"] else "asked"
        assert response["challengeName"] == ("CUSTOM_CHALLENGE" if outcome == "asked" else None)
        assert outcome == wanted if wanted else outcome != "tokens"


@pytest_asyncio.fixture(scope="module")
async def proving(world: World) -> tuple[dict[str, str], dict[str, str]]:
    """What Cognito tells of somebody with a PIN alone, and of somebody with a second factor."""
    anna, boris = [await counterpart(world.side, world.stand_in, world.http, name) for name in ("Anna", "Boris")]
    await set_up_authenticator(boris)
    return await attributes_of(world, anna), await attributes_of(world, boris)


async def attributes_of(world: World, person: Client) -> dict[str, str]:
    user = await asyncio.to_thread(
        world.cognito.admin_get_user, UserPoolId=world.stand_in.names.user_pool_id, Username=person.id
    )
    return {one["Name"]: one["Value"] for one in user["UserAttributes"]}


async def test_what_is_asked_for_and_what_answers_it(world: World, proving: tuple[dict[str, str], ...]) -> None:
    for rounds, asked in (([], "PIN"), ([WRONG], "PIN"), ([RIGHT], "FACTOR"), ([RIGHT, ("FACTOR", False)], "FACTOR")):
        answered = [
            {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": result, "challengeMetadata": kind}
            for kind, result in rounds
        ]
        request = {"userAttributes": proving[1], "challengeName": "CUSTOM_CHALLENGE", "session": answered}
        response = {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None}
        event = world.event("CreateAuthChallenge_Authentication", request, response)
        returned, told = await world.invoke("create_challenge", event)
        assert (returned, told["response"]["challengeMetadata"]) == (True, asked)
        # The PIN is no second factor, whoever asks; and a code is no PIN.
        private = told["response"]["privateChallengeParameters"]
        request = {"userAttributes": proving[1], "challengeAnswer": PIN, "privateChallengeParameters": private}
        event = world.event("VerifyAuthChallengeResponse_Authentication", request, {"answerCorrect": None})
        returned, told = await world.invoke("verify_challenge", event)
        assert (returned, told["response"]["answerCorrect"]) == (True, asked == "PIN")


async def test_a_user_who_is_not_there_never_answers_right_and_an_address_alone_is_nobody(world: World) -> None:
    anna = await counterpart(world.side, world.stand_in, world.http, "Anna")
    attributes = await attributes_of(world, anna)
    for told, absent, right in (
        (attributes, False, True),
        (attributes, True, False),
        ({**attributes, "sub": str(uuid4())}, False, False),
        ({}, True, False),
    ):
        request = {"userAttributes": told, "challengeAnswer": PIN, "userNotFound": absent}
        event = world.event("VerifyAuthChallengeResponse_Authentication", request, {"answerCorrect": None})
        returned, answered = await world.invoke("verify_challenge", event)
        assert (returned, answered["response"]["answerCorrect"]) == (True, right)


async def test_whom_the_pool_does_not_have_is_made_for_the_password_of_supabase(world: World) -> None:
    person = await moved(world.side, world.stand_in, world.http, PASSWORD)

    async def migrate(password: str, source: str = "UserMigration_Authentication", email: str = "") -> tuple[bool, Any]:
        response = {"userAttributes": None, "finalUserStatus": None, "messageAction": None}
        event = world.event(source, {"password": password}, response, userName=email or person.email.upper())
        return await world.invoke("user_migration", event)

    returned, told = await migrate(PASSWORD)
    assert returned
    response = told["response"]
    assert (response["finalUserStatus"], response["messageAction"]) == ("CONFIRMED", "SUPPRESS")
    assert response["userAttributes"]["username"] == response["userAttributes"]["custom:user_id"] == person.id
    assert response["userAttributes"]["email"] == person.email
    for wrong in (
        await migrate("wrong"),
        await migrate("", "UserMigration_ForgotPassword"),
        await migrate(PASSWORD, email="nobody@example.org"),
    ):
        assert not wrong[0]


@pytest.mark.parametrize(("version", "sections"), [("1", 1), ("2", 2)])
async def test_tokens_say_account_tenant_and_groups_in_either_version(
    world: World, version: str, sections: int
) -> None:
    user_id = str(uuid4())
    request = {
        "userAttributes": {"sub": "x", "custom:user_id": user_id, "custom:tenant": "acme"},
        "groupConfiguration": {
            "groupsToOverride": ["owners", "admins"],
            "iamRolesToOverride": [],
            "preferredRole": None,
        },
        "scopes": ["aws.cognito.signin.user.admin"],
    }
    event = world.event("TokenGeneration_Authentication", request, {}, version=version)
    returned, told = await world.invoke("pre_token_generation", event)
    assert returned
    details = told["response"].get("claimsAndScopeOverrideDetails") or {"id": told["response"]["claimsOverrideDetails"]}
    assert len(details) == sections
    for section in details.values():
        assert section["claimsToAddOrOverride"] == {"user_id": user_id, "tenant": "acme", "groups": "admins,owners"}
    for nobody in ({}, {"custom:user_id": "x"}):
        event["request"]["userAttributes"] = nobody
        assert not (await world.invoke("pre_token_generation", event))[0]
