"""Authenticators' codes by RFC 6238, as they all make them: SHA-1, six digits, thirty seconds."""

import hmac

import pyotp

PERIOD_SECONDS = 30
_WINDOW = (-1, 0, 1)


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, account: str, issuer: str) -> str:
    """What an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, at: float) -> int | None:
    """The time step, counted from 1970, whose code this is: the present one or a neighbour; None: neither.

    The same work is done whichever matches. ``at``: seconds since 1970.
    """
    totp, now = pyotp.TOTP(secret), int(at) // PERIOD_SECONDS
    found: int | None = None
    for step in (now + offset for offset in _WINDOW):
        if hmac.compare_digest(totp.generate_otp(step), code):
            found = step
    return found
