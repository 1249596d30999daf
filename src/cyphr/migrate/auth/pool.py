"""A Cognito user pool. Blocking: called in threads. It is asked no faster than it answers."""

import json
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cyphr.foundation.aws import patient_cognito_client
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.auth.accounts import Account, Identity
from cyphr.migrate.auth.pacing import Category, Paces

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

_ABSENT = {  # what to send so that an attribute is no longer there
    "email": "",
    "email_verified": "false",
    "name": "",
    "phone_number": "",
    "phone_number_verified": "false",
}
_OURS = tuple(_ABSENT)
_VERIFIED = {"email": "email_verified", "phone_number": "phone_number_verified"}
_REFUSALS = (
    "InvalidParameterException",
    "UsernameExistsException",
    "AliasExistsException",
    "InvalidPasswordException",
    "LimitExceededException",
)
_THROTTLED = ("TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded")
_PASSING = ("InternalErrorException", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException")
_PATIENCE_SECONDS = 300.0
# What Supabase Auth calls a provider, and what Cognito does; others go by one name on both sides.
_PROVIDERS = {
    "google": "Google",
    "facebook": "Facebook",
    "apple": "SignInWithApple",
    "amazon": "LoginWithAmazon",
}


@dataclass(frozen=True)
class PoolUser:
    """A user as the pool has it."""

    username: str
    attributes: dict[str, str]
    enabled: bool
    status: str

    @property
    def sub(self) -> str:
        return self.attributes["sub"]

    @property
    def identities(self) -> set[tuple[str, str]]:
        """Accounts at other providers that sign this user in: (Cognito's name of the provider, subject)."""
        listed = json.loads(self.attributes.get("identities", "[]"))
        return {(one["providerName"], one["userId"]) for one in listed}


class UserPool:
    """The users of one pool. A request that the pool refuses for what it says raises InvalidInput.

    One that is too many waits and is sent again for five minutes; so is one that failed inside Cognito.
    """

    def __init__(self, settings: AwsSettings, user_pool_id: str, quota_factor: float = 1.0) -> None:
        self._client: CognitoIdentityProviderClient = patient_cognito_client(settings)
        self._pool: Any = {"UserPoolId": user_pool_id}
        self._paces = Paces(quota_factor)
        self._by_email: bool | None = None
        self._providers: Collection[str] | None = None
        self.throttled = 0
        """How often Cognito said that it was asked too much."""

    def users(self) -> Iterator[list[PoolUser]]:
        """Everyone in the pool, a page at a time."""
        token: dict[str, str] = {}
        while True:
            page = self._ask("UserList", self._client.list_users, **token)
            yield [_user(user, user["Attributes"]) for user in page["Users"]]
            if "PaginationToken" not in page:
                return
            token = {"PaginationToken": page["PaginationToken"]}

    def find(self, username: str) -> PoolUser | None:
        """One user, by name or by a name's alias."""
        try:
            user = self._ask("UserRead", self._client.admin_get_user, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return None
        return _user(user, user["UserAttributes"])

    def ensure(
        self, account: Account, username: str | None, linked: Collection[Identity] = (), *, lock_out: bool = False
    ) -> PoolUser:
        """Make the person's counterpart, or bring it up to date. ``username``: what it is known to be called.

        ``linked``: accounts at other providers that were linked before; those they no longer have are unlinked.
        ``lock_out``: the password that Cognito has is no longer the person's, and shall sign in nobody.
        Raises InvalidInput when the pool does not take this person, saying why.
        """
        with _refusals():
            user = self.find(username) if username is not None else None
            if user is None:
                user = self._create(account)
            changed = [
                self._update(user, account),
                self._switch(user, account),
                self._link(user, account, linked),
                lock_out and self._lock_out(user),
            ]
            found = self.find(user.username) if any(changed) else user
        if found is None:
            raise InvalidInput("the Cognito user was deleted while it was being made")
        return found

    def delete(self, username: str) -> None:
        """Delete a user; nothing happens when there is none."""
        try:
            self._ask("UserUpdate", self._client.admin_delete_user, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return

    def demand_new_password(self, user: PoolUser) -> bool:
        """Have the person set a new password by a code that Cognito mails; False when it cannot reach them.

        Raises InvalidInput when Cognito refuses.
        """
        if not user.enabled or {"email_verified", "phone_number_verified"}.isdisjoint(user.attributes):
            return False
        if user.status == "RESET_REQUIRED":
            return True
        with _refusals():
            if user.status == "FORCE_CHANGE_PASSWORD":  # only who is confirmed can be asked
                self._lock_out(user)
            self._ask("UserAccountRecovery", self._client.admin_reset_user_password, Username=user.username)
        return True

    def look_for_providers(self) -> None:
        """Ask anew which other providers the pool lets people sign in through."""
        listed = self._ask("UserList", self._client.list_identity_providers, MaxResults=60)["Providers"]
        self._providers = {one["ProviderName"] for one in listed}

    def provider(self, identity: Identity) -> str | None:
        """What the pool calls the identity's provider; None when it has none of that name."""
        if self._providers is None:
            self.look_for_providers()
        name = _PROVIDERS.get(identity.provider, identity.provider.removeprefix("sso:"))
        return name if name in (self._providers or ()) else None

    def _create(self, account: Account) -> PoolUser:
        username, attributes = str(account.user_id), account.attributes
        if account.email is not None and self._is_named_by_email():
            username = account.email
        try:
            made = self._ask(
                "UserCreation",
                self._client.admin_create_user,
                Username=username,
                UserAttributes=_pairs(attributes),
                MessageAction="SUPPRESS",
            )["User"]
            return _user(made, made["Attributes"])
        except self._client.exceptions.UsernameExistsException:
            there = self.find(username)  # made by a run that was killed before it wrote the link down
            if there is None or there.attributes.get("custom:user_id") != str(account.user_id):
                raise InvalidInput(f"the pool has another user called {username}; delete or rename that one") from None
            return there

    def _update(self, user: PoolUser, account: Account) -> bool:
        wanted = account.attributes
        changed = {name for name in _OURS if user.attributes.get(name) != wanted.get(name)}
        # A new address is unverified unless the same request says otherwise.
        changed |= {_VERIFIED[name] for name in changed & _VERIFIED.keys()}
        values = {name: wanted.get(name, _ABSENT[name]) for name in sorted(changed)}
        if values:
            try:
                self._set(user, values)
            except self._client.exceptions.AliasExistsException:
                # Whoever has the address is to give it up, and may be waiting for the one that this user has.
                self._set(user, values | {name: "false" for name in _VERIFIED.values() if name in values})
                raise
        return bool(values)

    def _set(self, user: PoolUser, values: dict[str, str]) -> None:
        self._ask(
            "UserUpdate",
            self._client.admin_update_user_attributes,
            Username=user.username,
            UserAttributes=_pairs(values),
        )

    def _switch(self, user: PoolUser, account: Account) -> bool:
        if user.enabled is not account.disabled:
            return False
        switch = self._client.admin_disable_user if account.disabled else self._client.admin_enable_user
        self._ask("UserUpdate", switch, Username=user.username)
        return True

    def _link(self, user: PoolUser, account: Account, linked: Collection[Identity]) -> bool:
        """Let other providers sign this user in, where the pool knows them; before anybody tries, or there are two."""
        missing = [
            (provider, one.subject)
            for one in account.identities
            if (provider := self.provider(one)) is not None and (provider, one.subject) not in user.identities
        ]
        for provider, subject in missing:
            self._ask(
                "UserFederation",
                self._client.admin_link_provider_for_user,
                DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": user.username},
                SourceUser=_source(provider, subject),
            )
        lost = [
            (provider, one.subject)
            for one in set(linked) - set(account.identities)
            if (provider := self.provider(one)) is not None and (provider, one.subject) in user.identities
        ]
        for provider, subject in lost:
            self._ask("UserFederation", self._client.admin_disable_provider_for_user, User=_source(provider, subject))
        return bool(missing or lost)

    def _lock_out(self, user: PoolUser) -> bool:
        # Long and of all kinds, so that it fits any policy; nobody is ever told it.
        self._ask(
            "UserAccountRecovery",
            self._client.admin_set_user_password,
            Username=user.username,
            Password=f"aA1!{secrets.token_urlsafe(40)}",
            Permanent=True,
        )
        return True

    def _is_named_by_email(self) -> bool:
        if self._by_email is None:
            pool = self._ask("UserList", self._client.describe_user_pool)["UserPool"]
            self._by_email = "email" in pool.get("UsernameAttributes", [])
        return self._by_email

    def _ask(self, category: Category, request: Callable[..., Any], **arguments: Any) -> Any:
        """Send one request at its category's pace, and again while Cognito has no room for it."""
        pace, given_up_at = self._paces[category], monotonic() + _PATIENCE_SECONDS
        pause = 0.1
        while True:
            self._paces.wait(category)
            try:
                answer = request(**self._pool, **arguments)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code not in (*_THROTTLED, *_PASSING) or monotonic() > given_up_at:
                    raise
                if code in _THROTTLED:
                    self.throttled += 1
                    pace.refused(monotonic())
                else:
                    time.sleep(pause)
                    pause = min(2 * pause, 5.0)
            else:
                pace.answered(monotonic())
                return answer


@contextmanager
def _refusals() -> Iterator[None]:
    """What Cognito refuses for what was asked raises InvalidInput."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _REFUSALS:
            raise InvalidInput(f"Cognito refused: {error.response['Error']['Message']}") from error
        raise


def _user(user: Any, attributes: Any) -> PoolUser:
    # An attribute that was taken away may come back empty, and one that is false as absent.
    pairs = {one["Name"]: one.get("Value", "") for one in attributes}
    held = {name: value for name, value in pairs.items() if value != _ABSENT.get(name, "")}
    return PoolUser(user["Username"], held, user["Enabled"], user["UserStatus"])


def _pairs(attributes: dict[str, str]) -> Any:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def _source(provider: str, subject: str) -> Any:
    return {
        "ProviderName": provider,
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": subject,
    }
