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

-- Where each device stands that a roll-out is for (ingest/fleet/core/reach.py has the words), and whether it is connected. Who never
-- said a word about updates has no launcher: nothing is offered.
drop function if exists rollout_reach(bigint), rollout_stand(bigint);
create function rollout_stand(p_rollout bigint) returns table (device_id integer, why text, connected boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select d.device_id,
           case when d.kind <> all (case when b.kinds <> '{}' then b.kinds else array[d.kind] end)
                     or d.kind <> all (case when r.kinds <> '{}' then r.kinds else array[d.kind] end) then 'other_kind'
                when exists (select from update_pin p where p.device_id = d.device_id) then 'pinned'
                when exists (select from rollout_device rd where rd.rollout_id = r.rollout_id and rd.device_id = d.device_id)
                     then 'offered'
                when i.state in ('unclaimed', 'quarantined') then 'kept_out'
                when u.said_at is null then 'no_launcher'
                when u.serial = b.serial then 'has_it'
                when u.serial < (b.manifest ->> 'min_serial')::bigint or (b.manifest ->> 'against')::bigint not in (0, u.serial)
                     then 'unfit'
                when exists (select from rollout_device rd join rollout o on o.rollout_id = rd.rollout_id and o.state = 'running'
                              where rd.device_id = d.device_id and o.rollout_id <> r.rollout_id
                                and rd.state not in ('confirmed', 'failed', 'passed')) then 'busy'
                else 'free' end,
           coalesce(s.status -> 'online' = 'true', false) and coalesce(i.state, 'active') = 'active'
      from rollout r
      join bundle b using (bundle_id)
      join device d on d.retired_at is null
       and case when r.devices = '{}' and r.groups = '{}'
                then d.kind = any (case when r.kinds <> '{}' then r.kinds when b.kinds <> '{}' then b.kinds else array[d.kind] end)
                else d.name = any (r.devices) or d.device_id in (
                     select m.device_id from device_group_member m where m.group_id = any (r.groups)) end
      left join device_update u using (device_id)
      left join device_state i using (device_id)
      left join device_status s using (device_id)
     where r.rollout_id = p_rollout
$$;

-- How many stand where: numbers only.
create function rollout_reach(p_rollout bigint) returns jsonb
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce((select jsonb_object_agg(why, n) from (
                     select why, count(*) as n from rollout_stand(p_rollout) group by why) c), '{}')
           || jsonb_build_object('off_line', (
              select count(*) from rollout_stand(p_rollout) where why in ('free', 'offered') and not connected))
$$;
revoke all on function rollout_stand(bigint), rollout_reach(bigint) from public;
