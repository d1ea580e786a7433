-- devices
-- Devices in homes, and those that ever were in one, are left out: what they measure is reached by the home's code only.
select d.device_id, d.name, d.kind, d.label, d.latitude_deg, d.longitude_deg, d.cadence_s, d.installed_at,
       d.retired_at
from device d
where not d.private
  and (%(name)s::text is null or d.name = %(name)s)
  and (%(kind)s::text is null or d.kind = %(kind)s)
  and (%(after)s::text is null or d.name > %(after)s)
order by d.name limit %(limit)s

-- device_seen
-- Whether it is kept out; nothing of one that is retired.
select online, heard_at, kept_out from fleet_seen(%(device_id)s)

-- device_counts
select kind, count(*) as devices from device_named where retired_at is null group by kind order by kind

-- reporting
select health.reporting(%(kind)s, %(now)s) as devices

-- table_exists
select to_regclass(%(table)s) is not null as found

-- radio
-- What its network server knows of a LoRaWAN sensor; no row of other devices.
select * from fleet_radio(%(device_id)s)
