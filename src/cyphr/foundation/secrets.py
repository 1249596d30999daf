"""Secrets that settings only name: read from Secrets Manager once, at the edge of whoever is started with them."""

import json
from typing import Any

from pydantic import BaseModel, SecretStr

from cyphr.foundation.aws import read_secret
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import MessengerSettings

_NAMED = (
    ("supabase_database", "password", "password_secret"),
    ("aws_database", "password", "password_secret"),
    (None, "token_key", "token_key_secret"),
    (None, "accepted_token_keys", "accepted_token_keys_secret"),
    (None, "root_key", "root_key_secret"),
    (None, "factor_key", "factor_key_secret"),
    ("cognito", "app_client_secret", "app_client_secret_name"),
    ("supabase_tokens", "legacy_secret", "legacy_secret_name"),
)
"""Whose secret it is (None: the messenger's own), where it is put, and where its name stands."""


def with_secrets(settings: MessengerSettings) -> MessengerSettings:
    """``settings`` with every secret in place of its name. Blocking.

    Raises InvalidInput that names every setting whose secret cannot be read.
    """
    read: dict[str, Any] = {}
    troubles: list[str] = []
    for group, field, name in _NAMED:
        holder: BaseModel | None = settings if group is None else getattr(settings, group)
        place = None if holder is None else getattr(holder, name)
        if holder is None or place is None:
            continue
        try:
            text = read_secret(settings.aws, place)
            told = {field: SecretStr(password_in(text) if field == "password" else text.strip()), name: None}
        except InvalidInput as error:
            troubles.append(f"{_variable(group, name)}: {error.message}")
        else:
            read |= told if group is None else {group: holder.model_copy(update=told)}
    if troubles:
        raise InvalidInput("; ".join(troubles))
    return settings.model_copy(update=read)


def _variable(group: str | None, name: str) -> str:
    return f"CYPHR_{name.upper()}" if group is None else f"CYPHR_{group.upper()}__{name.upper()}"


def password_in(secret: str) -> str:
    """The password of a secret: RDS keeps JSON with it, others the bare text. Raises InvalidInput for other JSON."""
    try:
        document = json.loads(secret)
    except ValueError:
        return secret
    if not isinstance(document, dict):  # a password of digits is JSON as well
        return secret
    if not isinstance(document.get("password"), str):
        raise InvalidInput("password_secret: the secret is JSON without a text under 'password'")
    return str(document["password"])
