-- SensorThings as a resident sees it (docs/sensorthings.md): her own frogs and nothing else, in the schema my, by the names that
-- sta_open has. Readings are those of her stay (my.frog_reading). After households*.sql, which makes the schema.

create view my.sta_datastream with (security_barrier) as
select s.datastream_id, s.thing_id, s.sensor_id, s.property_id, s.source_id as device_id, s.kind, s.field, s.name, s.description, s.unit,
       s.observation_type, s.properties, s.feature_id, s.area_id, l.location as observed_area,
       null::timestamptz as seen_since, null::timestamptz as seen_until, null::timestamptz as fresh_from
  from public.sta_datastream s left join public.sta_location l on l.location_id = s.area_id
 where s.device_id = any ((select public.my_devices())::integer[]) and s.kind = 'frog';

create view my.sta_thing with (security_barrier) as
select thing_id, name, description, properties, device_id from public.sta_thing
 where device_id = any ((select public.my_devices())::integer[]);

create view my.sta_location with (security_barrier) as
select location_id, name, description, encoding, location, properties from public.sta_location
 where device_id = any ((select public.my_devices())::integer[]);

create view my.sta_thing_location with (security_barrier) as
select x.thing_id, x.location_id from public.sta_thing_location x join public.sta_thing t using (thing_id)
 where t.device_id = any ((select public.my_devices())::integer[]);

-- Where a frog was before it came into this home is somebody else's.
create view my.sta_history with (security_barrier) as
select h.history_id, h.thing_id, h.at, h.location_ids
  from public.sta_history h join public.sta_thing t using (thing_id) join public.home_device d on d.device_id = t.device_id
 where t.device_id = any ((select public.my_devices())::integer[]) and h.at >= d.since;

create view my.sta_sensor with (security_barrier) as
select sensor_id, name, description, encoding, metadata, properties from public.sta_sensor where kind = 'frog';

create view my.sta_property with (security_barrier) as
select property_id, name, definition, description, properties from public.sta_property where title is not null;

create view my.sta_feature with (security_barrier) as
select feature_id, name, description, encoding, feature, properties from public.sta_feature
 where device_id = any ((select public.my_devices())::integer[]);

create view my.sta_extra with (security_barrier) as
select datastream_id, ts, result_time, valid_since, valid_until, quality, parameters, feature_id from public.sta_extra where false;

grant select on my.sta_datastream, my.sta_thing, my.sta_location, my.sta_thing_location, my.sta_history, my.sta_sensor,
                my.sta_property, my.sta_feature, my.sta_extra to cityops_resident;
