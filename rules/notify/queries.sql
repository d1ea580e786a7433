-- put
-- Planned twice is there once.
insert into notification (key, alarm_id, log_id, recipient, channel, kind, severity, title, body, data,
                          not_before, expires_at, fallback, gather_from)
select r.key, r.alarm_id, r.log_id, r.recipient, r.channel, r.kind, r.severity, r.title, r.body,
       coalesce(r.data, '{}'), to_timestamp(r.not_before_s), to_timestamp(r.expires_s), coalesce(r.fallback, '{}'),
       to_timestamp(r.gather_from_s)
  from jsonb_to_recordset(%(rows)s::jsonb) as r(key text, alarm_id bigint, log_id bigint, recipient text,
       channel text, kind text, severity text, title text, body text, data jsonb, not_before_s float8,
       expires_s float8, fallback text[], gather_from_s float8)
on conflict (key) do nothing

-- to_bundle
-- Everything that one recipient may be told over the channel, once the first of it is due (looked up once: of a
-- storm of thousands that wait each row would ask all the others). Somebody else who bundles just now is waited for;
-- what that one has taken is no longer pending then.
select n.notification_id, n.key, n.recipient, n.channel, n.kind, n.severity, n.title, n.body, n.data, n.alarm_id,
       n.fallback, extract(epoch from n.not_before)::float8 as not_before_s,
       extract(epoch from n.expires_at)::float8 as expires_s
  from notification n
 where n.channel = %(channel)s and n.state = 'pending' and n.attempts = 0 and n.gather_from <= to_timestamp(%(now_s)s)
   and n.expires_at > to_timestamp(%(now_s)s)
   and n.recipient = any (array(
       select distinct d.recipient from notification d
        where d.channel = %(channel)s and d.state = 'pending' and d.attempts = 0
          and d.gather_from is not null and d.not_before <= to_timestamp(%(now_s)s)))
 order by n.notification_id
   for update of n

-- bundle
update notification n set state = 'bundled', bundled_in = d.notification_id
  from notification d where d.key = %(key)s and n.notification_id = any (%(ids)s::bigint[])

-- expire
update notification set state = 'expired', claimed_by = null, claimed_until = null,
       last_error = coalesce(last_error, 'its time was over before the channel took it')
 where channel = %(channel)s and expires_at <= to_timestamp(%(now_s)s)
   and (state = 'pending' or (state = 'sending' and claimed_until <= to_timestamp(%(now_s)s)))

-- due
-- What can be taken now, the most severe first; what another worker is just taking is left to it.
select n.notification_id, n.key, n.recipient, n.channel, n.kind, n.severity, n.title, n.body, n.data, n.alarm_id,
       n.fallback, extract(epoch from n.not_before)::float8 as not_before_s,
       extract(epoch from n.expires_at)::float8 as expires_s
  from notification n
 where channel = %(channel)s and expires_at > to_timestamp(%(now_s)s)
   and ((state = 'pending' and coalesce(retry_at, not_before) <= to_timestamp(%(now_s)s))
        or (state = 'sending' and claimed_until <= to_timestamp(%(now_s)s)))
   and notification_id <> all (%(taken)s::bigint[])
 order by array_position(array['critical', 'major', 'warning', 'info'], severity),
          coalesce(retry_at, not_before), notification_id
 limit %(limit)s
   for update skip locked

