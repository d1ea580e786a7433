-- bins
-- The bin of a sensor that went into a home still stands in its street: nothing is known of it.
select b.bin_id, b.label, b.street, b.latitude_deg, b.longitude_deg, b.stream, coalesce(m.capacity_l, b.capacity_l) as capacity_l,
       b.threshold_pct, b.max_age_days, b.model, b.place, b.sensitive, b.service_s,
       coalesce(d.name, '') as device, d.cadence_s, st.at, st.state
from bin_site b
left join bin_model m on m.model_id = b.model
left join device d on d.device_id = b.device_id and not d.private
left join subject_state st on st.subject_kind = 'bin' and st.subject = b.bin_id and d.device_id is not null
where (%(bin_id)s::text is null or b.bin_id = %(bin_id)s)
order by b.bin_id

-- bin_events
select event_id, kind, at, detail from event
where subject_kind = 'bin' and subject = %(bin_id)s
  and exists (select from bin_site b join device d using (device_id) where b.bin_id = %(bin_id)s and not d.private)
order by at desc limit %(limit)s

-- bin_photos
-- The newest photo of each bin since a time that a crew took and did not take back: its hash.
select distinct on (a.ref) substr(a.ref, 5) as bin_id, a.seen ->> 'photo_sha256' as photo
from collection_act a
where a.at >= %(since)s and a.what between 1 and 4 and a.ref like 'bin:%%' and a.seen ? 'photo_sha256'
  and (%(bin_id)s::text is null or a.ref = 'bin:' || %(bin_id)s)
  and not exists (select from collection_act w where w.withdraws = a.act_id)
order by a.ref, a.at desc

-- bin_story
-- What happened to a bin since a time: the engine's events, and what crews and residents said of it.
select 'event' as source, kind as what, at, detail, '' as role, '' as reason, '' as by from event
where subject_kind = 'bin' and subject = %(bin_id)s and at >= %(since)s
  and exists (select from bin_site b join device d using (device_id) where b.bin_id = %(bin_id)s and not d.private)
union all
select 'act', a.what::text, a.at, '{}'::jsonb, a.role, case when a.role = 'resident' then '' else a.reason end, case when a.role = 'resident' then '' else a.by end
from collection_act a
where a.ref = 'bin:' || %(bin_id)s and a.at >= %(since)s
  and a.what <> 8 and not exists (select from collection_act w where w.withdraws = a.act_id)
order by at desc limit %(limit)s

-- bin_own_alarms
-- Of a bin and of its sensor, newest first.
select a.alarm_id, a.rule_id, a.severity, a.raised_at, a.cleared_at, a.title, a.reason
from alarm a
where (a.subject_kind = 'bin' and a.subject = %(bin_id)s) or (a.subject_kind = 'device' and a.subject = %(device)s)
order by a.cleared_at is not null, a.raised_at desc limit %(limit)s

-- bin_readings
select extract(epoch from r.ts)::float8 as at_s, r.distance_mm::float8, r.fill_pct::float8, r.temperature_c::float8, r.tilt_deg::float8
from bin_reading r join bin_site b using (device_id) join device d using (device_id)
where not d.private and b.bin_id = %(bin_id)s and r.ts >= %(start)s and r.ts < %(end)s
order by r.ts, r.seq limit %(limit)s

-- bin_model_of
select to_jsonb(m) as model, to_jsonb(b) - 'device_id' as site from bin_site b left join bin_model m on m.model_id = b.model
where b.bin_id = %(bin_id)s

-- bin_emptyings
-- As they are known now, as the ledger has them: of one that was taken back nothing, of one that more speaks for since all that does.
select extract(epoch from e.at)::float8 as t_s, (e.detail ->> 'before_pct')::float8 as before_pct, (e.detail ->> 'after_pct')::float8 as after_pct,
       coalesce((c.detail ->> 'confidence')::float8, (e.detail ->> 'confidence')::float8, 1.0) as confidence,
       coalesce(c.detail -> 'evidence', e.detail -> 'evidence', '["drop"]') as evidence
from event e
left join lateral (
    select detail from event
    where subject_kind = 'bin' and subject = e.subject and at = e.at and kind = 'bin_emptying_confirmed'
    order by event_id desc limit 1) c on true
where e.kind = 'bin_emptied' and e.subject_kind = 'bin' and e.subject = %(bin_id)s and e.at >= %(start)s and e.at < %(end)s
  and e.detail ->> 'before_pct' is not null and e.detail ->> 'after_pct' is not null
  and not exists (
    select from event r
    where r.subject_kind = 'bin' and r.subject = e.subject and r.at = e.at and r.kind = 'bin_emptying_retracted')
  and exists (select from bin_site b join device d using (device_id) where b.bin_id = %(bin_id)s and not d.private)
order by e.at, e.event_id

-- bin_statement
-- The statement of a month, or the newest.
select month, statement from bin_statement
where %(month)s::date is null or month = %(month)s::date
order by month desc limit 1

-- bin_statements
select month from bin_statement order by month desc

-- bin_forecast
-- How good the chances have been so far, of all bins together.
select at, state -> 'forecast' as forecast from subject_state where subject_kind = 'kind' and subject = 'bin'
