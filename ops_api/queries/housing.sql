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

-- my_reminders
-- What was reminded of a case (routines/shown.sql): to the household of who asks.
select * from my_reminders(%(case_id)s::bigint)

-- council_reminders
select * from council_reminders(%(case_id)s::bigint)
