"""/v1/me/factors, /v1/me/recovery-codes, and what of /v1/sessions is about proving."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from cyphr.messenger.mfa.models import (
    Beginning,
    ChallengeAnswer,
    ChallengeQuestion,
    Enrolment,
    FactorAdded,
    FirstCode,
    NewAuthenticator,
    NewPasskeyAnswer,
    OwnFactors,
    PasskeyRequest,
    PasskeySignIn,
    RecoveryCodes,
    StepUpProof,
)
from cyphr.messenger.mfa.proofs import Proofs
from cyphr.messenger.mfa.service import Mfa
from cyphr.messenger.sessions.models import Session
from cyphr.messenger.sessions.routes import SignedIn, StepUp

router = APIRouter(prefix="/v1", tags=["second factors"])


def _mfa(request: Request) -> Mfa:
    mfa: Mfa = request.app.state.messenger.mfa
    return mfa


def _proofs(request: Request) -> Proofs:
    proofs: Proofs = request.app.state.messenger.proofs
    return proofs


Service = Annotated[Mfa, Depends(_mfa)]
Proving = Annotated[Proofs, Depends(_proofs)]


@router.get("/me/factors")
async def list_factors(identity: SignedIn, mfa: Service) -> OwnFactors:
    """What one can prove who one is with, beside the first factor."""
    return await mfa.list_factors(identity.user_id)


@router.post("/me/factors/totp", status_code=201)
async def begin_authenticator(body: NewAuthenticator, identity: StepUp, mfa: Service) -> Enrolment:
    """A secret for an authenticator. It counts once its first code is confirmed."""
    return await mfa.begin_authenticator(identity.user_id, body.name)


@router.post("/me/factors/totp/{factor_id}/confirm")
async def confirm_authenticator(factor_id: UUID, body: FirstCode, identity: SignedIn, mfa: Service) -> FactorAdded:
    """Confirm an authenticator with its first code."""
    return await mfa.confirm_authenticator(identity, factor_id, body.code)


@router.post("/me/factors/passkeys/options")
async def begin_new_passkey(identity: StepUp, mfa: Service) -> PasskeyRequest:
    """What ``navigator.credentials.create`` is called with."""
    return await mfa.begin_passkey(identity)


@router.post("/me/factors/passkeys", status_code=201)
async def add_passkey(body: NewPasskeyAnswer, identity: SignedIn, mfa: Service) -> FactorAdded:
    """Add the passkey that was made."""
    return await mfa.add_passkey(identity, body.challenge, body.name, body.credential)


@router.delete("/me/factors/{factor_id}", status_code=204)
async def remove_factor(factor_id: UUID, identity: StepUp, mfa: Service) -> Response:
    """Take a factor away."""
    await mfa.remove(identity, factor_id)
    return Response(status_code=204)


@router.post("/me/recovery-codes")
async def renew_recovery_codes(identity: StepUp, mfa: Service) -> RecoveryCodes:
    """Ten new codes, shown only here; the earlier ones are void."""
    return RecoveryCodes(recovery_codes=await mfa.renew_recovery_codes(identity))


@router.post("/sessions/challenges", status_code=201)
async def answer_challenge(body: ChallengeAnswer, proofs: Proving) -> Session:
    """End signing in with a second factor."""
    return await proofs.answer(body)


@router.post("/sessions/challenges/passkey")
async def ask_passkey(body: ChallengeQuestion, proofs: Proving) -> PasskeyRequest:
    """What ``navigator.credentials.get`` is called with, to end signing in."""
    return await proofs.ask_passkey(body.challenge, body.device_id)


@router.post("/sessions/passkeys/options")
async def begin_passkey(body: Beginning, proofs: Proving) -> PasskeyRequest:
    """What ``navigator.credentials.get`` is called with, to sign in with a passkey alone."""
    return await proofs.begin_passkey(body.device_id)


@router.post("/sessions/passkeys", status_code=201)
async def sign_in_with_passkey(body: PasskeySignIn, proofs: Proving) -> Session:
    """Sign in with a passkey alone."""
    return await proofs.sign_in(body)


@router.post("/sessions/step-up/options")
async def begin_step_up(identity: SignedIn, proofs: Proving) -> PasskeyRequest:
    """What ``navigator.credentials.get`` is called with, to prove again who one is."""
    return await proofs.begin_step_up(identity)


@router.post("/sessions/step-up", status_code=204)
async def step_up(body: StepUpProof, identity: SignedIn, proofs: Proving) -> Response:
    """Prove again who one is; for five minutes this session may do what needs it."""
    await proofs.step_up(identity, body)
    return Response(status_code=204)
