"""A Cognito user pool as people sign in at it. Calls run in threads; Cognito's errors become ours."""

import asyncio
import hmac
import secrets
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cyphr.foundation.clock import now
from cyphr.foundation.errors import InvalidInput, NotAuthenticated, RateLimited, Unavailable
from cyphr.foundation.settings import CognitoSettings
from cyphr.messenger.cognito.models import PoolTokens
from cyphr.messenger.cognito.srp import Question, SrpClient

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

T = TypeVar("T")

_WAIT_SECONDS = 30
_THREADS = 10  # as many as the client has connections
WRONG = "the e-mail address and the password do not belong together"
BAD_CODE = "the code is wrong or no longer valid; ask for a new one"


@dataclass(frozen=True)
class PoolUser:
    """A user of the pool. ``status``: Cognito's word, as CONFIRMED or FORCE_CHANGE_PASSWORD."""

    username: str
    sub: str
    status: str


class UserPool:
    """The pool, by its app client, whose secret nobody else has, and, for what only an administrator may, by our own
    permissions.

    Every method raises Unavailable when Cognito is out of reach, and RateLimited when it is asked too much.
    """

    def __init__(self, settings: CognitoSettings, client: Callable[[], "CognitoIdentityProviderClient"]) -> None:
        """``client``: makes one; called when the first call is made, because that takes time that not all need.

        Raises InvalidInput when the app client's secret cannot be read.
        """
        self._pool_id = settings.user_pool_id
        self._client_id = settings.app_client_id
        self._secret = settings.secret().encode()
        self._app: Any = {"ClientId": settings.app_client_id}
        self._pool: Any = {"UserPoolId": settings.user_pool_id}
        self._make = client
        self._made: CognitoIdentityProviderClient | None = None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cognito")

    @property
    def _client(self) -> "CognitoIdentityProviderClient":
        if self._made is None:
            self._made = self._make()
        return self._made

    async def sign_in(self, username: str, password: str) -> PoolTokens:
        """Prove the password by SRP. Raises NotAuthenticated alike for whatever is wrong."""
        return await self._run(self._sign_in, username, password)

    async def refresh(self, username: str, refresh_token: str) -> PoolTokens:
        """New tokens of this user; the refresh token stays the same. Raises NotAuthenticated, for another's too."""
        return await self._run(self._refresh, username, refresh_token)

    async def sign_up(self, username: str, email: str, password: str, name: str) -> None:
        """Make an unconfirmed user and have a code mailed. Raises InvalidInput for a password against the policy."""
        attributes = {"email": email, "name": name, "custom:user_id": username}
        await self._call("sign_up", Username=username, Password=password, UserAttributes=_pairs(attributes))

    async def resend_code(self, username: str) -> None:
        """Mail the code again. Nothing tells whether there is such a user."""
        await self._call("resend_confirmation_code", Username=username)

    async def confirm(self, username: str, code: str) -> None:
        """Confirm a sign-up by its code. Raises InvalidInput."""
        await self._call("confirm_sign_up", Username=username, ConfirmationCode=code)

    async def forgot_password(self, username: str) -> None:
        """Mail a code to set a new password with. Nothing tells whether there is such a user."""
        await self._call("forgot_password", Username=username)

    async def reset_password(self, username: str, code: str, password: str) -> None:
        """Set a password with a mailed code. Raises InvalidInput for the code or the password."""
        await self._call("confirm_forgot_password", Username=username, ConfirmationCode=code, Password=password)

    async def set_password(self, username: str, password: str | None) -> None:
        """Set a password for good; None: one that nobody knows. Raises InvalidInput for one against the policy."""
        await self._administer(
            "admin_set_user_password", Username=username, Password=password or _unguessable(), Permanent=True
        )

    async def sign_out(self, username: str) -> None:
        """End every session of this user at Cognito."""
        await self._administer("admin_user_global_sign_out", Username=username)

    async def set_enabled(self, username: str, *, enabled: bool) -> None:
        """Let a user sign in at Cognito, or not. Raises NotAuthenticated when there is no such user."""
        await self._administer("admin_enable_user" if enabled else "admin_disable_user", Username=username)

    async def find(self, username: str) -> PoolUser | None:
        """One user, by name or by an address of theirs that was confirmed."""
        return await self._run(self._find, username)

    async def create(self, username: str, email: str, name: str) -> PoolUser:
        """A user whose address is known to be theirs, with no password yet. One that is there already stays."""
        return await self._run(self._create, username, email, name)

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    # In threads.

    def _sign_in(self, username: str, password: str) -> PoolTokens:
        proof = SrpClient(self._pool_id, password)
        asked = self._client.initiate_auth(
            **self._app,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": username, "SRP_A": proof.public, "SECRET_HASH": self._hash(username)},
        )
        told = asked["ChallengeParameters"]
        question = Question(told["USER_ID_FOR_SRP"], told["SALT"], told["SRP_B"], told["SECRET_BLOCK"])
        try:
            signature, timestamp = proof.answer(question, now())
        except ValueError as error:
            raise NotAuthenticated(WRONG) from error
        answered = self._client.respond_to_auth_challenge(
            **self._app,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses={
                "USERNAME": question.user_id,
                "TIMESTAMP": timestamp,
                "PASSWORD_CLAIM_SECRET_BLOCK": question.secret_block,
                "PASSWORD_CLAIM_SIGNATURE": signature,
                "SECRET_HASH": self._hash(question.user_id),
            },
        )
        return _tokens(answered)

    def _refresh(self, username: str, refresh_token: str) -> PoolTokens:
        given = {"REFRESH_TOKEN": refresh_token, "SECRET_HASH": self._hash(username)}
        return _tokens(
            self._client.initiate_auth(**self._app, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=given), refresh_token
        )

    def _find(self, username: str) -> PoolUser | None:
        try:
            user = self._client.admin_get_user(**self._pool, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return None
        held = {one["Name"]: one.get("Value", "") for one in user["UserAttributes"]}
        return PoolUser(user["Username"], held["sub"], user["UserStatus"])

    def _create(self, username: str, email: str, name: str) -> PoolUser:
        attributes = {"email": email, "email_verified": "true", "name": name, "custom:user_id": username}
        with suppress(self._client.exceptions.UsernameExistsException):
            self._client.admin_create_user(
                **self._pool, Username=username, UserAttributes=_pairs(attributes), MessageAction="SUPPRESS"
            )
        made = self._find(username)
        if made is None:
            raise Unavailable("Cognito does not know the user that it has just made; try again in a moment")
        return made

    def _hash(self, username: str) -> str:
        """What Cognito wants to see of the app client's secret beside each user's name."""
        return secret_hash(self._secret, self._client_id, username)

    async def _call(self, operation: str, *, Username: str, **arguments: Any) -> None:  # noqa: N803 - Cognito's name
        given = {**self._app, **arguments, "Username": Username, "SecretHash": self._hash(Username)}
        await self._run(lambda: getattr(self._client, operation)(**given))

    async def _administer(self, operation: str, **arguments: Any) -> None:
        await self._run(lambda: getattr(self._client, operation)(**self._pool, **arguments))

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))
        except ClientError as error:
            raise _translated(error) from error
        except BotoCoreError as error:
            raise Unavailable("Cognito cannot be reached; try again in a moment") from error


