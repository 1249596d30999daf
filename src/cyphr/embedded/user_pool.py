"""The whole shape of the user pool, its app client and the identity pool: what any deployment makes, on AWS as here.

``docs/decisions/0068`` says why. Whoever describes the infrastructure elsewhere describes this.
"""

from collections.abc import Mapping
from typing import Any

from cyphr.messenger.cognito.models import LEAST_LENGTH

TRIGGERS = {
    "PreSignUp": "cognito_pre_sign_up",
    "DefineAuthChallenge": "cognito_define_challenge",
    "CreateAuthChallenge": "cognito_create_challenge",
    "VerifyAuthChallengeResponse": "cognito_verify_challenge",
    "UserMigration": "cognito_user_migration",
    "PreTokenGeneration": "cognito_pre_token_generation",
}
"""Which function Cognito calls when: the names are Cognito's, and those of ``messenger/lambdas``."""

_ATTRIBUTES: list[dict[str, Any]] = [
    # Set once, when the user is made, and nobody changes it: it says whose the user is.
    {
        "Name": "user_id",
        "AttributeDataType": "String",
        "Mutable": False,
        "StringAttributeConstraints": {"MinLength": "36", "MaxLength": "36"},
    },
    # Set by administrators only: the app client may not write it.
    {
        "Name": "tenant",
        "AttributeDataType": "String",
        "Mutable": True,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "64"},
    },
]
GROUPS = ("admins", "owners")
_READ = ["email", "email_verified", "name", "custom:user_id", "custom:tenant"]
_WRITTEN = ["email", "name", "custom:user_id"]


def pool_to_make(name: str) -> dict[str, Any]:
    """Arguments of CreateUserPool."""
    return {
        "PoolName": name,
        # Named by their id and known by their address: people with a phone only have accounts, too.
        "AliasAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
        "Schema": _ATTRIBUTES,
        **pool_settings({}),
    }


def pool_settings(functions: Mapping[str, str]) -> dict[str, Any]:
    """What of a pool can be changed later; UpdateUserPool takes back what it is not told.

    ``functions``: ARNs of the triggers' functions by handler; those that are not there are not called.
    """
    return {
        "AutoVerifiedAttributes": ["email"],
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": LEAST_LENGTH,
                "RequireLowercase": True,
                "RequireUppercase": True,
                "RequireNumbers": True,
                "RequireSymbols": False,
                "TemporaryPasswordValidityDays": 7,
            }
        },
        "MfaConfiguration": "OPTIONAL",
        # Compromised passwords and risky sign-ins are refused; this comes with the plan called PLUS.
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "DeletionProtection": "ACTIVE",
        "VerificationMessageTemplate": {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            "EmailSubject": "Your Cyphr code",
            # The code stands alone on its line, so that people and programs find it.
            "EmailMessage": "{####}\n\nType it where you asked for it. Nobody at Cyphr asks for it.",
        },
        "LambdaConfig": _triggers(functions),
    }


SECOND_FACTOR: dict[str, Any] = {
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "MfaConfiguration": "OPTIONAL",
}
"""Arguments of SetUserPoolMfaConfig: an authenticator can be asked of a user, ours is asked of everybody."""


def app_client(name: str) -> dict[str, Any]:
    """What of an app client can be set. It has a secret (``GenerateSecret``) that only the messenger's servers know:
    with a public one, whoever has a stolen password gets Cognito's tokens for it, past every second factor.
    """
    return {
        "ClientName": name,
        "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "EnableTokenRevocation": True,
        "AccessTokenValidity": 15,
        "IdTokenValidity": 15,
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
        "AuthSessionValidity": 5,
        "ReadAttributes": _READ,
        "WriteAttributes": _WRITTEN,
    }


def identity_pool(name: str, provider: str, app_client_id: str) -> dict[str, Any]:
    """Arguments of CreateIdentityPool: signed-in people only. ``provider``: the pool's issuer without ``https://``."""
    return {
        "IdentityPoolName": name,
        "AllowUnauthenticatedIdentities": False,
        "AllowClassicFlow": False,
        "CognitoIdentityProviders": [
            # Asks the user pool each time: who was signed out or disabled gets no credentials.
            {"ProviderName": provider, "ClientId": app_client_id, "ServerSideTokenCheck": True}
        ],
    }


PRINCIPAL_TAGS = {"user_id": "custom:user_id"}
"""Which claim of the ID token becomes which tag of the credentials."""


def trust_of_people(identity_pool_id: str) -> dict[str, Any]:
    """Who may take the role of a signed-in person: this identity pool, for who is authenticated, with tags."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {"cognito-identity.amazonaws.com:aud": identity_pool_id},
                    "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
                },
            }
        ],
    }


def permissions_of_people(bucket: str) -> dict[str, Any]:
    """What a person may do with their own credentials: read and write below their own folder of avatars."""
    own = "avatars/${aws:PrincipalTag/user_id}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": f"arn:aws:s3:::{bucket}/{own}/*",
            },
            {
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": f"arn:aws:s3:::{bucket}",
                "Condition": {"StringLike": {"s3:prefix": f"{own}/*"}},
            },
        ],
    }


def _triggers(functions: Mapping[str, str]) -> dict[str, Any]:
    wired: dict[str, Any] = {name: functions[handler] for name, handler in TRIGGERS.items() if handler in functions}
    arn = wired.get("PreTokenGeneration")
    if arn is not None:
        wired["PreTokenGenerationConfig"] = {"LambdaVersion": "V2_0", "LambdaArn": arn}
    return wired
