"""A Cognito user pool. Blocking: called in threads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cyphr.foundation.aws import cognito_client
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import AwsSettings
from cyphr.migrate.auth.accounts import Account

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

_ABSENT = {"email": "", "email_verified": "false", "name": ""}  # what to send so that an attribute is no longer there
_OURS = tuple(_ABSENT)
_REFUSALS = ("InvalidParameterException", "UsernameExistsException", "AliasExistsException", "InvalidPasswordException")


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


class UserPool:
    """The users of one pool. A request that the pool refuses for what it says raises InvalidInput."""

    def __init__(self, settings: AwsSettings, user_pool_id: str) -> None:
        self._client: CognitoIdentityProviderClient = cognito_client(settings)
        self._pool: Any = {"UserPoolId": user_pool_id}
        self._by_email: bool | None = None

    def users(self) -> Iterator[PoolUser]:
        """Everyone in the pool."""
        for page in self._client.get_paginator("list_users").paginate(**self._pool):
            for user in page["Users"]:
                yield _user(user, user["Attributes"])

    def find(self, username: str) -> PoolUser | None:
        """One user, by name or by a name's alias."""
        try:
            user = self._client.admin_get_user(**self._pool, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return None
        return _user(user, user["UserAttributes"])

    def ensure(self, account: Account, username: str | None) -> PoolUser:
        """Make the person's counterpart, or bring it up to date. ``username``: what it is known to be called.

        Raises InvalidInput when the pool does not take this person, saying why.
        """
        try:
            user = self.find(username) if username is not None else None
            if user is None:
                user = self._create(account)
            self._update(user, account)
            found = self.find(user.username)
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSALS:
                raise InvalidInput(f"Cognito refused: {error.response['Error']['Message']}") from error
            raise
        if found is None:
            raise InvalidInput("the Cognito user was deleted while it was being made")
        return found

    def delete(self, username: str) -> None:
        """Delete a user; nothing happens when there is none."""
        try:
            self._client.admin_delete_user(**self._pool, Username=username)
        except self._client.exceptions.UserNotFoundException:
            return

    def _create(self, account: Account) -> PoolUser:
        username = str(account.user_id)
        if account.email is not None and self._is_named_by_email():
            username = account.email
        try:
            made = self._client.admin_create_user(
                **self._pool,
                Username=username,
                UserAttributes=_pairs(account.attributes),
                MessageAction="SUPPRESS",
            )["User"]
            return _user(made, made["Attributes"])
        except self._client.exceptions.UsernameExistsException:
            there = self.find(username)  # made by a run that was killed before it wrote the link down
            if there is None or there.attributes.get("custom:user_id") != str(account.user_id):
                raise InvalidInput(f"the pool has another user called {username}; delete or rename that one") from None
            return there

    def _update(self, user: PoolUser, account: Account) -> None:
        wanted = account.attributes
        changed = [name for name in _OURS if user.attributes.get(name) != wanted.get(name)]
        if "email" in changed:
            changed.append("email_verified")  # a new address is unverified unless the same request says otherwise
        if changed:
            values = {name: wanted.get(name, _ABSENT[name]) for name in changed}
            self._client.admin_update_user_attributes(
                **self._pool, Username=user.username, UserAttributes=_pairs(values)
            )
        if user.enabled and account.disabled:
            self._client.admin_disable_user(**self._pool, Username=user.username)
        elif not user.enabled and not account.disabled:
            self._client.admin_enable_user(**self._pool, Username=user.username)

    def _is_named_by_email(self) -> bool:
        if self._by_email is None:
            pool = self._client.describe_user_pool(**self._pool)["UserPool"]
            self._by_email = "email" in pool.get("UsernameAttributes", [])
        return self._by_email


def _user(user: Any, attributes: Any) -> PoolUser:
    # An attribute that was taken away may come back empty, and one that is false as absent.
    pairs = {one["Name"]: one.get("Value", "") for one in attributes}
    held = {name: value for name, value in pairs.items() if value != _ABSENT.get(name, "")}
    return PoolUser(user["Username"], held, user["Enabled"], user["UserStatus"])


def _pairs(attributes: dict[str, str]) -> Any:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
