-- only_one
-- One process looks at a time; it takes no transaction id, which would hold back the rules.
select pg_try_advisory_xact_lock(hashtext('cityops.watch'))

-- memory
select memory::text from watch_memory

-- put_memory
insert into watch_memory (memory) values (%(memory)s::jsonb)
on conflict (one) do update set memory = excluded.memory

-- open_alarms
select alarm_id, rule_id, subject_kind, subject, severity, extract(epoch from raised_at)::float8, flapping
from alarm where cleared_at is null and rule_id = any (%(rule_ids)s)
order by rule_id, subject_kind, subject

-- received
select extract(epoch from max(received_at))::float8 from ingest_batch where readings > 0

-- gap
-- The longest time without readings that the rules are still to get over: from the last batch that they have
-- judged on. Where they have judged none, there is nothing that anybody could miss.
with place as (
    select xid from rule_cursor where service = 'rules'
), last as (
    select received_at from ingest_batch where xid <= (select xid from place) and readings > 0
    order by xid desc, received_at desc limit 1
), ahead as (
    select received_at from ingest_batch where xid > (select xid from place) and readings > 0
    order by xid, received_at limit %(batches)s
), pairs as (
    select received_at, lag(received_at) over (order by received_at) as before
    from (select received_at from last union all select received_at from ahead) b
)
select extract(epoch from before)::float8, extract(epoch from received_at)::float8
from pairs where before is not null and exists (select from last)
order by received_at - before desc limit 1

-- devices
-- Those that ever reported, without kinds that do so only now and then.
select count(*)::integer, min(d.cadence_s)::float8
from device d
where d.retired_at is null and not d.kind = any (%(left_out)s)
  and exists (select from device_sequence s where s.device_id = d.device_id)

-- waiting
-- The oldest batch that the rules have not seen.
select extract(epoch from received_at)::float8 from ingest_batch
where xid > coalesce((select xid from rule_cursor where service = 'rules'), '0'::xid8)
order by xid, received_at limit 1

-- channels
-- Of the newest messages: attempts that failed since the last that did not. A refusal is the
-- message's fault, not the channel's; and each webhook goes to a receiver of its own, which says nothing of the others.
with recent as (
    select n.channel, n.notification_id, n.state, n.not_before
    from notification n
    where n.notification_id > (select coalesce(max(notification_id), 0) from notification) - %(messages)s
      and not starts_with(n.recipient, 'webhook:')
), tried as (
    select r.channel, a.at, a.verdict
    from recent r join delivery_attempt a using (notification_id)
    where a.at > to_timestamp(%(now_s)s::float8 - %(within_s)s::float8)
), good as (
    select channel, max(at) as at from tried where verdict in ('sent', 'delivered') group by channel
), failed as (
    select t.channel, count(*)::integer as failures
    from tried t left join good g using (channel)
    where t.verdict in ('retry', 'unknown') and t.at > coalesce(g.at, '-infinity') group by t.channel
), waits as (
    select channel, extract(epoch from to_timestamp(%(now_s)s::float8) - min(not_before))::float8 as waited_s
    from notification
    where state in ('pending', 'sending') and not_before <= to_timestamp(%(now_s)s::float8)
      and (attempts = 0 or not starts_with(recipient, 'webhook:'))
    group by channel
)
select channel, coalesce(f.failures, 0), w.waited_s
from (select channel from tried union select channel from waits) c
left join failed f using (channel) left join waits w using (channel)
order by channel

-- quarantined
-- Devices that are kept out: by the watch for copies (its name is WATCH in ops_api/provisioning/keeping.py), or by a person.
select d.name, extract(epoch from s.changed_at)::float8, coalesce(a.by = 'the clone watch', false)
from device_state s join device d using (device_id)
left join lateral (
    select "by" from device_act where device_id = s.device_id and act = 'quarantined' order by act_id desc limit 1) a on true
where s.state = 'quarantined' and d.retired_at is null
order by d.name

-- people
select count(*)::integer from person where active

-- next_on_call
select s.role, extract(epoch from min(greatest(s.from_at, to_timestamp(%(now_s)s::float8))))::float8
from rota_shift s join person p using (person)
where p.active and s.role = any (%(roles)s)
  and s.to_at > to_timestamp(%(now_s)s::float8) and s.from_at < to_timestamp(%(now_s)s::float8 + %(ahead_s)s::float8)
group by s.role
