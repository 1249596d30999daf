-- Anna and Boris share a chat; Clara is a stranger to it. One row of Anna's, or of the chat's, in every table.

insert into public.users (id, full_name, phone, pin_hash, encrypted_private_key) values
    ('a0000000-0000-4000-8000-000000000000', 'Anna', '+1', 'secret', 'secret'),
    ('b0000000-0000-4000-8000-000000000000', 'Boris', '+2', 'secret', 'secret'),
    ('c0000000-0000-4000-8000-000000000000', 'Clara', '+3', 'secret', 'secret');
insert into public.chats (id, type) values ('d0000000-0000-4000-8000-000000000000', 'direct');
insert into public.chat_participants (chat_id, user_id) values
    ('d0000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000000'),
    ('d0000000-0000-4000-8000-000000000000', 'b0000000-0000-4000-8000-000000000000');
insert into public.messages (id, chat_id, sender_id, content) values
    ('e0000000-0000-4000-8000-000000000000', 'd0000000-0000-4000-8000-000000000000',
     'a0000000-0000-4000-8000-000000000000', 'hello');
insert into public.message_status (message_id, user_id) values
    ('e0000000-0000-4000-8000-000000000000', 'b0000000-0000-4000-8000-000000000000');
insert into public.phone_hashes (phone_hash, user_id) values ('hash', 'a0000000-0000-4000-8000-000000000000');
insert into public.device_registrations (device_fingerprint, user_id) values
    ('print', 'a0000000-0000-4000-8000-000000000000');
insert into public.user_wallets (user_id, public_key, encrypted_secret_key) values
    ('a0000000-0000-4000-8000-000000000000', 'key', 'secret');
insert into public.transactions (from_user_id, to_user_id, amount) values
    ('b0000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000000', 1);
insert into public.calls (chat_id, caller_id) values
    ('d0000000-0000-4000-8000-000000000000', 'b0000000-0000-4000-8000-000000000000');
insert into public.nearby_discovery (user_id, latitude, longitude, visible_until) values
    ('a0000000-0000-4000-8000-000000000000', 1, 1, now());
insert into public.discovery_tokens (user_id, token) values ('a0000000-0000-4000-8000-000000000000', 'token');
insert into public.waitlist (email) values ('anna@example.org');
insert into public.account_emails (user_id, email) values
    ('a0000000-0000-4000-8000-000000000000', 'anna@example.org');
insert into public.email_codes (email, code_hash, expires_at) values ('anna@example.org', 'x', now());
insert into public.sign_in_attempts (email_hash) values ('hash');
insert into public.sessions (id, user_id, expires_at) values
    ('f0000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000000', now());
insert into public.refresh_tokens (token_hash, session_id) values ('x', 'f0000000-0000-4000-8000-000000000000');
insert into public.direct_chats values
    ('a0000000-0000-4000-8000-000000000000', 'b0000000-0000-4000-8000-000000000000',
     'd0000000-0000-4000-8000-000000000000');
insert into public.cognito_accounts (user_id, cognito_sub, username) values
    ('a0000000-0000-4000-8000-000000000000', 'sub', 'anna@example.org');
insert into public.message_edits (message_id, number, content, written_at) values
    ('e0000000-0000-4000-8000-000000000000', 1, 'helo', now());
insert into public.message_reactions (message_id, user_id, emoji) values
    ('e0000000-0000-4000-8000-000000000000', 'b0000000-0000-4000-8000-000000000000', '👍');
insert into public.message_drafts (user_id, chat_id, content) values
    ('a0000000-0000-4000-8000-000000000000', 'd0000000-0000-4000-8000-000000000000', 'I');
insert into public.hidden_messages (user_id, message_id) values
    ('a0000000-0000-4000-8000-000000000000', 'e0000000-0000-4000-8000-000000000000');
insert into public.chat_bans (chat_id, user_id) values
    ('d0000000-0000-4000-8000-000000000000', 'c0000000-0000-4000-8000-000000000000');
insert into public.chat_invites (id, chat_id, token) values
    ('f1000000-0000-4000-8000-000000000000', 'd0000000-0000-4000-8000-000000000000', 'token');
insert into public.user_blocks (blocker_id, blocked_id) values
    ('a0000000-0000-4000-8000-000000000000', 'c0000000-0000-4000-8000-000000000000');
insert into public.chat_privacy (user_id) values ('a0000000-0000-4000-8000-000000000000');
insert into public.push_endpoints (device, user_id, session_id, platform, token) values
    ('f1000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000000',
     'f0000000-0000-4000-8000-000000000000', 'fcm', 'token');
insert into public.push_state (device, chat_id, wanted_seq) values
    ('f1000000-0000-4000-8000-000000000000', 'd0000000-0000-4000-8000-000000000000', 1);
insert into public.notification_settings (user_id) values ('a0000000-0000-4000-8000-000000000000');
insert into public.privacy_settings (user_id) values ('a0000000-0000-4000-8000-000000000000');
insert into public.imported_passwords (user_id, email, bcrypt) values
    ('a0000000-0000-4000-8000-000000000000', 'anna@example.org', 'hash');
insert into public.ways_back (service) values ('auth');
insert into public.returning_passwords (user_id, bcrypt, digest) values
    ('a0000000-0000-4000-8000-000000000000', 'hash', 'digest');
insert into public.sign_in_methods (user_id, method, subject) values
    ('a0000000-0000-4000-8000-000000000000', 'password', 'sub');
insert into public.cognito_sign_ups (email, username, full_name) values
    ('nobody@example.org', 'f2000000-0000-4000-8000-000000000000', 'Nobody');
insert into public.audit_log (event, subject) values ('account.registered', 'a0000000-0000-4000-8000-000000000000');
insert into public.known_devices (user_id, device_id) values
    ('a0000000-0000-4000-8000-000000000000', 'f1000000-0000-4000-8000-000000000000');
insert into public.mfa_factors (id, user_id, kind, name, secret) values
    ('f2000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000000', 'totp', 'phone', 'secret');
insert into public.recovery_codes (user_id, code_hash) values ('a0000000-0000-4000-8000-000000000000', 'x');
insert into public.sign_in_challenges (token_hash, purpose, user_id, nonce, expires_at) values
    ('x', 'sign_in', 'a0000000-0000-4000-8000-000000000000', 'x', now());
insert into public.mfa_attempts (user_id) values ('a0000000-0000-4000-8000-000000000000');
insert into public.sign_in_addresses (address) values ('192.0.2.7');
insert into public.tenant_members (user_id, tenant_id) values
    ('a0000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000001');
insert into public.tenant_policies (tenant_id) values ('00000000-0000-4000-8000-000000000001');
insert into public.tenant_invitations (tenant_id, email, role, expires_at) values
    ('00000000-0000-4000-8000-000000000001', 'anna@example.org', 'member', now());
insert into public.tenant_groups (id, tenant_id, name) values
    ('f2000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000001', 'group');
insert into public.tenant_group_members (group_id, user_id) values
    ('f2000000-0000-4000-8000-000000000000', 'a0000000-0000-4000-8000-000000000000');