-- claim
-- maybe_sent: an attempt began and nobody knows how it ended.
with due as (
    select notification_id, state = 'sending' or exists (
               select from delivery_attempt a
                where a.notification_id = n.notification_id and a.attempt = n.attempts and a.verdict = 'unknown'
           ) as maybe_sent
      from notification n where notification_id = any (%(taken)s::bigint[])
), taken as (
    update notification n
       set state = 'sending', attempts = attempts + 1, claimed_by = %(worker)s,
           claimed_until = to_timestamp(%(now_s)s + %(lease_s)s)
      from due where n.notification_id = due.notification_id
    returning n.*, due.maybe_sent
)
select t.notification_id, t.attempts, t.reference, t.maybe_sent, extract(epoch from t.sent_at)::float8 as sent_s,
       t.key, t.recipient, t.channel,
       coalesce(c.address, h.address, r.address, w.url || '#secret=' || w.secret_name, '') as address, t.kind, t.severity, t.title,
       t.body, extract(epoch from t.not_before)::float8 as not_before_s,
       extract(epoch from t.expires_at)::float8 as expires_s, t.alarm_id, t.log_id, t.data, t.fallback
  from taken t
  left join contact c on c.person = t.recipient and c.channel = t.channel
  left join home_contact h on t.recipient = 'home:' || h.home_id and h.channel = t.channel
  left join bin_reminder r on t.recipient = 'bin-reminder:' || r.reminder_id and r.channel = t.channel
  left join webhook w on t.recipient = 'webhook:' || w.webhook_id and w.active
 order by array_position(array['critical', 'major', 'warning', 'info'], t.severity),
          coalesce(t.retry_at, t.not_before), t.notification_id

-- outstanding
select t.notification_id, t.attempts, t.reference, false as maybe_sent, extract(epoch from t.sent_at)::float8 as sent_s,
       t.key, t.recipient, t.channel, '' as address, t.kind, t.severity, t.title, t.body,
       extract(epoch from t.not_before)::float8 as not_before_s,
       extract(epoch from t.expires_at)::float8 as expires_s, t.alarm_id, t.log_id, t.data, t.fallback
  from notification t
 where t.channel = %(channel)s and t.state = 'sent'
 order by t.sent_at, t.notification_id limit %(limit)s

-- record
-- Only where no other attempt has begun since: attempts is the fencing token.
update notification
   set state = %(state)s, claimed_by = null, claimed_until = null, last_error = nullif(%(error)s, ''),
       reference = coalesce(nullif(%(reference)s, ''), reference),
       retry_at = to_timestamp(%(next_s)s::float8),
       sent_at = case when %(state)s in ('sent', 'delivered') then coalesce(sent_at, to_timestamp(%(now_s)s))
                      when %(state)s = 'pending' then null else sent_at end,
       delivered_at = case when %(state)s = 'delivered' then to_timestamp(%(now_s)s) else delivered_at end
 where notification_id = %(notification_id)s and attempts = %(attempt)s and state in ('sending', 'sent')

-- attempted
insert into delivery_attempt (notification_id, attempt, at, took_s, verdict, error)
values (%(notification_id)s, %(attempt)s, to_timestamp(%(now_s)s), %(took_s)s, %(verdict)s, nullif(%(error)s, ''))
on conflict (notification_id, attempt)
do update set verdict = excluded.verdict, error = excluded.error

-- fall_back
-- The next channel of the person's order, as a message of its own, now.
insert into notification (key, alarm_id, log_id, recipient, channel, kind, severity, title, body, data,
                          not_before, expires_at, fallback, fallback_of)
select n.key || '>' || n.fallback[1], n.alarm_id, n.log_id, n.recipient, n.fallback[1], n.kind, n.severity, n.title,
       n.body, n.data, to_timestamp(%(now_s)s), greatest(n.expires_at, to_timestamp(%(now_s)s) + interval '30 minutes'),
       n.fallback[2:], n.notification_id
  from notification n
 where n.notification_id = %(notification_id)s and cardinality(n.fallback) > 0
on conflict (key) do nothing

-- next_due
select extract(epoch from min(case when state = 'pending' then coalesce(retry_at, not_before) else claimed_until end))::float8
  from notification where channel = %(channel)s and state in ('pending', 'sending')

-- waiting_channels
select distinct channel from notification
 where (state = 'pending' and coalesce(retry_at, not_before) <= to_timestamp(%(now_s)s))
    or (state = 'sending' and claimed_until <= to_timestamp(%(now_s)s))
 order by channel

-- list
select notification_id, alarm_id, recipient, channel, kind, severity, title, state, attempts, not_before, created_at,
       sent_at, delivered_at, last_error, suppressed_why
  from notification
 where (%(state)s::text is null or state = %(state)s)
 order by notification_id desc limit %(limit)s

