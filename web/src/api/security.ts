/** The HTTP API of signing in, of second factors, and of where one is signed in. */

import { answer, open, signedIn } from "./client";
import { device, deviceId } from "./device";
import { keepSession } from "./session";
import type { Added, Challenge, Enrolment, OwnFactors, OwnSession, PasskeyRequest, Session } from "./types";

/** Null: signed in. Otherwise one more proof is wanted. */
export async function signIn(email: string, pin: string): Promise<Challenge | null> {
  const told = await answer<Session | Challenge>(open.POST("/v1/sessions", { body: { email, pin, ...device() } }));
  if ("challenge" in told) return told;
  keepSession(told);
  return null;
}

/** End signing in with an authenticator's code or a recovery code, whichever it looks like. */
export async function answerWithCode(challenge: string, code: string): Promise<void> {
  const body = { challenge, device_id: deviceId(), ...proofOf(code) };
  keepSession(await answer<Session>(open.POST("/v1/sessions/challenges", { body })));
}

export async function answerWithPasskey(challenge: string): Promise<void> {
  const question = { challenge, device_id: deviceId() };
  const asked = await answer<PasskeyRequest>(open.POST("/v1/sessions/challenges/passkey", { body: question }));
  const body = { ...question, credential: await ask(asked) };
  keepSession(await answer<Session>(open.POST("/v1/sessions/challenges", { body })));
}

export async function signInWithPasskey(): Promise<void> {
  const asked = await answer<PasskeyRequest>(
    open.POST("/v1/sessions/passkeys/options", { body: { device_id: deviceId() } }),
  );
  const body = { challenge: asked.challenge, credential: await ask(asked), ...device() };
  keepSession(await answer<Session>(open.POST("/v1/sessions/passkeys", { body })));
}

export const readFactors = (): Promise<OwnFactors> => answer(signedIn.GET("/v1/me/factors"));

export const beginAuthenticator = (name: string): Promise<Enrolment> =>
  answer(signedIn.POST("/v1/me/factors/totp", { body: { name } }));

export const confirmAuthenticator = (id: string, code: string): Promise<Added> =>
  answer(
    signedIn.POST("/v1/me/factors/totp/{factor_id}/confirm", {
      params: { path: { factor_id: id } },
      body: { code: code.trim() },
    }),
  );

export async function addPasskey(name: string): Promise<Added> {
  const asked = await answer<PasskeyRequest>(signedIn.POST("/v1/me/factors/passkeys/options"));
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options as never);
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const body = { challenge: asked.challenge, name, credential: made.toJSON() as Record<string, unknown> };
  return answer<Added>(signedIn.POST("/v1/me/factors/passkeys", { body }));
}

export async function removeFactor(id: string): Promise<void> {
  await answer(signedIn.DELETE("/v1/me/factors/{factor_id}", { params: { path: { factor_id: id } } }));
}

export const renewRecoveryCodes = (): Promise<{ recovery_codes: string[] }> =>
  answer(signedIn.POST("/v1/me/recovery-codes"));

/** Prove again who one is: with a code when there is a second factor, else with the PIN. */
export async function stepUp(proof: string, withPin: boolean): Promise<void> {
  await answer(signedIn.POST("/v1/sessions/step-up", { body: withPin ? { pin: proof } : proofOf(proof) }));
}

export async function stepUpWithPasskey(): Promise<void> {
  const asked = await answer<PasskeyRequest>(signedIn.POST("/v1/sessions/step-up/options"));
  const body = { challenge: asked.challenge, credential: await ask(asked) };
  await answer(signedIn.POST("/v1/sessions/step-up", { body }));
}

export const listSessions = (): Promise<OwnSession[]> => answer(signedIn.GET("/v1/sessions"));

export async function endSession(id: string): Promise<void> {
  await answer(signedIn.DELETE("/v1/sessions/{session_id}", { params: { path: { session_id: id } } }));
}

export async function renameSession(id: string, name: string): Promise<void> {
  const params = { path: { session_id: id } };
  await answer(signedIn.PUT("/v1/sessions/{session_id}/name", { params, body: { name } }));
}

export async function endOtherSessions(): Promise<void> {
  await answer(signedIn.DELETE("/v1/sessions"));
}

/** Whether this browser can make and use passkeys. */
export const knowsPasskeys = (): boolean =>
  "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

async function ask(request: PasskeyRequest): Promise<Record<string, unknown>> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(request.options as never);
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  return credential.toJSON() as Record<string, unknown>;
}

function proofOf(code: string): { code: string } | { recovery_code: string } {
  const plain = code.replace(/\s/g, "");
  return /^[0-9]{6}$/.test(plain) ? { code: plain } : { recovery_code: plain };
}
