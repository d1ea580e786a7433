-- notifications
-- No address: its last three characters where they are digits, so that somebody can tell which phone.
select n.notification_id, n.alarm_id, n.recipient, n.channel, n.kind, n.severity, n.title, n.state, n.attempts,
       n.not_before, n.created_at, n.sent_at, n.delivered_at, n.last_error, n.suppressed_why, n.fallback_of, n.bundled_in,
       substring(c.address from '\d{3}$') as address_ends
  from notification_shown n
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
          not_before, created_at, sent_at, delivered_at, last_error, suppressed_why, fallback_of, bundled_in,
          null::text as address_ends

-- person_with_channel
select 1 as found from person join contact using (person)
 where person = %(person)s and channel = %(channel)s and active

-- webhook_there
select 1 as found from webhook where webhook_id = %(webhook_id)s and active

-- notification_channels
-- Of the newest messages, and of all that wait. Failures: attempts in a row since the last that went out;
-- a refusal is the message's fault, not the channel's. Errors are the channels' own words, without addresses.
with recent as (
    select * from notification_shown
    where notification_id > (select coalesce(max(notification_id), 0) from notification_shown) - 5000
), tried as (
    select n.channel, n.notification_id, a.at, a.verdict, a.error
    from recent n join delivery_attempt a using (notification_id) where a.at > %(now)s::timestamptz - interval '24 hours'
), good as (
    select channel, max(at) as at from tried where verdict in ('sent', 'delivered') group by channel
), bad as (
    select t.channel, count(*) as failures, (array_agg(t.error order by t.at desc))[1] as last_error
    from tried t left join good g using (channel)
    where t.verdict in ('retry', 'unknown') and t.at > coalesce(g.at, '-infinity') and t.channel <> 'webhook'
    group by t.channel
), done as (
    select channel, count(*) filter (where state in ('sent', 'delivered')) as sent,
           count(*) filter (where state in ('failed', 'expired')) as failed,
           count(*) filter (where state = 'unknown') as unknown
    from recent where created_at > %(now)s::timestamptz - interval '24 hours' group by channel
), waits as (
    select channel, count(*) filter (where not_before <= %(now)s) as due,
           count(*) filter (where not_before > %(now)s) as later,
           min(not_before) filter (where not_before <= %(now)s) as due_since
    from notification_shown where state in ('pending', 'sending') group by channel
), people as (
    select channel, count(*) as people from contact join person using (person) where active group by channel
)
select channel, coalesce(p.people, 0) as people, coalesce(w.due, 0) as due, coalesce(w.later, 0) as later, w.due_since,
       coalesce(d.sent, 0) as sent_24h, coalesce(d.failed, 0) as failed_24h, coalesce(d.unknown, 0) as unknown_24h,
       g.at as last_sent_at, coalesce(b.failures, 0) as failures, b.last_error
from (select channel from people union select channel from waits union select channel from done
      union select channel from tried) c
left join people p using (channel) left join waits w using (channel) left join done d using (channel)
left join good g using (channel) left join bad b using (channel)
order by channel

-- on_call_shifts
select s.role, s.person, p.label, s.from_at, s.to_at
from rota_shift s join person p using (person)
where p.active and s.to_at > %(now)s and s.from_at < %(now)s::timestamptz + interval '14 days'
order by s.role, s.from_at, s.person

-- attempts
select notification_id, attempt, at, took_s, verdict, error
from delivery_attempt where notification_id = any (%(ids)s::bigint[]) order by notification_id, attempt
