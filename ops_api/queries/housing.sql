-- housing_read
select * from housing_read(%(who)s, %(purpose)s, %(how)s, %(home_id)s::integer)

-- housing_daily
select coalesce(nullif(room, ''), 'a room') as room, device_id, day, n, temperature_c::float8 as temperature_c,
       humidity_pct::float8 as humidity_pct
  from housing_read_daily(%(who)s, %(purpose)s, %(home_id)s, %(since)s, %(until)s) order by day desc, room, device_id

-- housing_rest
select housing_other_cases() as cases, housing_not_shared() as not_shared

-- housing_is_shown
-- Whether a case is the council's own, of a home that shows the housing team something.
select exists (select from housing_case c join housing_share s using (home_id)
                where c.home_id = %(home_id)s and c.case_id = %(case_id)s and c.council_owned) as shown

-- ward_counts
-- Of findings of the last fortnight: they change once a day.
with newest as (
    select distinct on (f.home_id) f.home_id, f.risk, f.to_day from damp_finding f order by f.home_id, f.week desc
), fresh as (
    select * from newest where risk <> 'unknown' and to_day > (select max(to_day) from newest) - 14
)
select w.ward_id, w.label, w.boundary, count(f.home_id) as homes,
       count(*) filter (where f.risk in ('raised', 'high')) as at_risk, (select max(to_day) from newest) as as_of
  from ward w left join home h using (ward_id) left join fresh f using (home_id)
 group by w.ward_id order by w.label

-- case_reminders
-- What was reminded of a case, to the household ('resident') or the council ('officer'). Nobody's address, no text.
select n.key, split_part(n.key, ':', 3) as step, split_part(n.key, ':', 4) as what, n.recipient, n.channel, n.title, n.state,
       n.not_before, n.sent_at, n.suppressed_why
  from notification n
 where n.kind = 'reminder' and n.key like 'case:' || %(case_id)s::bigint || ':%%'
   and split_part(n.key, ':', 6) = %(audience)s
 order by n.notification_id
