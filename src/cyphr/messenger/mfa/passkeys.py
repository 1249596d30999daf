"""Passkeys by WebAuthn. The library takes a while to import, so it is imported where it is first needed."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cyphr.foundation.errors import Conflict, InvalidInput, NotAuthenticated
from cyphr.foundation.settings import MessengerSettings

_TIMEOUT_MILLISECONDS = 300_000
_NAME = "Cyphr"


@dataclass(frozen=True)
class NewPasskey:
    """What an authenticator has made."""

    credential_id: bytes
    public_key: bytes
    counter: int


class Passkeys:
    """Asks authenticators, and checks their answers, for one site. Whoever has the device has unlocked it, too."""

    def __init__(self, site: str | None, origins: Iterable[str]) -> None:
        """``site``: the domain they belong to; None: there are no passkeys. ``origins``: of pages that may ask."""
        self._site = site
        self._origins = list(origins)

    @classmethod
    def of(cls, settings: MessengerSettings) -> "Passkeys":
        """For the site that the settings name, or else for the one where people open the web client."""
        public = urlsplit(settings.public_url or "")
        origins = settings.passkeys.origins or ((f"{public.scheme}://{public.netloc}",) if public.netloc else ())
        return cls(settings.passkeys.site or _domain(public.hostname), origins)

    async def ask_for_new(self, nonce: bytes, user_id: UUID, name: str, known: Iterable[bytes]) -> dict[str, Any]:
        """What ``navigator.credentials.create`` is called with. ``known``: passkeys that the person has already."""

        def options() -> dict[str, Any]:
            import webauthn
            from webauthn.helpers import structs

            made = webauthn.generate_registration_options(
                rp_id=self._known_site(),
                rp_name=_NAME,
                user_id=user_id.bytes,
                user_name=name,
                challenge=nonce,
                timeout=_TIMEOUT_MILLISECONDS,
                authenticator_selection=structs.AuthenticatorSelectionCriteria(
                    resident_key=structs.ResidentKeyRequirement.REQUIRED,
                    user_verification=structs.UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known],
            )
            return _as_json(webauthn.options_to_json(made))

        return await asyncio.to_thread(options)

    async def ask(self, nonce: bytes, known: Iterable[bytes]) -> dict[str, Any]:
        """What ``navigator.credentials.get`` is called with. ``known``: whose answer counts; empty: anybody's."""

        def options() -> dict[str, Any]:
            import webauthn
            from webauthn.helpers import structs

            made = webauthn.generate_authentication_options(
                rp_id=self._known_site(),
                challenge=nonce,
                timeout=_TIMEOUT_MILLISECONDS,
                allow_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known],
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            )
            return _as_json(webauthn.options_to_json(made))

        return await asyncio.to_thread(options)

    async def check_new(self, nonce: bytes, credential: dict[str, Any]) -> NewPasskey:
        """What an authenticator made in answer to ``nonce``. Raises InvalidInput."""

        def check() -> NewPasskey:
            import webauthn
            from webauthn.helpers.exceptions import WebAuthnException

            try:
                verified = webauthn.verify_registration_response(
                    credential=credential,
                    expected_challenge=nonce,
                    expected_rp_id=self._known_site(),
                    expected_origin=self._origins,
                    require_user_verification=True,
                )
            except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
                raise InvalidInput("this is no answer to what was asked; begin again") from error
            return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count)

        return await asyncio.to_thread(check)

    async def check(self, nonce: bytes, credential: dict[str, Any], public_key: bytes, owner: UUID) -> int:
        """The count that the answer of a passkey of ``owner`` to ``nonce`` carries. Raises NotAuthenticated.

        Whether the count went up is not judged here: whoever takes it judges that, and must.
        """

        def check() -> int:
            import webauthn
            from webauthn.helpers.exceptions import WebAuthnException

            try:
                given = webauthn.helpers.parse_authentication_credential_json(credential)
                if given.response.user_handle not in (None, owner.bytes):
                    raise NotAuthenticated("the passkey says that it is somebody else's; begin again")
                verified = webauthn.verify_authentication_response(
                    credential=given,
                    expected_challenge=nonce,
                    expected_rp_id=self._known_site(),
                    expected_origin=self._origins,
                    credential_public_key=public_key,
                    credential_current_sign_count=0,
                    require_user_verification=True,
                )
            except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
                raise NotAuthenticated("the passkey's answer is not right; begin again") from error
            return verified.new_sign_count

        return await asyncio.to_thread(check)

    def _known_site(self) -> str:
        if self._site is None:
            raise Conflict("there are no passkeys here: CYPHR_PASSKEYS__SITE and CYPHR_PUBLIC_URL are not set")
        return self._site


def _domain(host: str | None) -> str | None:
    """``host``, if it is a name: browsers make no passkeys for bare addresses."""
    return None if host is None or host.replace(".", "").isdecimal() or ":" in host else host


def credential_id_of(credential: dict[str, Any]) -> bytes:
    """Which passkey has answered. Raises NotAuthenticated when it does not say."""
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(credential["id"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAuthenticated("the passkey's answer has no id; begin again") from error


def _as_json(options: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(options)
    return decoded
