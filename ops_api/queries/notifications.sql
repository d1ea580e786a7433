-- notifications
-- No address: its last three characters where they are digits, so that somebody can tell which phone.
select n.notification_id, n.alarm_id, n.recipient, n.channel, n.kind, n.severity, n.title, n.state, n.attempts,
       n.not_before, n.created_at, n.sent_at, n.delivered_at, n.last_error, n.fallback_of,
       substring(c.address from '\d{3}$') as address_ends
  from notification n
  left join contact c on c.person = n.recipient and c.channel = n.channel
 where (%(state)s::text is null or n.state = %(state)s)
   and (%(alarm_id)s::bigint is null or n.alarm_id = %(alarm_id)s)
   and (%(before)s::bigint is null or n.notification_id < %(before)s)
 order by n.notification_id desc limit %(limit)s

-- webhooks
select webhook_id, url, types, secret_name, created_by, created_at from webhook where active order by webhook_id

-- webhook_add
insert into webhook (url, types, secret_name, created_by)
values (%(url)s, %(types)s, %(secret_name)s, %(by)s)
returning webhook_id, url, types, secret_name, created_by, created_at

-- webhook_remove
-- Kept, switched off: what was sent to it names its number.
update webhook set active = false where webhook_id = %(webhook_id)s and active returning webhook_id

-- notification_test
insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at)
values (%(key)s, %(recipient)s, %(channel)s, 'test', 'info', %(title)s, %(body)s, %(at)s::timestamptz,
        %(at)s::timestamptz + interval '10 minutes')
returning notification_id, null::bigint as alarm_id, recipient, channel, kind, severity, title, state, attempts,
          not_before, created_at, sent_at, delivered_at, last_error, fallback_of, null::text as address_ends

-- person_with_channel
select 1 as found from person join contact using (person)
 where person = %(person)s and channel = %(channel)s and active

-- webhook_there
select 1 as found from webhook where webhook_id = %(webhook_id)s and active
