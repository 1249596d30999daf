-- name: begin_sign_in
-- Reserve a try and read what it is checked against, the same for every address.
select allowed, retry_after, user_id, pin_hash, last
from private.begin_sign_in(%(email)s, %(email_hash)s, %(address)s::inet, %(most)s);

-- name: rehash_pin
select private.rehash_pin(%(user_id)s, %(old_hash)s, %(new_hash)s);

-- name: forgive_sign_in
-- A right PIN clears the count.
select private.forgive_sign_in(%(email_hash)s), private.forgive_address(%(address)s::inet);

-- name: admit_session
-- A session, or the challenge that must be answered before there is one.
select outcome, factors, id, full_name, cyphr_id, avatar_url, stranger
from private.admit_session(
    %(user_id)s, %(method)s, %(session_id)s, %(token_hash)s, %(expires_at)s, %(device)s, %(device_id)s, %(address)s,
    %(user_agent)s, %(challenge_hash)s, %(nonce)s
);

-- name: open_challenged
-- No row: the challenge is over, taken, or was begun by another device.
select outcome, factors, id, full_name, cyphr_id, avatar_url, stranger
from private.open_challenged(
    %(challenge_hash)s, %(factor)s, %(session_id)s, %(token_hash)s, %(expires_at)s, %(device_id)s, %(address)s,
    %(user_agent)s
);

-- name: read_own_email
select email from public.account_emails where user_id = %(user_id)s;

-- name: rotate_session
select outcome, session_id, id, full_name, cyphr_id, avatar_url
from private.rotate_session(%(old_hash)s, %(new_hash)s, %(expires_at)s, %(address)s);

-- name: session_is_live
select private.session_is_live(%(session_id)s);

-- name: session_is_proved
select private.session_is_proved(%(session_id)s);

-- name: note_proof
select private.note_proof(%(session_id)s);

-- name: revoke_sessions
select revoked from private.revoke_sessions(%(only)s, %(kept)s) revoked;

-- name: adopt_session
-- Whose a token of another issuer is; its session is written down on first sight (fresh).
select outcome, user_id, fresh
from private.adopt_session(
    %(session_id)s, %(issuer)s, %(subject)s, %(began_at)s, %(expires_at)s, %(strong)s
);

-- name: exchangeable
-- Whose a token of another issuer is that is to be exchanged; nothing is written down.
select outcome, user_id, false as fresh
from private.exchangeable(%(session_id)s, %(issuer)s, %(subject)s, %(began_at)s);

-- name: note_exchange
select private.note_exchange(%(session_id)s, %(user_id)s, %(method)s);

-- name: demands_factor
select private.demands_factor(%(user_id)s);

-- name: ended_lately
-- Whoever ended them. Not those that nobody used until they ran out.
select user_id, id from private.ended_lately(%(seconds)s);

-- name: which_ended
select private.which_ended(%(session_ids)s::uuid[]);
