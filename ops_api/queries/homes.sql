-- home_by_code
select home_id, code, label, occupants from home where code = %(code)s

-- home_state
select at, state from subject_state where subject_kind = 'home' and subject = %(code)s

-- room_series
-- Means of one frog box per step.
select date_bin(%(step)s::interval, ts, %(from)s) as at,
       avg(temperature_c) as temperature_c, avg(humidity_pct) as humidity_pct
from frog_reading
where device_id = %(device_id)s and ts >= %(from)s and ts < %(to)s
group by 1 order by 1 limit %(limit)s

-- diary_since
select diary_entry_id, at, activity, note, source from diary_entry
where home_id = %(home_id)s and at >= %(since)s order by at desc, diary_entry_id desc limit %(limit)s

-- diary_recent_same
-- The same press a moment ago: a double tap, not a second shower.
select diary_entry_id, at, activity, note, source from diary_entry
where home_id = %(home_id)s and activity = %(activity)s
  and at between %(at)s - interval '60 seconds' and %(at)s + interval '60 seconds'
order by at desc limit 1

-- diary_add
insert into diary_entry (home_id, at, activity, note, source)
values (%(home_id)s, %(at)s, %(activity)s, %(note)s, 'web')
returning diary_entry_id, at, activity, note, source

-- diary_remove
delete from diary_entry where home_id = %(home_id)s and diary_entry_id = %(diary_entry_id)s
returning diary_entry_id
