-- standing
-- How the alarms of messages stand, and whether the messages' recipients may have heard that they are up:
-- of an earlier message, of the bundle that says it, or over the channel that it went to from there. An attempt
-- counts unless it is certain that it failed; one that is not recorded yet is not certain.
with recursive asked as (
    select notification_id, alarm_id, recipient
      from notification where notification_id = any (%(numbers)s::bigint[]) and alarm_id is not null
), said as (
    select q.notification_id as about, o.notification_id, o.bundled_in, o.state, o.attempts, o.severity
      from asked q join notification o on o.alarm_id = q.alarm_id and o.recipient = q.recipient
     where o.kind <> 'cleared'
    union
    select s.about, d.notification_id, d.bundled_in, d.state, d.attempts, s.severity
      from said s join notification d on d.notification_id = s.bundled_in or d.fallback_of = s.notification_id
), heard as (
    select about, bool_or(state in ('pending', 'sending')) as waits,
           bool_or(attempts > (select count(*) from delivery_attempt a
                                where a.notification_id = said.notification_id and a.verdict in ('retry', 'refused'))
           ) as told,
           bool_or(severity = 'critical' and exists (
               select from delivery_attempt a
                where a.notification_id = said.notification_id and a.verdict in ('sent', 'delivered')
           )) as told_critical
      from said group by about
)
select q.notification_id, a.severity, a.cleared_at is null as active,
       case when a.acknowledged_at is not null then coalesce(a.acknowledged_by, 'somebody') end as acknowledged_by,
       a.shelved_until is not null as shelved, a.closed_at is not null as closed, a.flapping, a.assignee,
       coalesce(h.told, false) as told,
       coalesce(h.told_critical, false) as told_critical, coalesce(h.waits, false) as waits
  from asked q join alarm a using (alarm_id) left join heard h on h.about = q.notification_id

-- parts
-- What a bundle says: its messages are the first channel's, also where it has gone over to the next one.
with recursive way as (
    select notification_id, fallback_of from notification where notification_id = %(number)s
    union all
    select n.notification_id, n.fallback_of from way w join notification n on n.notification_id = w.fallback_of
)
select m.notification_id, m.key, m.recipient, m.channel, m.kind, m.severity, m.title, m.body, m.data, m.alarm_id,
       m.fallback, extract(epoch from m.not_before)::float8 as not_before_s,
       extract(epoch from m.expires_at)::float8 as expires_s
  from way w join notification m on m.bundled_in = w.notification_id and m.state = 'bundled'
 order by m.notification_id

-- reword
update notification n
   set title = x.title, body = x.body, data = x.data, severity = x.severity, alarm_id = x.alarm_id
  from jsonb_to_record(%(row)s::jsonb) as x(title text, body text, data jsonb, severity text, alarm_id bigint)
 where n.notification_id = %(number)s

-- suppress
update notification n
   set state = 'suppressed', suppressed_why = x.why, claimed_by = null, claimed_until = null,
       bundled_in = case when not x.unheard then n.bundled_in end
  from jsonb_to_recordset(%(rows)s::jsonb) as x(number bigint, why text, unheard boolean)
 where n.notification_id = x.number
