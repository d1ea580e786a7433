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

    delete from sta_looked l where not p_kinds @> jsonb_build_array(jsonb_build_object('kind', l.kind));
    for k in select x.kind, x.fields from jsonb_to_recordset(p_kinds) x (kind text, fields jsonb) loop
        made := made + sta_sync_seen(k.kind, k.fields);
    end loop;
    perform sta_hide_all(); -- what became a household's while it was listed here
    if made > 0 then
        -- Who asks next would be planned for as if there were hardly any.
        analyze sta_thing, sta_location, sta_thing_location, sta_feature, sta_datastream, sta_seen;
    end if;
    return made;
end $$;

-- Where devices are. One that moves is where its newest reading was.
drop function if exists sta_places(jsonb); -- it returned less
create function sta_places(p_kinds jsonb) returns table (device_id integer, place jsonb, moves boolean, at timestamptz)
language plpgsql as $$
declare
    k record;
begin
    return query
    select d.device_id, sta_point(d.longitude_deg, d.latitude_deg), false, d.installed_at
      from device d join jsonb_to_recordset(p_kinds) x (kind text, moves boolean) using (kind)
     where not x.moves and d.latitude_deg is not null and d.longitude_deg is not null;
    for k in select x.kind from jsonb_to_recordset(p_kinds) x (kind text, moves boolean) where x.moves loop
        if to_regclass('public.' || quote_ident(k.kind || '_reading')) is not null then
            return query execute format('select d.device_id, sta_point(r.longitude_deg, r.latitude_deg), true, r.ts
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
        returning l.location_id, l.device_id, p.moves, p.at
    ), moved as (
        -- Of one that moves there is one Location, so its HistoricalLocation says since when it is there.
        update sta_history h set at = c.at from changed c join sta_thing t using (device_id)
         where c.moves and h.thing_id = t.thing_id and h.location_ids = array[c.location_id] and h.at <> c.at
    )
    insert into sta_history (thing_id, at, location_ids)
    select t.thing_id, now(), array[c.location_id] from changed c join sta_thing t using (device_id) where not c.moves;

    with place as materialized (select * from sta_places(p_kinds)), fresh as (
        insert into sta_location (name, description, location, device_id, private)
        select t.description, 'Where ' || d.name || case when p.moves then ' was last' else ' stands' end, p.place, d.device_id, d.private
          from place p join device d using (device_id) join sta_thing t using (device_id)
         where not exists (select from sta_location l where l.device_id = p.device_id) order by d.device_id
        returning location_id, device_id
    ), linked as (
        insert into sta_thing_location (thing_id, location_id)
        select t.thing_id, f.location_id from fresh f join sta_thing t using (device_id)
    )
    insert into sta_history (thing_id, at, location_ids)
    select t.thing_id, p.at, array[f.location_id]
      from fresh f join sta_thing t using (device_id) join place p using (device_id) order by t.thing_id;

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

-- Datastreams of fields that a device sent for the first time, and when such fields were first and last there. At first the newest
-- readings of each device are looked at, then those that came in since.
create or replace function sta_sync_seen(p_kind text, p_fields jsonb) returns integer
language plpgsql as $$
declare
    looked timestamptz := (select l.at from sta_looked l where l.kind = p_kind);
    source text := format('%I', p_kind || '_reading');
    times text;
    listed text;
    made integer;