-- try_again
-- What failed, expired or is not known goes back to the beginning, with half an hour at least.
update notification
   set state = 'pending', retry_at = to_timestamp(%(now_s)s), claimed_by = null, claimed_until = null, sent_at = null,
       expires_at = greatest(expires_at, to_timestamp(%(now_s)s) + interval '30 minutes')
 where notification_id = %(notification_id)s and state in ('failed', 'unknown', 'expired', 'pending')
returning notification_id

-- state_of
select state from notification where notification_id = %(notification_id)s

-- people
select p.person, p.label, p.roles, p.time_zone,
       (extract(epoch from p.quiet_from) / 60)::integer as quiet_from_min,
       (extract(epoch from p.quiet_to) / 60)::integer as quiet_to_min,
       coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'address', c.address,
                                             'least_severity', c.least_severity) order by c.place)
                filter (where c.person is not null), '[]') as contacts
  from person p left join contact c using (person)
 where p.active group by p.person order by p.person

-- put_person
insert into person (person, label, roles, time_zone, quiet_from, quiet_to, active)
values (%(person)s, %(label)s, %(roles)s, %(time_zone)s,
        time '00:00' + make_interval(mins => %(quiet_from_min)s),
        time '00:00' + make_interval(mins => %(quiet_to_min)s), true)
on conflict (person) do update
   set label = excluded.label, roles = excluded.roles, time_zone = excluded.time_zone,
       quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, active = true

-- drop_contacts
delete from contact

-- put_contact
insert into contact (person, place, channel, address, least_severity)
values (%(person)s, %(place)s, %(channel)s, %(address)s, %(least_severity)s)

-- leave
update person set active = false where active and not person = any(%(persons)s) returning person

-- shifts
select role, person, extract(epoch from from_at)::float8 as from_s, extract(epoch from to_at)::float8 as to_s
  from rota_shift where from_at < to_timestamp(%(to_s)s) and to_at > to_timestamp(%(from_s)s)
 order by from_at, role, person

-- drop_shifts
delete from rota_shift where source = %(source)s

-- put_shifts
insert into rota_shift (source, role, person, from_at, to_at)
select %(source)s, r.role, r.person, to_timestamp(r.from_s), to_timestamp(r.to_s)
  from jsonb_to_recordset(%(rows)s::jsonb) as r(role text, person text, from_s float8, to_s float8)

-- hooks
select webhook_id, url, secret_name, types from webhook where active order by webhook_id

-- to_hand_over
-- What is urgent does not wait for a channel that is out of order.
select n.notification_id, n.key, n.recipient, n.channel, n.kind, n.severity, n.title, n.body, n.data, n.alarm_id,
       n.fallback, extract(epoch from n.not_before)::float8 as not_before_s,
       extract(epoch from n.expires_at)::float8 as expires_s
  from notification n
 where channel = %(channel)s and state = 'pending' and coalesce(retry_at, not_before) <= to_timestamp(%(now_s)s)
   and severity in ('major', 'critical') and cardinality(fallback) > 0
 order by notification_id
   for update skip locked

-- hand_over
with given_up as (
    update notification
       set state = 'failed', last_error = %(reason)s
     where notification_id = any (%(ids)s::bigint[])
    returning *
)
insert into notification (key, alarm_id, log_id, recipient, channel, kind, severity, title, body, data,
                          not_before, expires_at, fallback, fallback_of)
select n.key || '>' || n.fallback[1], n.alarm_id, n.log_id, n.recipient, n.fallback[1], n.kind, n.severity, n.title,
       n.body, n.data, to_timestamp(%(now_s)s), greatest(n.expires_at, to_timestamp(%(now_s)s) + interval '30 minutes'),
       n.fallback[2:], n.notification_id
  from given_up n
on conflict (key) do nothing

-- withdraw
-- Keys that are kept whole are taken out as sets: only the others are held against each beginning. Ten thousand against ten
-- thousand beginnings would take a minute.
with others as materialized (
    select key from notification where kind = %(kind)s and state = 'pending' except select unnest(%(keep)s::text[])
)
update notification n set state = 'suppressed', suppressed_why = %(why)s
  from others o
 where n.key = o.key and n.kind = %(kind)s and n.state = 'pending'
   and not exists (select from unnest(%(keep)s::text[]) k where starts_with(o.key, k))
