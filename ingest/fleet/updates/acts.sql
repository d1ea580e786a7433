-- start_check
select b.bundle_id,
       (select rollout_id from rollout r where r.bundle_id = b.bundle_id and r.state in ('running', 'halted') limit 1),
       array(select n from unnest(%(devices)s::text[]) n where not exists (select from device_named d where d.name = n)
             union all select g from unnest(%(groups)s::text[]) g where not exists (select from device_group x where x.group_id = g))
  from bundle b where b.bundle_id = %(bundle)s and b.withdrawn_at is null and b.expires_at > now()

-- start
insert into rollout (bundle_id, kinds, groups, devices, stages, limits, created_by)
values (%(bundle)s, %(kinds)s, %(groups)s, %(devices)s, %(stages)s, %(limits)s, %(by)s) returning rollout_id

-- reach
select rollout_reach(%(rollout_id)s)

-- change
update rollout
   set state = %(to)s, reason = %(reason)s, changed_at = now(),
       forgiven_at = case when %(to)s = 'running' then now() else forgiven_at end
 where rollout_id = %(rollout_id)s and state = any (%(from)s) returning 1

-- state
select state from rollout where rollout_id = %(rollout_id)s

-- pin
insert into update_pin (device_id, reason, pinned_by)
select device_id, %(reason)s, %(by)s from device_named where name = %(device)s
on conflict (device_id) do update set reason = excluded.reason, pinned_by = excluded.pinned_by, pinned_at = now()
returning 1

-- unpin
delete from update_pin where device_id = (select device_id from device_named where name = %(device)s) returning 1

-- event
insert into rollout_event (rollout_id, what, device, "by", via, detail)
values (%(rollout_id)s, %(what)s, %(device)s, %(by)s, %(via)s, %(detail)s)

-- find
select bundle_id from bundle
 where withdrawn_at is null
   and (version = %(named)s or serial::text = %(named)s or %(prefix)s::text is not null and starts_with(bundle_id, %(prefix)s))
