-- What everybody may read: the role cityops_open and the schema sta_open, readings of devices that are no household's.
--
-- Plain views and no security barrier: a barrier would have every row sorted before a limit stops. The role is given
-- statements of ours with parameters only, and no function of its own.

drop schema if exists sta_open cascade;
create schema sta_open;
grant usage on schema sta_open to cityops_open;
do $$
declare
    kind text;
begin
    for kind in
        select left(c.relname, -length('_reading')) from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname like '%\_reading'
           and c.relname not in ('frog_reading', 'other_reading')
    loop
        execute format('create view sta_open.%I as select r.* from public.%I r join public.device d using (device_id) where not d.private',
                       kind || '_reading', kind || '_reading');
    end loop;
end $$;
create view sta_open.other_reading as select * from public.other_reading; -- of no device: made by people

-- Entities of SensorThings (docs/sensorthings.md): what is made of a household's device is not there.
create view sta_open.sta_thing as select thing_id, name, description, properties, device_id from public.sta_thing where not private;
create view sta_open.sta_location as select location_id, name, description, encoding, location, properties from public.sta_location where not private;
create view sta_open.sta_thing_location as
select x.thing_id, x.location_id from public.sta_thing_location x
  join public.sta_thing t on t.thing_id = x.thing_id and not t.private
  join public.sta_location l on l.location_id = x.location_id and not l.private;
create view sta_open.sta_history as
select h.history_id, h.thing_id, h.at, h.location_ids from public.sta_history h join public.sta_thing t using (thing_id) where not t.private;
create view sta_open.sta_sensor as select sensor_id, name, description, encoding, metadata, properties from public.sta_sensor;
create view sta_open.sta_property as select property_id, name, definition, description, properties from public.sta_property;
create view sta_open.sta_feature as
select feature_id, name, description, encoding, feature, properties from public.sta_feature where not private;
create view sta_open.sta_datastream as
select s.datastream_id, s.thing_id, s.sensor_id, s.property_id, s.source_id as device_id, s.kind, s.field, s.name, s.description, s.unit,
       s.observation_type, s.properties, s.feature_id, s.area_id, l.location as observed_area,
       -- Where observations of a field that need not be sent lie: from seen_since to seen_until, and behind fresh_from those that
       -- sta_sync() may not have looked at, as far back as the batches since then go. Null: nobody knows.
       least(n.since, case when n.until is not null then c.since end) as seen_since, n.until + interval '1 hour' as seen_until,
       case when n.until is not null
            then greatest(n.until + interval '1 hour', least(k.at - interval '30 minutes', c.since - interval '1 second')) end as fresh_from
  -- A Thing of people's may stand where a device stood that is a household's by now.
  from public.sta_datastream s left join public.sta_location l on l.location_id = s.area_id and not l.private
  left join public.sta_seen n on n.datastream_id = s.datastream_id left join public.sta_looked k on k.kind = s.kind
  left join (select l.kind, min((b.kinds -> l.kind ->> 'min_ts')::timestamptz) as since
               from public.sta_looked l join public.ingest_batch b on b.received_at >= l.at - interval '1 minute' and b.kinds ? l.kind
              -- Who asks waits for a look that is older than five minutes; with these ten the planner knows that it is few rows.
              where b.received_at > now() - interval '10 minutes' group by l.kind) c on c.kind = s.kind
 where not s.private;
create view sta_open.sta_extra as
select x.datastream_id, x.ts, x.result_time, x.valid_since, x.valid_until, x.quality, x.parameters, x.feature_id
  from public.sta_extra x join public.sta_datastream s using (datastream_id) where not s.private;

grant select on all tables in schema sta_open to cityops_open;
