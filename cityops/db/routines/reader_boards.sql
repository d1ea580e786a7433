-- Views of the schema board that single boards read (dashboards/boards); rights as in reader.sql: nobody's name, no household.

-- When alarms were answered and ended. first_answer_at: who took it in hand first; escalations: so often somebody else was told
-- because nobody had answered.
create view board.alarm_response with (security_barrier) as
select a.alarm_id, a.rule_id, a.subject_kind, a.severity, a.raised_at, a.cleared_at, a.acknowledged_at, a.shelved_until,
       a.closed_at, a.verdict, a.flapping, a.is_group, l.first_answer_at, l.escalations, l.told
  from public.alarm a
 cross join lateral (
        select min(x.at) filter (where x.what = 'acknowledged') as first_answer_at,
               count(*) filter (where x.what = 'told' and x.detail ->> 'kind' = 'escalated') as escalations,
               count(*) filter (where x.what = 'told') as told
          from public.alarm_log x where x.alarm_id = a.alarm_id
       ) l;

-- Messages without whom they are for and what they say.
create view board.message with (security_barrier) as
select notification_id, channel, kind, severity, state, attempts, created_at, sent_at, delivered_at
  from public.notification;

-- Work on devices; what was measured in a home, and why that needs a look, is not told.
create view board.work_item with (security_barrier) as
select w.work_item_id, w.rule_id, w.device, d.kind, w.opened_at, w.gone_at, w.done_at, w.due_at,
       case when d.device_id is null or public.is_private(d.device_id) then '' else w.reason end as reason
  from public.work_item w left join public.device d on d.name = w.device;

-- What devices last said of themselves; one that is kept out is not online, whatever it said.
create view board.device_state with (security_barrier) as
select d.device_id, d.name, d.kind, s.status_at, o.waiting, s.status ->> 'firmware' as firmware,
       (s.status -> 'online') = 'true'::jsonb and coalesce(i.state, 'active') = 'active' as online,
       -- A birth leaves out a 0, which is a clock that was never set; a LoRaWAN sensor has none: its network's time counts.
       case when jsonb_typeof(s.status -> 'clk') = 'number' then (s.status ->> 'clk')::numeric
            when not s.status ?| array['clk', 'lorawan'] and jsonb_typeof(s.status -> 'boot') = 'number' then 0 end as clk
  from public.device d
  left join public.device_status s using (device_id)
  left join public.device_state i using (device_id)
  left join health.outbox o using (device_id)
 where d.retired_at is null;

