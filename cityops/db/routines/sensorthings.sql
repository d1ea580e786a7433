-- SensorThings' entities made from devices and kinds (docs/sensorthings.md). sta_sync() is called by the API at its start and
-- every minute; again and again it changes nothing. What people changed (names, descriptions, properties) stays as they left it.
--
-- p_kinds: [{kind, title, description, moves, fields: [{field, title, definition, description, unit, observation_type,
-- properties, required}]}], from the kinds' declarations. A field that need not be sent has a datastream once it was: one that is
-- always null would be looked for through all readings of its device.

create or replace function sta_sync(p_kinds jsonb) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n integer;
    made integer := 0;
    k record;
begin
    if not pg_try_advisory_xact_lock(hashtext('cityops.sta_sync')) then
        return 0;
    end if;
    insert into sta_sensor (name, description, encoding, metadata, kind)
    select x.title, x.description, 'application/schema+json', to_jsonb('/api/v1/kinds/' || x.kind || '/schema'), x.kind
      from jsonb_to_recordset(p_kinds) x (kind text, title text, description text)
     where not exists (select from sta_sensor s where s.kind = x.kind) order by x.kind;

    insert into sta_property (name, definition, description, title)
    select distinct on (f.title) f.title, f.definition, f.description, f.title
      from jsonb_to_recordset(p_kinds) x (fields jsonb),
           jsonb_to_recordset(x.fields) f (title text, definition text, description text)
     where not exists (select from sta_property p where p.title = f.title) order by f.title;

    insert into sta_thing (name, description, properties, device_id, private)
    -- A household's device says no more of itself than its name: what its label says is in one place only.
    select d.name, coalesce(case when not d.private then nullif(d.label, '') end, x.title),
           jsonb_build_object('kind', d.kind, 'cadence_s', d.cadence_s, 'installed_at', d.installed_at), d.device_id, d.private
      from device d join jsonb_to_recordset(p_kinds) x (kind text, title text) using (kind)
     where not exists (select from sta_thing t where t.device_id = d.device_id) order by d.device_id;
    get diagnostics n = row_count;
    made := made + n;

    perform sta_sync_places(p_kinds);

    insert into sta_datastream (thing_id, sensor_id, property_id, device_id, kind, field, name, description, unit, observation_type,
                                properties, area_id, feature_id, private)
    select t.thing_id, s.sensor_id, p.property_id, d.device_id, d.kind, f.field, d.name || ': ' || f.title, f.description, f.unit,
           f.observation_type, f.properties, l.location_id, o.feature_id, d.private
      from device d
      join jsonb_to_recordset(p_kinds) x (kind text, fields jsonb) using (kind)
      join jsonb_to_recordset(x.fields) f (field text, title text, description text, unit jsonb, observation_type text,
                                           properties jsonb, required boolean) on f.required
      join sta_thing t using (device_id) join sta_sensor s on s.kind = d.kind join sta_property p on p.title = f.title
      left join sta_location l on l.device_id = d.device_id left join sta_feature o on o.device_id = d.device_id
     where not exists (select from sta_datastream a where a.device_id = d.device_id and a.field = f.field)
     order by d.device_id, p.property_id;
    get diagnostics n = row_count;
    made := made + n;

    for k in select x.kind, x.fields from jsonb_to_recordset(p_kinds) x (kind text, fields jsonb) loop
        made := made + sta_sync_seen(k.kind, k.fields);
    end loop;
    perform sta_hide_all(); -- what became a household's while it was listed here
    if made > 0 then
        -- Who asks next would be planned for as if there were hardly any.
        analyze sta_thing, sta_location, sta_thing_location, sta_feature, sta_datastream;
    end if;
    return made;
end $$;

-- Where devices are. One that moves is where its newest reading was.
create or replace function sta_places(p_kinds jsonb) returns table (device_id integer, place jsonb, moves boolean)
language plpgsql as $$
declare
    k record;
begin
    return query
    select d.device_id, sta_point(d.longitude_deg, d.latitude_deg), false
      from device d join jsonb_to_recordset(p_kinds) x (kind text, moves boolean) using (kind)
     where not x.moves and d.latitude_deg is not null and d.longitude_deg is not null;
    for k in select x.kind from jsonb_to_recordset(p_kinds) x (kind text, moves boolean) where x.moves loop
        if to_regclass('public.' || quote_ident(k.kind || '_reading')) is not null then
            return query execute format('select d.device_id, sta_point(r.longitude_deg, r.latitude_deg), true
                from device d cross join lateral (select * from %I x where x.device_id = d.device_id order by x.ts desc limit 1) r
               where d.kind = %L', k.kind || '_reading', k.kind);
        end if;
    end loop;
end $$;

create or replace function sta_point(p_longitude double precision, p_latitude double precision) returns jsonb
language sql immutable as $$
    select jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(p_longitude, p_latitude))
$$;

