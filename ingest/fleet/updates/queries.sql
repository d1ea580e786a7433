-- running
select r.rollout_id, r.stages, r.limits, r.stage, r.stage_at, r.forgiven_at, r.state, b.bundle_id, b.serial, b.version, b.bytes, b.manifest, b.kinds
  from rollout r join bundle b using (bundle_id)
 where r.state = 'running' and b.withdrawn_at is null order by r.rollout_id

-- candidates
select d.name, d.kind, d.shard from rollout_stand(%(rollout_id)s) s join device d using (device_id) where s.why in ('free', 'offered')

-- reach
select rollout_reach(%(rollout_id)s)

-- members
select d.name, rd.state, rd.stage, rd.attempt, rd.offered_at, rd.changed_at, rd.answered_at
  from rollout_device rd join device d using (device_id) where rd.rollout_id = %(rollout_id)s

-- lock
select 1 from rollout where rollout_id = %(rollout_id)s and state = 'running' and stage = %(stage)s for update

-- offer
insert into rollout_device (rollout_id, device_id, state, stage, attempt, offered_at, changed_at)
select %(rollout_id)s, d.device_id, 'offered', %(stage)s, o.attempt, %(now)s, %(now)s
  from unnest(%(devices)s::text[], %(attempts)s::smallint[]) o(name, attempt) join device d using (name)
on conflict (rollout_id, device_id) do update
   set state = 'offered', attempt = excluded.attempt, offered_at = excluded.offered_at, changed_at = excluded.changed_at,
       answered_at = null, reason = '', bytes_held = 0
 where rollout_device.state = 'failed' and rollout_device.attempt < excluded.attempt

-- next_stage
update rollout set stage = %(next)s, stage_at = %(now)s, changed_at = %(now)s where rollout_id = %(rollout_id)s

-- end
update rollout set state = %(state)s, reason = %(reason)s, changed_at = %(now)s where rollout_id = %(rollout_id)s

-- event
insert into rollout_event (rollout_id, at, what, device, "by", via, detail)
values (%(rollout_id)s, %(now)s, %(what)s, %(device)s, %(by)s, %(via)s, %(detail)s)

-- audit
-- What nobody asked for in that moment is in the audit as well: that it was halted, and why.
select audit_add((extract(epoch from now()) * 1000000)::bigint, 'service', 'fleet', '', 'service', 'fleet update halted',
                 'rollout:' || %(rollout_id)s::bigint, %(reason)s, 'done', '', '', '{}')

-- membership
select r.rollout_id, r.stages, r.limits, r.stage, r.stage_at, r.forgiven_at, r.state, b.bundle_id, b.serial, b.version, b.bytes, b.manifest, b.kinds,
       d.name, rd.state, rd.stage, rd.attempt, rd.offered_at, rd.changed_at, rd.answered_at
  from device d join rollout_device rd using (device_id) join rollout r using (rollout_id) join bundle b using (bundle_id)
 where d.name = %(device)s order by r.rollout_id desc limit 1

-- heard
insert into device_update (device_id, serial, version, bundle_id, phase, said_at)
select device_id, %(serial)s, %(version)s, %(bundle)s, %(phase)s, %(now)s from device where name = %(device)s
on conflict (device_id) do update
   set serial = excluded.serial, version = excluded.version, bundle_id = excluded.bundle_id, phase = excluded.phase,
       said_at = excluded.said_at

-- moved
update rollout_device rd
   set state = %(state)s, reason = %(reason)s, bytes_held = %(held)s, changed_at = %(now)s, answered_at = coalesce(answered_at, %(now)s)
  from device d
 where d.name = %(device)s and d.device_id = rd.device_id and rd.rollout_id = %(rollout_id)s and rd.attempt = %(attempt)s
   and rd.state not in ('confirmed', 'failed', 'passed')
returning 1

-- piece
select p.from_byte, substring(p.body from (greatest(%(first)s - p.from_byte, 0) + 1)::int for %(count)s)
  from bundle_piece p join bundle b using (bundle_id)
 where p.bundle_id = %(bundle)s and b.withdrawn_at is null
   and p.from_byte > %(first)s - %(longest)s and p.from_byte < %(first)s + %(count)s
 order by p.from_byte

-- add_key
insert into bundle_key (key_id, public_key, use, label, added_by) values (%(key_id)s, %(public)s, %(use)s, %(label)s, %(by)s)
on conflict (key_id) do nothing

-- retire_keys
update bundle_key set retired_at = now() where retired_at is null and not key_id = any (%(known)s)

-- add_bundle
insert into bundle (bundle_id, name, version, serial, kinds, manifest, bytes, key_id, made_at, expires_at, added_by)
values (%(bundle)s, %(name)s, %(version)s, %(serial)s, %(kinds)s, %(manifest)s, %(bytes)s, %(key_id)s,
        to_timestamp(%(made_at)s), to_timestamp(%(expires_at)s), %(by)s)
on conflict do nothing returning 1

-- add_piece
insert into bundle_piece (bundle_id, from_byte, body) values (%s, %s, %s)

-- keys_known
select key_id, public_key, use from bundle_key where retired_at is null

-- bundles
select bundle_id, name, version, serial, kinds, bytes, key_id, made_at, expires_at, added_by, added_at, withdrawn_at
  from bundle order by added_at desc, serial desc

-- withdraw_bundle
update bundle set withdrawn_at = now() where bundle_id = %(bundle)s and withdrawn_at is null returning 1
