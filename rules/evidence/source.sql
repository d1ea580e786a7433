-- home
select home_id, label, temperature_factor from home where code = %(code)s

-- rooms
select d.device_id, d.name as device, coalesce(nullif(hd.room, ''), nullif(d.label, ''), d.name) as label, d.cadence_s,
       greatest(d.installed_at, hd.since) as installed_at, d.retired_at, d.latitude_deg, d.longitude_deg
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

-- calibrations
-- As the table has them, withdrawn ones too: the log is copied, not judged.
select to_jsonb(x) as line
  from (select d.name as device, c.calibration_id, c.field, c.value_offset, c.keeps_vapour, c.from_at, c.to_at, c.how, c.by,
               c.evidence, c.created_at, c.withdrawn_at, c.withdrawn_by
          from calibration c join device d using (device_id)
         where c.device_id = any (%(device_ids)s::integer[])
           and c.from_at < %(end)s and (c.to_at is null or c.to_at > %(start)s)) x
 order by device, calibration_id

-- damp_days
select d.name as device, k.day, k.begins_at, k.n, k.expected, k.surface_hours, k.damp_hours_low, k.damp_hours,
       k.damp_hours_high, k.mould, k.factor::float8, k.factor_low::float8, k.factor_high::float8, k.factor_error::float8,
       k.factor_nights, k.flags, k.calibrations, k.rules
  from damp_day k join device d using (device_id)
 where k.home_id = %(home_id)s and k.device_id = any (%(device_ids)s::integer[])
   and k.begins_at >= %(start)s and k.begins_at < %(end)s order by d.name, k.day

-- damp_weeks
-- What a finding rests on: the days from the first one named in its evidence.
select d.name as device, coalesce(nullif(hd.room, ''), nullif(d.label, ''), d.name) as room, f.week, f.to_day, f.cause,
       f.confidence::float8, f.risk, f.mould_index::float8, f.evidence, f.iso, f.standard, f.monthly, f.rules,
       a.begins_at as rests_from, z.begins_at + interval '1 day' as rests_to
  from damp_finding f join device d using (device_id)
  join home_device hd on hd.home_id = f.home_id and hd.device_id = f.device_id
  join damp_day a on a.home_id = f.home_id and a.device_id = f.device_id and a.day = (f.evidence ->> 'from_day')::date
  join damp_day z on z.home_id = f.home_id and z.device_id = f.device_id and z.day = f.to_day
 where f.home_id = %(home_id)s and f.device_id = any (%(device_ids)s::integer[])
   and z.begins_at >= %(start)s and z.begins_at < %(end)s order by f.week