-- Days of readings by kind: how many of the devices reported, and how many readings are there of those that their intervals
-- make. Of days that are over: the last one is counted when it is asked for, until it is kept two hours after midnight.
create function board.readings_by_day(p_counted text[], p_from timestamptz, p_to timestamptz)
returns table (day timestamptz, kind text, devices bigint, stored bigint, expected bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    began timestamptz := health.began();
    first timestamptz := greatest(date_bin('1 day', p_from, 'epoch'), date_bin('1 day', began, 'epoch'));
    over timestamptz := least(p_to, date_bin('1 day', now(), 'epoch'));
    kept timestamptz := coalesce(summary.until('readings_day'), '-infinity');
begin
    return query
    with counted as (
        select r.* from summary.readings_day r where r.day >= first and r.day < over and r.day < kept
        union all
        select r.* from unnest(p_counted) k
         cross join lateral summary.readings_of(k, greatest(first, kept), over) r
         where over > kept
    ), installed as materialized ( -- few lines: devices that came and went on the same days
        select d.kind, d.cadence_s, d.installed_at::date as since, d.retired_at::date as until, count(*) as n
          from device d where d.kind = any (p_counted) group by 1, 2, 3, 4
    )
    select c.day, c.kind, c.devices, c.n,
           (select sum(i.n * floor(extract(epoch from c.day + interval '1 day' - greatest(c.day, began)) / i.cadence_s))::bigint
              from installed i
             where i.kind = c.kind and i.since <= c.day::date and (i.until is null or i.until > c.day::date))
      from counted c where c.kind = any (p_counted) order by 1, 2;
end $$;

-- Devices that stored fewer readings than they should have, the worst first: of six whole hours, not
-- the newest, which no aggregate has yet.
create function board.incomplete(p_counted text[], p_limit integer)
returns table (device text, kind text, expected bigint, stored bigint)
language sql security definer set search_path = public, pg_temp as $$
    select d.name, d.kind, e.expected, coalesce(s.n, 0)
      from device d
     cross join lateral (select health.expected(date_trunc('hour', now()) - interval '7 hours', date_trunc('hour', now()) - interval '1 hour',
                                                d.cadence_s, d.installed_at, d.retired_at) as expected) e
      left join (select c.device_id, c.n from unnest(p_counted) k
                  cross join lateral health.stored(k, date_trunc('hour', now()) - interval '7 hours', date_trunc('hour', now()) - interval '1 hour') c) s
        on s.device_id = d.device_id
     where d.kind = any (p_counted) and d.retired_at is null and coalesce(s.n, 0) + 2 < e.expected * 0.99
     order by coalesce(s.n, 0)::double precision / e.expected, d.name limit p_limit
$$;

-- Batches added up: by minutes where up to an hour is asked for, else by ten minutes, of which those that are over are kept.
-- kind '' counts the batches themselves, the others readings of a kind.
create function board.ingest(p_from timestamptz, p_to timestamptz)
returns table (slot timestamptz, kind text, batches bigint, readings bigint, duplicates bigint, dead_letters bigint,
               oldest_s double precision, newest_s double precision)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    kept timestamptz := coalesce(summary.until('ingest'), '-infinity');
begin
    if p_to - p_from <= interval '61 minutes' then
        return query select * from summary.ingest_of(p_from, p_to, '1 minute');
        return;
    end if;
    return query
    select i.* from summary.ingest i where i.slot >= date_bin('10 minutes', p_from, 'epoch') and i.slot <= p_to and i.slot < kept
    union all
    select i.* from summary.ingest_of(greatest(p_from, kept), p_to, '10 minutes') i where p_to > kept;
end $$;

-- TimescaleDB's policies; see health.policies.
create function board.policies()
returns table (policy text, target text, last_run_at timestamptz, last_success_at timestamptz, last_status text,
               runs bigint, failures bigint, next_run_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$ select * from health.policies() $$;

-- What officers said of proposals and ordered, without who.
create view board.treatment_act with (security_barrier) as
select act_id, ref, route_id, decision_id, what, at, via, treatment, answers_at from public.treatment_act;

-- How nights did, as it was worked out last.
create view board.winter_night with (security_barrier) as
select distinct on (night) night, worked_at, summary from public.winter_score order by night, score_id desc;

-- The same route by route: what the warning was worth, what was measured, what was treated.
create view board.winter_route with (security_barrier) as
select n.night, r ->> 'route_id' as route_id, r ->> 'label' as route, r ->> 'outcome' as outcome,
       (r -> 'frost' ->> 'minimum_c')::double precision as minimum_c, (r -> 'frost' ->> 'hazard_h')::double precision as hazard_h,
       to_timestamp((r -> 'frost' ->> 'hazard_from_s')::double precision) as hazard_from,
       to_timestamp((r ->> 'warned_s')::double precision) as warned_at,
       s.due_km, s.in_time_km, s.late_km, s.untreated_km, s.untreated_hazard_h, s.salt_t, s.policy_t
  from board.winter_night n
 cross join lateral jsonb_array_elements(n.summary -> 'routes') r
 cross join lateral jsonb_to_record(r -> 'service')
       s(due_km double precision, in_time_km double precision, late_km double precision, untreated_km double precision,
         untreated_hazard_h double precision, salt_t double precision, policy_t double precision);

-- What was taken back is little, and looked for beside much.
create index if not exists treatment_pass_taken_back on public.treatment_pass (at) where what = 'taken_back';

-- Runs of gritters: from the first to the last stretch that a lorry spread on a route in a night
-- (nights begin at noon UTC), without what was taken back; of the
-- last ten days of a period, for a list and marks show no more.
create function board.treatment_runs(p_from timestamptz, p_to timestamptz)
returns table (route_id text, lorry text, began_at timestamptz, ended_at timestamptz, stretches bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select g.route_id, p.lorry, min(p.at), max(p.at), count(*)
      from treatment_pass p join road_segment g using (segment_id)
     where p.at between greatest(p_from, p_to - interval '10 days') and p_to and p.what = 'driven' and not exists (
           select from treatment_pass b
            where b.what = 'taken_back' and b.segment_id = p.segment_id and b.lorry = p.lorry and b.at = p.at)
     group by g.route_id, p.lorry, date_bin('1 day', p.at, timestamptz '2000-01-01 12:00+00')
$$;

-- Emptyings that nobody took back.
create view board.bin_emptying with (security_barrier) as
select e.subject as bin_id, e.at, (e.detail ->> 'before_pct')::double precision as before_pct,
       (e.detail ->> 'after_pct')::double precision as after_pct
  from public.event e
 where e.kind = 'bin_emptied' and not exists (
       select from public.event r where r.kind = 'bin_emptying_retracted' and r.subject = e.subject and r.at = e.at);

-- Overflows that are over, by when they ended.
create view board.bin_overflow with (security_barrier) as
select e.subject as bin_id, (e.detail ->> 'began_at')::timestamptz as began_at, e.at as ended_at,
       (e.detail ->> 'minutes')::double precision as minutes, e.detail ->> 'ended_by' as ended_by
  from public.event e where e.kind = 'bin_overflow_ended';

-- The savings ledger's lines by month.
create view board.bin_ledger with (security_barrier) as
select s.month, s.made_at, s.answer, l.*
  from public.bin_statement s
 cross join lateral jsonb_to_recordset(s.statement -> 'lines')
       l(key text, name text, unit text, actual double precision, fixed double precision, difference double precision,
         low double precision, high double precision, verdict text);

-- How many homes share something with the housing team; null where that, or how many do not, is one to four.
create function board.homes_sharing() returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select case when (shared = 0 or shared >= 5) and (total - shared = 0 or total - shared >= 5) then shared end
      from (select count(*) as total, count(*) filter (where h.home_id in (select s.home_id from housing_share s)) as shared
              from home h where exists (select from home_device d where d.home_id = h.home_id)) c
$$;

revoke all on all functions in schema board from public;
grant select on all tables in schema board to cityops_reader;
grant execute on all functions in schema board to cityops_reader;
grant select on public.treatment_pass to cityops_reader;