-- Locations and features of devices that have a place.
create or replace function sta_sync_places(p_kinds jsonb) returns void
language plpgsql as $$
begin
    -- Where a household's device stands is known no longer than the registry says it.
    delete from sta_feature f using device d where f.device_id = d.device_id and d.private and d.latitude_deg is null;
    delete from sta_location l using device d where l.device_id = d.device_id and d.private and d.latitude_deg is null;
    with changed as (
        update sta_location l set location = p.place from sta_places(p_kinds) p
         where l.device_id = p.device_id and l.location is distinct from p.place and l.encoding = 'application/geo+json'
        returning l.location_id, l.device_id, p.moves
    )
    insert into sta_history (thing_id, at, location_ids)
    select t.thing_id, now(), array[c.location_id] from changed c join sta_thing t using (device_id) where not c.moves;

    with fresh as (
        insert into sta_location (name, description, location, device_id, private)
        select t.description, 'Where ' || d.name || case when p.moves then ' was last' else ' stands' end, p.place, d.device_id, d.private
          from sta_places(p_kinds) p join device d using (device_id) join sta_thing t using (device_id)
         where not exists (select from sta_location l where l.device_id = p.device_id) order by d.device_id
        returning location_id, device_id
    ), linked as (
        insert into sta_thing_location (thing_id, location_id)
        select t.thing_id, f.location_id from fresh f join sta_thing t using (device_id)
    )
    insert into sta_history (thing_id, at, location_ids)
    select t.thing_id, d.installed_at, array[f.location_id]
      from fresh f join sta_thing t using (device_id) join device d using (device_id) order by t.thing_id;

    insert into sta_feature (name, description, encoding, feature, location_id, device_id, private)
    select l.name, l.description, l.encoding, l.location, l.location_id, l.device_id, l.private
      from sta_location l
     where l.device_id is not null and not exists (select from sta_feature f where f.device_id = l.device_id)
     order by l.location_id;
    update sta_feature f set feature = l.location from sta_location l
     where f.location_id = l.location_id and f.device_id = l.device_id and f.feature is distinct from l.location;
    update sta_datastream s set area_id = l.location_id, feature_id = coalesce(s.feature_id, f.feature_id)
      from sta_location l left join sta_feature f on f.device_id = l.device_id
     where s.device_id = l.device_id and s.area_id is null;
end $$;

-- Datastreams of fields that a device sent for the first time; at first its newest readings are looked at, then those that came in since.
create or replace function sta_sync_seen(p_kind text, p_fields jsonb) returns integer
language plpgsql as $$
declare
    looked timestamptz := (select l.at from sta_looked l where l.kind = p_kind);
    seen text;
    made integer;
    source text := format('%I', p_kind || '_reading');
begin
    select string_agg(format('case when bool_or(r.%I is not null) then %L end', f.field, f.field), ', ') into seen
      from jsonb_to_recordset(p_fields) f (field text, required boolean) where not f.required;
    if seen is null or to_regclass('public.' || source) is null then
        return 0;
    end if;
    source := case when looked is null
        then format('device d cross join lateral (select * from %s x where x.device_id = d.device_id order by x.ts desc limit 50) r where d.kind = %L',
                    source, p_kind)
        else format('%s r where r.received_at >= %L::timestamptz and r.ts >= %L::timestamptz', source,
                    looked - interval '10 minutes', looked - interval '7 days') end;
    execute format('
        insert into sta_datastream (thing_id, sensor_id, property_id, device_id, kind, field, name, description, unit, observation_type,
                                    properties, area_id, feature_id, private)
        select t.thing_id, s.sensor_id, p.property_id, d.device_id, d.kind, f.field, d.name || '': '' || f.title, f.description, f.unit,
               f.observation_type, f.properties, l.location_id, o.feature_id, d.private
          from (select r.device_id, array[%s] as fields from %s group by r.device_id) r
          join device d on d.device_id = r.device_id
          join jsonb_to_recordset($1) f (field text, title text, description text, unit jsonb, observation_type text, properties jsonb)
            on f.field = any (r.fields)
          join sta_thing t on t.device_id = d.device_id join sta_sensor s on s.kind = d.kind join sta_property p on p.title = f.title
          left join sta_location l on l.device_id = d.device_id left join sta_feature o on o.device_id = d.device_id
         where not exists (select from sta_datastream a where a.device_id = d.device_id and a.field = f.field)
         order by d.device_id, p.property_id', seen, source) using p_fields;
    get diagnostics made = row_count;
    insert into sta_looked (kind, at) values (p_kind, now())
        on conflict (kind) do update set at = excluded.at where excluded.at > sta_looked.at + interval '5 minutes';
    return made;
end $$;

-- Like all policies they name no role (docs/adr/016-household-isolation.md).
drop policy if exists api_writes on sta_thing;
create policy api_writes on sta_thing using ((select current_user) = 'cityops_api' and not private);
drop policy if exists api_writes on sta_location;
create policy api_writes on sta_location using ((select current_user) = 'cityops_api' and not private);
drop policy if exists api_writes on sta_feature;
create policy api_writes on sta_feature using ((select current_user) = 'cityops_api' and not private);
drop policy if exists api_writes on sta_datastream;
create policy api_writes on sta_datastream using ((select current_user) = 'cityops_api' and not private);
drop policy if exists api_writes on sta_thing_location;
create policy api_writes on sta_thing_location using (exists (select from sta_thing t where t.thing_id = sta_thing_location.thing_id));
drop policy if exists api_writes on sta_history;
create policy api_writes on sta_history using (exists (select from sta_thing t where t.thing_id = sta_history.thing_id));

revoke all on function sta_sync(jsonb), sta_places(jsonb), sta_sync_places(jsonb), sta_sync_seen(text, jsonb), sta_hide(), sta_hide_all() from public;
do $$ begin
    if exists (select from pg_roles where rolname = 'cityops_api') then
        grant execute on function sta_sync(jsonb) to cityops_api;
    end if;
end $$;
