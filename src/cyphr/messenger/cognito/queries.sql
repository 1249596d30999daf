-- name: begin_password
-- Reserve a try, and read what Supabase Auth knew and what is kept for it: one statement, the same for every address.
select attempt.allowed, attempt.retry_after, held.user_id, held.bcrypt, private.pool_username(%(email)s) as username,
       kept.is_open as keeps, kept.bcrypt as kept
from private.begin_sign_in(%(email)s, %(email_hash)s, %(address)s::inet, %(most)s) attempt
cross join private.read_kept_password(%(email)s) kept
left join private.read_imported_password(%(email)s) held on true;

-- name: signs_in_with_password
-- Whose a subject is that has proved a password just now, if a password is a method of that account.
select private.signs_in_with_password(%(subject)s);

-- name: known_as
-- Of who has proved themselves just now.
select private.known_as('cognito', %(subject)s, null);

-- name: link_password
select private.link_password(%(user_id)s, %(sub)s, %(username)s);

-- name: link_imported_password
-- The one of Supabase Auth was set in Cognito.
select private.keep_imported_password(%(user_id)s), private.link_password(%(user_id)s, %(sub)s, %(username)s);

-- name: way_back_is_open
select private.way_back_is_open();

-- name: keep_password
select private.keep_password(%(user_id)s, %(bcrypt)s);

-- name: keep_sign_up_password
select private.keep_sign_up_password(%(username)s, %(bcrypt)s);

-- name: begin_sign_up
-- False when no code is to be mailed.
select private.begin_cognito_sign_up(%(username)s, %(email)s, %(full_name)s);

-- name: finish_sign_up
select private.finish_cognito_sign_up(%(username)s, %(sub)s, %(email_hash)s);

-- name: password_account
select user_id, username from private.password_account(%(email)s);

-- name: read_own_address
select email from public.account_emails where user_id = %(user_id)s;

-- name: list_duties
-- Of one person, or (null) of everybody, the oldest first.
select user_id, username, due_at, enabled, password_reset from private.list_duties(%(user_id)s, %(limit)s);

-- name: settle_duty
select private.settle_duty(%(user_id)s, %(due_at)s, %(enabled)s);

-- name: owe_pool
select private.owe_pool(%(user_id)s, null);

-- name: read_own_username
select username from public.cognito_accounts where user_id = %(user_id)s;

-- name: pool_username
select private.pool_username(%(email)s);

-- name: is_signing_up
select private.is_signing_up(%(username)s, %(email)s);

-- name: has_factors
select private.factors_of(%(user_id)s) <> '{}';

-- name: name_of
select private.name_of(%(user_id)s);
