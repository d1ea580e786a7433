-- layers
select distinct on (scope, target) scope, target, settings, change_id, made_by, made_at, note
  from setting_change order by scope, target, change_id desc

-- members
select d.name, d.kind, coalesce(g.groups, '{}') as groups
  from device_named d
  left join (select device_id, array_agg(group_id order by group_id) as groups from device_group_member group by 1) g using (device_id)
 where d.retired_at is null order by d.name

-- standings
select d.device_id, d.name, d.kind, coalesce(g.groups, '{}') as groups,
       coalesce(t.desired_version, 0) as desired, coalesce(t.published_version, 0) as published, t.published_at,
       coalesce(t.reported_version, 0) as reported, t.reported_at, coalesce(t.about_version, 0) as about, coalesce(t.state, '') as state,
       coalesce(t.differs <> '{}', false) as differs, t.since, s.online, s.heard_at, s.waiting, s.kept_out,
       coalesce(nullif(t.firmware, ''), s.firmware) as firmware
  from device_named d
  join fleet_seen(%(device_id)s) s using (device_id)
  left join device_setting_state t using (device_id)
  left join (select device_id, array_agg(group_id order by group_id) as groups from device_group_member group by 1) g using (device_id)
 order by d.name

-- device
select d.device_id, d.name, d.shard, t.reported_at, t.reported_version as version, t.state, t.about_version as about, t.confirm, t.reasons,
       t.differs, t.unknown, t.unused, t.settings, t.firmware, t.boot, t.parts, t.faults, coalesce(v.settings, '{}') as desired
  from device_named d
  left join device_setting_state t using (device_id)
  left join device_setting_version v on v.device_id = d.device_id and v.version = t.desired_version
 where d.name = %(name)s and d.retired_at is null

-- status
select s.at, s.boot, s.clk, s.wall_ms, s.mono_ms, s.oldest_unreceipted, s.cadence_s, s.installed_at, b.at as battery_at, b.battery_v, b.battery_pct, r.*
  from fleet_status(%(device_id)s) s left join fleet_battery(%(device_id)s) b on true left join fleet_radio(%(device_id)s) r on true

-- versions
select v.version, v.settings, v.made_by, v.made_at, v.note, v.change_id, coalesce(c.scope, '') as scope, coalesce(c.target, '') as target
  from device_setting_version v
  join device_named d using (device_id)
  left join setting_change c using (change_id)
 where d.name = %(name)s order by v.version desc limit %(limit)s

-- changes
select change_id, scope, target, settings, made_by, made_at, note from setting_change
 where (%(scope)s::text is null or scope = %(scope)s) and (%(target)s::text is null or target = %(target)s)
   and (%(change_id)s::bigint is null or change_id = %(change_id)s)
 order by change_id desc limit %(limit)s

-- groups
select g.group_id, g.label, count(d.device_id) as devices
  from device_group g
  left join device_group_member m using (group_id)
  left join device_named d on d.device_id = m.device_id and d.retired_at is null
 group by 1, 2 order by 1

-- lock
select pg_advisory_xact_lock(hashtextextended('cityops.fleet ' || %(scope)s || ' ' || %(target)s, 0))

-- newest
select coalesce(max(change_id), 0) as change_id from setting_change where scope = %(scope)s and target = %(target)s

-- add_change
insert into setting_change (scope, target, settings, made_by, note)
values (%(scope)s, %(target)s, %(settings)s, %(made_by)s, %(note)s) returning change_id

-- make_group
insert into device_group (group_id, label, made_by) values (%(group_id)s, %(label)s, %(made_by)s)
on conflict (group_id) do update set label = excluded.label

-- has_group
select group_id from device_group where group_id = %(group_id)s

-- unknown_devices
select n from unnest(%(devices)s::text[]) n where not exists (select from device_named d where d.name = n and d.retired_at is null)

-- put
insert into device_group_member (group_id, device_id)
select %(group_id)s, d.device_id from device_named d where d.name = any (%(devices)s) on conflict do nothing

-- take
delete from device_group_member m using device_named d
 where m.group_id = %(group_id)s and d.device_id = m.device_id and d.name = any (%(devices)s)

-- take_all
delete from device_group_member where group_id = %(group_id)s

-- drop_group
delete from device_group where group_id = %(group_id)s

-- mark
select (select max(change_id) from setting_change) as changes, (select count(*) from device_group_member) as members,
       (select coalesce(sum(hashtext(group_id || ' ' || device_id)::bigint), 0) from device_group_member) as which,
       (select count(*) from device where retired_at is null) as devices, (select max(device_id) from device) as newest

