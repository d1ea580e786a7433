-- bins
select b.bin_id, b.label, b.street, d.name as device, b.latitude_deg, b.longitude_deg, b.stream, b.empty_distance_mm,
       b.full_distance_mm, coalesce(m.capacity_l, b.capacity_l) as capacity_l, b.threshold_pct, b.max_age_days, b.model,
       case when m.model_id is not null then to_jsonb(m) end as of
from bin_site b join device d using (device_id) left join bin_model m on m.model_id = b.model
order by b.bin_id

-- readings
select extract(epoch from r.ts)::float8, r.distance_mm::float8, r.fill_pct::float8, r.temperature_c::float8, r.tilt_deg::float8
from bin_reading r join bin_site b using (device_id)
where b.bin_id = %(bin_id)s and r.ts >= to_timestamp(%(from_s)s) and r.ts < to_timestamp(%(to_s)s)
order by r.ts, r.seq

-- emptyings
-- As they are known now: of one that was taken back nothing, of one that more speaks for since all that does.
select e.subject as bin_id, extract(epoch from e.at)::float8 as t_s, (e.detail ->> 'before_pct')::float8 as before_pct,
       (e.detail ->> 'after_pct')::float8 as after_pct,
       coalesce((c.detail ->> 'confidence')::float8, (e.detail ->> 'confidence')::float8, 1.0) as confidence,
       coalesce(c.detail -> 'evidence', e.detail -> 'evidence', '["drop"]') as evidence
from event e
left join lateral (
    select detail from event
    where subject_kind = 'bin' and subject = e.subject and at = e.at and kind = 'bin_emptying_confirmed'
    order by event_id desc limit 1) c on true
where e.kind = 'bin_emptied' and e.subject_kind = 'bin' and e.at >= to_timestamp(%(from_s)s) and e.at < to_timestamp(%(to_s)s)
  and e.detail ->> 'before_pct' is not null and e.detail ->> 'after_pct' is not null
  and not exists (
    select from event r
    where r.subject_kind = 'bin' and r.subject = e.subject and r.at = e.at and r.kind = 'bin_emptying_retracted')
order by e.at, e.event_id

-- rounds
-- Of before rounds were planned (version 1 of the rule): what was decided to be driven, of each service day the longest list,
-- before emptied bins left it. Later decisions have no km.
select distinct on (result ->> 'service_date') (result ->> 'service_date')::date as day, (result ->> 'km')::float8 as km,
       (select coalesce(jsonb_agg(s ->> 'bin_id' order by (s ->> 'order')::integer), '[]') from jsonb_array_elements(result -> 'stops') s) as bins
from decision
where rule_id = 'bins.round' and outcome = 'collect' and subject_kind = 'route'
  and (result ->> 'service_date')::date between %(first)s and %(last)s and (result ->> 'km')::float8 > 0
order by result ->> 'service_date', jsonb_array_length(result -> 'stops') desc, decision_id

-- plans
select day, extract(epoch from at)::float8 as at_s, plan::text as plan from round_plan
where day between %(first)s and %(last)s order by version

-- fleet
select fleet::text as fleet from round_fleet order by fleet_id desc limit 1

-- tracks
-- Standing still adds no way, whatever the receiver says; where fixes are missing the straight line is the least.
with fix as (
    select d.name, (r.ts at time zone %(zone)s)::date as day, r.ts, r.speed_m_s as v,
           radians(r.latitude_deg) as lat, radians(r.longitude_deg) as lon,
           lag(r.speed_m_s) over w as v0, lag(radians(r.latitude_deg)) over w as lat0, lag(radians(r.longitude_deg)) over w as lon0
    from lorry_reading r join device d using (device_id)
    where r.ts >= %(first)s::timestamp at time zone %(zone)s and r.ts < (%(last)s + 1)::timestamp at time zone %(zone)s
      and (cardinality(%(devices)s::text[]) = 0 or d.name = any (%(devices)s::text[]))
    window w as (partition by r.device_id, (r.ts at time zone %(zone)s)::date order by r.ts, r.seq)
)
select day, name as lorry,
       coalesce(sum(12742.0 * asin(least(1.0, sqrt(sin((lat - lat0) / 2) ^ 2 + cos(lat) * cos(lat0) * sin((lon - lon0) / 2) ^ 2))))
                filter (where v0 is not null and greatest(v, v0) > %(moving_m_s)s), 0.0)::float8 as km,
       (extract(epoch from max(ts) filter (where v > %(moving_m_s)s) - min(ts) filter (where v > %(moving_m_s)s)) / 3600)::float8 as hours
from fix group by day, name
having count(*) filter (where v > %(moving_m_s)s) > 1
order by day, name

-- complaints
select extract(epoch from a.at)::float8 as t_s, a.what, substr(a.ref, 5) as bin_id
from collection_act a
where a.ref like 'bin:%%' and a.what between 5 and 7 and a.role <> 'crew'
  and a.at >= to_timestamp(%(from_s)s) and a.at < to_timestamp(%(to_s)s)
  and not exists (select from collection_act w where w.withdraws = a.act_id)
order by a.act_id

-- work
select w.work_item_id, b.bin_id, extract(epoch from w.opened_at)::float8 as opened_s,
       extract(epoch from coalesce(w.done_at, w.gone_at))::float8 as closed_s, w.done_at is not null as done, w.title
from work_item w join device d on d.name = w.device join bin_site b using (device_id)
where w.opened_at < to_timestamp(%(to_s)s) and coalesce(w.done_at, w.gone_at, 'infinity') >= to_timestamp(%(from_s)s)
order by w.work_item_id

-- newest
select content::text from bin_ledger_setting where what = %(what)s order by setting_id desc limit 1

-- put_setting
insert into bin_ledger_setting (what, made_by, why, content) values (%(what)s, %(by)s, %(why)s, %(content)s::jsonb)

-- settings
select what, extract(epoch from made_at)::float8 as made_s, made_by, why from bin_ledger_setting order by setting_id desc

-- due
select m.month
from unnest(%(months)s::date[], %(from_s)s::float8[], %(to_s)s::float8[]) as m(month, from_s, to_s)
where not exists (select from bin_statement s where s.month = m.month)
  and exists (select from bin_reading r where r.ts >= to_timestamp(m.from_s) and r.ts < to_timestamp(m.to_s))
order by m.month

-- counted
select (select extract(epoch from settled_at)::float8 from rule_cursor where service = 'rules') as at_s

-- statement
select document from bin_statement where month = %(month)s

-- statements
select month, answer from bin_statement order by month desc

-- put_statement
insert into bin_statement (month, digest, sha256, answer, statement, document)
values (%(month)s, %(digest)s, %(sha256)s, %(answer)s, %(statement)s::jsonb, %(document)s) on conflict (month) do nothing returning statement_id
