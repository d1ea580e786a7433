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
select housing_is_shown(%(home_id)s::integer, %(case_id)s::bigint) as shown

-- ward_counts
-- Of the week of the newest findings, counted once.
select * from ward_counts()

-- case_reminders
-- What was reminded of a case, to the household ('resident') or the council ('officer'). Nobody's address, no text.
select n.key, split_part(n.key, ':', 3) as step, split_part(n.key, ':', 4) as what, n.recipient, n.channel, n.title, n.state,
       n.not_before, n.sent_at, n.suppressed_why
  from notification n
 where n.kind = 'reminder' and n.key like 'case:' || %(case_id)s::bigint || ':%%'
   and split_part(n.key, ':', 6) = %(audience)s
 order by n.notification_id
