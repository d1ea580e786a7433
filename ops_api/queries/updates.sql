-- rollouts
-- Roll-outs, newest first, with how many devices stand how; of one in which nobody has answered also how many may be offered it, and why
-- others may not.
select r.rollout_id, r.state, r.reason, r.stage, r.stage_at, r.stages, r.limits, r.kinds, r.groups, r.devices, r.created_by, r.created_at, r.changed_at,
       b.bundle_id, b.name, b.version, b.serial,
       coalesce((select jsonb_object_agg(c.state, c.devices)
                   from (select state, sum(devices) as devices from rollout_counts where rollout_id = r.rollout_id group by 1) c), '{}') as counts,
       case when r.state in ('running', 'halted')
             and not exists (select from rollout_counts c where c.rollout_id = r.rollout_id and c.state <> 'offered')
            then rollout_reach(r.rollout_id) end as reach
  from rollout r join bundle b using (bundle_id)
 where %(rollout_id)s::bigint is null or r.rollout_id = %(rollout_id)s
 order by r.rollout_id desc limit %(limit)s

-- rollout_reasons
-- Why devices failed, most often first.
select reason, sum(devices)::bigint as devices from rollout_counts
 where rollout_id = %(rollout_id)s and state = 'failed' group by 1 order by 2 desc, 1 limit 20

-- rollout_stages
-- How many devices of each stage stand how.
select stage, state, sum(devices)::bigint as devices from rollout_counts where rollout_id = %(rollout_id)s group by 1, 2 order by 1, 2

-- rollout_devices
-- Devices of a roll-out by name, failed ones first.
select device, kind, stage, state, attempt, reason, bytes_held, offered_at, changed_at
  from rollout_device_shown where rollout_id = %(rollout_id)s and (%(state)s::text is null or state = %(state)s)
 order by state <> 'failed', device limit %(limit)s

-- rollout_events
-- What people and the service did.
select at, what, "by", via, detail from rollout_event where rollout_id = %(rollout_id)s and what <> 'device'
 order by rollout_event_id desc limit 50

-- update_bundles
-- Bundles, newest first.
select bundle_id, name, version, serial, kinds, bytes, key_id, made_at, expires_at, added_at, withdrawn_at
  from bundle order by added_at desc, serial desc limit %(limit)s

-- update_pins
-- Devices that are kept at what they run.
select d.name as device, p.reason, p.pinned_by, p.pinned_at from update_pin p join device_named d using (device_id) order by d.name

-- update_versions
-- How many devices run what.
select kind, serial, version, devices, newest_at from update_version_counts order by kind, serial desc

-- bundle_size
select bytes from bundle where bundle_id = %(bundle)s and withdrawn_at is null

-- bundle_rows
select from_byte, body from bundle_piece where bundle_id = %(bundle)s and from_byte <= %(at)s order by from_byte desc limit 1