-- told
select d.device_id, d.name, d.kind, d.shard, coalesce(g.groups, '{}') as groups, coalesce(v.version, 0) as version,
       coalesce(v.settings, '{}') as settings, coalesce(greatest(t.reported_version, t.about_version), 0) as reported
  from device d
  left join device_setting_state t using (device_id)
  left join lateral (select x.version, x.settings from device_setting_version x where x.device_id = d.device_id
                      order by x.version desc limit 1) v on true
  left join (select device_id, array_agg(group_id order by group_id) as groups from device_group_member group by 1) g using (device_id)
 where d.retired_at is null order by d.device_id

-- add_versions
with given as (
    select r.* from jsonb_to_recordset(%(rows)s) as r(device_id integer, version integer, settings jsonb, confirm_within_s integer,
                                                      made_by text, note text, change_id bigint)
), added as (
    insert into device_setting_version (device_id, version, settings, confirm_within_s, made_by, note, change_id)
    select device_id, version, settings, confirm_within_s, made_by, note, change_id from given order by 1
    on conflict do nothing returning device_id, version
)
insert into device_setting_state as t (device_id, desired_version)
select device_id, version from added order by 1
on conflict (device_id) do update set desired_version = greatest(t.desired_version, excluded.desired_version)

-- unread
select s.device_id, d.kind, s.reported as document, s.reported_at,
       coalesce((select jsonb_object_agg(v.version, v.settings) from device_setting_version v
                  where v.device_id = s.device_id and v.version::text in (s.reported ->> 'version', t.desired_version::text)), '{}') as versions
  from device_status s
  join device d using (device_id)
  left join device_setting_state t using (device_id)
 where s.reported is not null and s.reported_at is distinct from t.reported_at
 order by s.reported_at limit %(limit)s

-- note
insert into device_setting_state as t (device_id, reported_at, reported_version, state, about_version, confirm, reasons, differs, unknown,
                                       unused, settings, firmware, boot, parts, faults)
select r.device_id, r.reported_at, r.version, r.state, r.about, r.confirm, r.reasons, r.differs, r.unknown, r.unused, r.settings, r.firmware,
       r.boot, r.parts, r.faults
  from jsonb_to_recordset(%(rows)s) as r(
       device_id integer, reported_at timestamptz, version integer, state text, about integer, confirm boolean, reasons text[], differs text[],
       unknown text[], unused text[], settings jsonb, firmware text, boot bigint, parts text[], faults text[])
 order by 1
on conflict (device_id) do update set
    since = case when (t.reported_version, t.state, t.about_version) is distinct from
                      (excluded.reported_version, excluded.state, excluded.about_version) then excluded.reported_at else t.since end,
    reported_at = excluded.reported_at, reported_version = excluded.reported_version, state = excluded.state,
    about_version = excluded.about_version, confirm = excluded.confirm, reasons = excluded.reasons, differs = excluded.differs,
    unknown = excluded.unknown, unused = excluded.unused, settings = excluded.settings, firmware = excluded.firmware,
    boot = excluded.boot, parts = excluded.parts, faults = excluded.faults

-- outgoing
-- A device that says it has an older one than the broker holds has missed it: it is sent again, some seconds apart.
select d.device_id, d.name, d.kind, d.shard, v.version, v.settings, v.confirm_within_s,
       t.confirm and t.about_version = v.version as confirmed
  from device_setting_state t
  join device d using (device_id)
  join device_setting_version v on v.device_id = t.device_id and v.version = t.desired_version
 where d.retired_at is null
   and (t.published_version < t.desired_version
        or t.confirm and t.about_version = t.desired_version and (t.confirmed_at is null or t.confirmed_at < t.reported_at)
        or t.reported_at > t.published_at + %(again_s)s * interval '1 second' and t.about_version < t.desired_version)
 order by t.confirm desc, d.device_id limit %(limit)s

-- sent
update device_setting_state t
   set published_version = r.version, published_at = clock_timestamp(),
       confirmed_at = case when r.confirmed then clock_timestamp() else t.confirmed_at end
  from jsonb_to_recordset(%(rows)s) as r(device_id integer, version integer, confirmed boolean)
 where t.device_id = r.device_id

-- follow_cadence
update device d set cadence_s = (t.settings ->> 'cadence_s')::integer
  from device_setting_state t
 where t.device_id = d.device_id and t.desired_version > 0 and t.state = 'applied' and t.about_version = t.reported_version
   and jsonb_typeof(t.settings -> 'cadence_s') = 'number' and (t.settings ->> 'cadence_s')::numeric between 1 and 86400
   and d.cadence_s <> (t.settings ->> 'cadence_s')::integer
