-- name: register_endpoint
select private.register_endpoint(%(device)s, %(session_id)s, %(platform)s, %(token)s, %(language)s);

-- name: remove_endpoint
select private.remove_endpoint(%(device)s);

-- name: forget_endpoint
-- Only as long as the device still has this token.
select private.forget_endpoint(%(device)s, %(token)s);

-- name: keep_endpoint_arn
select private.keep_endpoint_arn(%(device)s, %(token)s, %(arn)s);

-- name: read_notifications
-- No row: nothing was set yet.
select preview, mentions_break_mute, quiet_from, quiet_until, time_zone, quiet_mode
from public.notification_settings
where user_id = %(user_id)s;

-- name: set_notifications
-- False: no such time zone.
select private.set_notifications(
    %(preview)s, %(mentions_break_mute)s, %(quiet_from)s, %(quiet_until)s, %(time_zone)s, %(quiet_mode)s
);

-- name: check_pushes
-- Note who did not receive what in time; the number of chats that were looked at.
select private.check_pushes(%(after)s, %(collapse)s, %(limit)s, %(chat_id)s, %(seq)s);

-- name: take_pushes
-- Each is ours alone until the lease ends.
select device, chat_id, seq, silent, platform, token, endpoint_arn, language, preview, group_name, sender_name, content,
       message_type, encrypted, waiting, badge
from private.take_pushes(%(limit)s, %(chat_id)s, %(lease)s);

-- name: finish_pushes
select private.finish_pushes(
    %(devices)s::uuid[], %(chat_ids)s::uuid[], %(seqs)s::bigint[], %(silent)s::boolean[], %(collapse)s
);

-- name: retry_pushes
select private.retry_pushes(%(devices)s::uuid[], %(chat_ids)s::uuid[]);
