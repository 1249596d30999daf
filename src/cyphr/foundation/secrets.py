"""Secrets that settings only name: read from Secrets Manager once, at the edge of whoever is started with them."""

import json
from typing import Any

from pydantic import SecretStr

from cyphr.foundation.aws import read_secret
from cyphr.foundation.errors import InvalidInput
from cyphr.foundation.settings import MessengerSettings


def with_secrets(settings: MessengerSettings) -> MessengerSettings:
    """``settings`` with every secret in place of its name. Blocking.

    Raises InvalidInput that names every setting whose secret cannot be read.
    """
    read: dict[str, Any] = {}
    troubles: list[str] = []
    for name in ("supabase_database", "aws_database"):
        database = getattr(settings, name)
        if database is None or database.password_secret is None:
            continue
        try:
            password = SecretStr(password_in(read_secret(settings.aws, database.password_secret)))
        except InvalidInput as error:
            troubles.append(f"CYPHR_{name.upper()}__PASSWORD_SECRET: {error.message}")
        else:
            read[name] = database.model_copy(update={"password": password, "password_secret": None})
    for name in ("token_key", "factor_key"):
        place = getattr(settings, f"{name}_secret")
        if place is None:
            continue
        try:
            key = SecretStr(read_secret(settings.aws, place))
        except InvalidInput as error:
            troubles.append(f"CYPHR_{name.upper()}_SECRET: {error.message}")
        else:
            read |= {name: key, f"{name}_secret": None}
    if troubles:
        raise InvalidInput("; ".join(troubles))
    return settings.model_copy(update=read)


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