begin
    select string_agg(format('min(r.ts) filter (where r.%1$I is not null) as %2$I, max(r.ts) filter (where r.%1$I is not null) as %3$I',
                             f.field, 'a_' || f.field, 'z_' || f.field), ', '),
           string_agg(format('(%L, r.%I, r.%I)', f.field, 'a_' || f.field, 'z_' || f.field), ', ') into times, listed
      from jsonb_to_recordset(p_fields) f (field text, required boolean) where not f.required;
    if times is null or to_regclass('public.' || source) is null then
        delete from sta_looked l where l.kind = p_kind; -- sta_open.sta_datastream reads batches since then
        return 0;
    end if;
    perform sta_came_late(p_kind, looked);
    execute format('
        with seen as materialized (
            select r.device_id, x.field, x.since, x.until
              from (select r.device_id, %1$s from %2$s group by r.device_id) r
             cross join lateral (values %3$s) x (field, since, until) where x.since is not null
        ), known as (
            update sta_seen s set since = least(s.since, n.since), until = greatest(s.until, n.until)
              from seen n join sta_datastream d on d.device_id = n.device_id and d.field = n.field
             where s.datastream_id = d.datastream_id and (n.since < s.since or n.until > s.until + interval ''1 hour'')
        )
        insert into sta_datastream (thing_id, sensor_id, property_id, device_id, kind, field, name, description, unit, observation_type,
                                    properties, area_id, feature_id, private)
        select t.thing_id, s.sensor_id, p.property_id, d.device_id, d.kind, f.field, d.name || '': '' || f.title, f.description, f.unit,
               f.observation_type, f.properties, l.location_id, o.feature_id, d.private
          from seen r
          join device d on d.device_id = r.device_id
          join jsonb_to_recordset($1) f (field text, title text, description text, unit jsonb, observation_type text, properties jsonb)
            on f.field = r.field
          join sta_thing t on t.device_id = d.device_id join sta_sensor s on s.kind = d.kind join sta_property p on p.title = f.title
          left join sta_location l on l.device_id = d.device_id left join sta_feature o on o.device_id = d.device_id
         where not exists (select from sta_datastream a where a.device_id = d.device_id and a.field = f.field)
         order by d.device_id, p.property_id', times, sta_came(p_kind, looked), listed) using p_fields;
    get diagnostics made = row_count;
    perform sta_sync_known(p_kind, p_fields);
    insert into sta_looked (kind, at) values (p_kind, now())
        on conflict (kind) do update set at = excluded.at where excluded.at > sta_looked.at + interval '50 seconds';
    return made;
end $$;

-- What is looked through, as an item of a "from" with the alias r.
create or replace function sta_came(p_kind text, p_looked timestamptz) returns text
language sql as $$
    select case when p_looked is null
        then format('device d cross join lateral (select * from %I x where x.device_id = d.device_id order by x.ts desc limit 50) r where d.kind = %L',
                    p_kind || '_reading', p_kind)
        else format('%I r where r.received_at >= %L::timestamptz and r.ts >= %L::timestamptz', p_kind || '_reading',
                    p_looked - interval '10 minutes', p_looked - interval '7 days') end
$$;

-- What came in that is older than what is looked through, as its batch tells: to find it all columnar chunks would have to be read, so
-- what it may have changed is no longer taken for known.
create or replace function sta_came_late(p_kind text, p_looked timestamptz) returns void
language plpgsql as $$
declare
    late record;
begin
    select min((b.kinds -> p_kind ->> 'min_ts')::timestamptz) as since, max((b.kinds -> p_kind ->> 'max_ts')::timestamptz) as until into late
      from ingest_batch b
     where b.received_at >= p_looked - interval '10 minutes' and (b.kinds -> p_kind ->> 'min_ts')::timestamptz < p_looked - interval '7 days';
    update sta_seen n set since = late.since from sta_datastream d
     where d.datastream_id = n.datastream_id and d.kind = p_kind and n.since > late.since;
    delete from sta_seen n using sta_datastream d
     where d.datastream_id = n.datastream_id and d.kind = p_kind and late.since is not null
       and n.until + interval '1 hour' < least(late.until, p_looked - interval '7 days');
end $$;

-- Looks up when fields of datastreams were first and last there of which that is not known yet: for half a second, the others next time.
create or replace function sta_sync_known(p_kind text, p_fields jsonb) returns void
language plpgsql as $$
declare
    began timestamptz := clock_timestamp();
    lot integer := 16;
    found integer;
    fields text[];
    there text;
begin
    select array_agg(f.field), string_agg(format('when %L then r.%I is not null', f.field, f.field), ' ') into fields, there
      from jsonb_to_recordset(p_fields) f (field text, required boolean) where not f.required;
    -- One that must be sent by now is looked after no longer.
    delete from sta_seen n using sta_datastream d where d.datastream_id = n.datastream_id and d.kind = p_kind and d.field <> all (fields);
    loop
        execute format('
            insert into sta_seen (datastream_id, since, until)
            select d.datastream_id, coalesce(a.ts, ''infinity''), coalesce(z.ts, ''-infinity'')
              from (select * from sta_datastream x where x.kind = %1$L and x.field = any ($1) and x.device_id is not null and not x.private
                       and not exists (select from sta_seen n where n.datastream_id = x.datastream_id)
                     order by x.datastream_id limit %2$s) d
              left join lateral (select r.ts from %3$I r where r.device_id = d.device_id and case d.field %4$s end order by r.ts limit 1) a on true
              left join lateral (select r.ts from %3$I r where r.device_id = d.device_id and case d.field %4$s end order by r.ts desc limit 1) z
                on true', p_kind, lot, p_kind || '_reading', there) using fields;
        get diagnostics found = row_count;
        exit when found < lot or clock_timestamp() - began > interval '0.5 seconds';
        lot := 2 * lot;
    end loop;
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

revoke all on function sta_sync(jsonb), sta_places(jsonb), sta_sync_places(jsonb), sta_sync_seen(text, jsonb), sta_came(text, timestamptz),
    sta_came_late(text, timestamptz),
    sta_sync_known(text, jsonb), sta_hide(), sta_hide_all() from public;
do $$ begin
    if exists (select from pg_roles where rolname = 'cityops_api') then
        grant execute on function sta_sync(jsonb) to cityops_api;
    end if;
end $$;
