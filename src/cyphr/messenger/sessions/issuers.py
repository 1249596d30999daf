"""The issuers whose tokens a deployment accepts beside its own, from its settings."""

from cyphr.foundation.settings import MessengerSettings, SupabaseTokens
from cyphr.messenger.sessions.jwks import EitherSource, KeySource, PublishedKeys, SharedSecret
from cyphr.messenger.sessions.verifier import CognitoIssuer, SupabaseIssuer


def accepted_issuers(settings: MessengerSettings) -> list[CognitoIssuer | SupabaseIssuer]:
    """Those that the settings name. Raises InvalidInput for keys that cannot be had safely."""
    issuers: list[CognitoIssuer | SupabaseIssuer] = []
    if settings.cognito is not None:
        pool = settings.cognito
        issuers.append(CognitoIssuer(pool.issuer, PublishedKeys(pool.keys), [pool.app_client_id]))
    if settings.supabase_tokens is not None:
        issuers.append(SupabaseIssuer(settings.supabase_tokens.issuer, _supabase_keys(settings.supabase_tokens)))
    return issuers


def _supabase_keys(given: SupabaseTokens) -> KeySource:
    secret = given.secret()
    if given.keys_url is None:
        return SharedSecret(secret or "")
    published = PublishedKeys(given.keys_url)
    return published if secret is None else EitherSource(SharedSecret(secret), published)
