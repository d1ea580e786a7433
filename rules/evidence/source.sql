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

-- calibrations
-- As the table has them, withdrawn ones too: the log is copied, not judged.
select to_jsonb(x) as line
  from (select d.name as device, c.calibration_id, c.field, c.value_offset, c.keeps_vapour, c.from_at, c.to_at, c.how, c.by,
               c.evidence, c.created_at, c.withdrawn_at, c.withdrawn_by
          from calibration c join device d using (device_id)
         where c.device_id = any (%(device_ids)s::integer[])
           and c.from_at < %(end)s and (c.to_at is null or c.to_at > %(start)s)) x
 order by device, calibration_id
