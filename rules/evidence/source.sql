-- home
select home_id, label, temperature_factor from home where code = %(code)s

-- rooms
select d.device_id, d.name as device, coalesce(nullif(hd.room, ''), nullif(d.label, ''), d.name) as label, d.cadence_s,
       d.installed_at, d.retired_at, d.latitude_deg, d.longitude_deg
  from home_device hd join device d using (device_id)
 where hd.home_id = %(home_id)s and d.kind = 'frog' order by 3, 2

-- stations
select device_id, name as device, coalesce(nullif(label, ''), name) as label, cadence_s, installed_at, retired_at, latitude_deg,
       longitude_deg
  from device where kind = 'weather' order by name

-- missing
select d.name as device, g.boot, g.first_seq, g.last_seq
  from health.gap g join device d using (device_id)
 where g.device_id = any (%(device_ids)s::integer[]) order by d.name, g.boot, g.first_seq

-- diary
select at, activity, note from diary_entry
 where home_id = %(home_id)s and at >= %(start)s and at < %(end)s order by at, diary_entry_id

-- has_calibrations
select to_regclass('public.calibration') is not null as there

-- calibrations
-- As the table has it, whatever its columns are: the log is copied, not judged.
select jsonb_build_object('device', d.name) || (to_jsonb(c) - 'device_id') as line
  from calibration c join device d using (device_id)
 where c.device_id = any (%(device_ids)s::integer[]) order by d.name, to_jsonb(c)::text