def secret_hash(secret: bytes, client_id: str, username: str) -> str:
    """Cognito's SECRET_HASH: that whoever asks about this user has the app client's secret."""
    return b64encode(hmac.digest(secret, (username + client_id).encode(), "sha256")).decode()


def _tokens(answer: Any, refresh_token: str | None = None) -> PoolTokens:
    result = answer.get("AuthenticationResult")
    if result is None:
        # A challenge of Cognito's own, as a new password: nobody is here whom the pool does not let in at once.
        raise NotAuthenticated(WRONG)
    return PoolTokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result.get("RefreshToken", refresh_token),
        expires_in=result["ExpiresIn"],
    )


def _translated(error: ClientError) -> Exception:
    code, words = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    match code:
        case "NotAuthorizedException" if words == "Password attempts exceeded":
            return RateLimited("too many wrong passwords for this address", retry_after=_WAIT_SECONDS)
        case (
            "NotAuthorizedException"
            | "UserNotFoundException"
            | "UserNotConfirmedException"
            | "PasswordResetRequiredException"
        ):
            return NotAuthenticated(WRONG)
        case "CodeMismatchException" | "ExpiredCodeException" | "AliasExistsException":
            return InvalidInput(BAD_CODE)
        case "InvalidPasswordException" | "PasswordHistoryPolicyViolationException":
            return InvalidInput(f"this password cannot be used: {words}")
        case "TooManyRequestsException" | "LimitExceededException" | "TooManyFailedAttemptsException":
            return RateLimited("too many requests; try again later", retry_after=_WAIT_SECONDS)
        case "InvalidParameterException" | "UserLambdaValidationException" | "UsernameExistsException":
            return InvalidInput("Cognito does not take what was given")
        case _:
            return Unavailable(f"Cognito could not answer ({code}); try again in a moment")


def _pairs(attributes: dict[str, str]) -> Any:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def _unguessable() -> str:
    # Every policy wants some of each kind; the randomness is in the rest.
    return f"Aa1!{secrets.token_urlsafe(40)}"
