-- What is shown of updates. Devices of homes are in it by name and by how their update stands, and by nothing else.

drop view if exists rollout_counts, rollout_device_shown, update_version_counts;
create view rollout_counts with (security_barrier) as
select rollout_id, stage, state, case when state = 'failed' then split_part(reason, ':', 1) else '' end as reason, count(*) as devices
  from rollout_device group by 1, 2, 3, 4;

create view rollout_device_shown with (security_barrier) as
select rd.rollout_id, d.name as device, d.kind, rd.stage, rd.state, rd.attempt, rd.reason, rd.bytes_held, rd.offered_at, rd.changed_at
  from rollout_device rd join device d using (device_id);

create view update_version_counts with (security_barrier) as
select d.kind, u.serial, u.version, count(*) as devices, max(u.said_at) as newest_at
  from device_update u join device d using (device_id) where d.retired_at is null group by 1, 2, 3;
