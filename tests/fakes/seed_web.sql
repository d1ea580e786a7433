-- What ingest and rules would have written for a town on a frosty evening; :now is its end.
-- Devices, homes, roads and bins are there already (store_registry).

-- readings
update device set cadence_s = 600 where kind = 'frog';
insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, wall_temperature_c, battery_v, quality, received_at)
select t, d.device_id, row_number() over (partition by d.device_id order by t), 1,
       case when d.name = 'frog-0001' then 16.8 else 19.5 + (d.device_id % 5) * 0.4 end
         + 1.6 * sin((extract(hour from t) + extract(minute from t) / 60 - 10) / 24 * 2 * pi()) + 0.15 * sin(d.device_id * 12.9898 + extract(epoch from t) / 700),
       least(96, case when d.name = 'frog-0001' then 70 else 44 + d.device_id % 14 end
         - 4 * sin((extract(hour from t) - 9) / 24 * 2 * pi())
         + 16 * exp(-power((extract(hour from t) + extract(minute from t) / 60 - 7.5) / 0.9, 2))
         + 11 * exp(-power((extract(hour from t) + extract(minute from t) / 60 - 18.2) / 1.2, 2))
         + 0.8 * sin(d.device_id * 78.233 + extract(epoch from t) / 500)),
       null, 3.1, 0, t + interval '2 seconds'
  from device d, generate_series(%(now)s::timestamptz - interval '49 hours', %(now)s, interval '10 minutes') t
 where d.kind = 'frog' and d.name <> 'frog-0004';
insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, battery_v, quality, received_at)
select t, d.device_id, row_number() over (partition by d.device_id order by t), 1,
       -1.6 + 4.5 * extract(epoch from %(now)s - t) / 43200 - (d.device_id % 7) * 0.35,
       0.2 + 3.5 * extract(epoch from %(now)s - t) / 43200, 94, 3.5, 0, t + interval '2 seconds'
  from device d, generate_series(%(now)s::timestamptz - interval '12 hours', %(now)s, interval '10 minutes') t
 where d.kind = 'road';
insert into weather_reading (ts, device_id, seq, boot, air_temperature_c, humidity_pct, wind_speed_m_s, cloud_oktas, precipitation_mm_h, quality, received_at)
select t, d.device_id, row_number() over (partition by d.device_id order by t), 1, 0.4 + 3.5 * extract(epoch from %(now)s - t) / 43200, 93, 1.4, 1, 0, 0, t + interval '2 seconds'
  from device d, generate_series(%(now)s::timestamptz - interval '12 hours', %(now)s, interval '10 minutes') t
 where d.kind = 'weather';
insert into bin_reading (ts, device_id, seq, boot, distance_mm, temperature_c, battery_pct, quality, received_at)
select t, d.device_id, row_number() over (partition by d.device_id order by t), 1,
       b.empty_distance_mm - (b.empty_distance_mm - b.full_distance_mm) * (d.device_id * 37 % 100) / 100.0, 4, 88, 0, t + interval '3 seconds'
  from bin_site b join device d using (device_id), generate_series(%(now)s::timestamptz - interval '6 hours', %(now)s, interval '30 minutes') t;

-- states
insert into subject_state (subject_kind, subject, at, state)
select 'home', h.code, %(now)s, jsonb_build_object(
         'temperature_c', r.temperature_c, 'humidity_pct', r.humidity_pct,
         'dew_point_c', round((r.temperature_c - (100 - r.humidity_pct) / 5)::numeric, 1),
         'absolute_humidity_g_m3', 9.9,
         'surface_temperature_c', round((0.4 + h.temperature_factor * (r.temperature_c - 0.4))::numeric, 1),
         'surface_humidity_pct', case x.risk when 'high' then 91 when 'raised' then 79 else 62 end,
         'outdoor_temperature_c', 0.4, 'risk', x.risk,
         'message', 'If it stays like this for days, mould can grow.', 'humidity_limit_pct', 62,
         'since', case when x.risk = 'high' then to_char(%(now)s::timestamptz - interval '9 hours', 'YYYY-MM-DD"T"HH24:MI:SSOF') || ':00' end, 'device', d.name)
  from home h join home_device hd using (home_id) join device d using (device_id)
  join frog_latest r on r.device = d.name,
       lateral (select case when h.code = 'demo-damp-home' or h.home_id %% 17 = 5 then 'high'
                            when h.home_id %% 11 = 6 then 'raised' else 'low' end as risk) x
 on conflict do nothing;
insert into subject_state (subject_kind, subject, at, state)
select 'segment', s.segment_id, %(now)s, jsonb_build_object(
         'surface_temperature_c', v.rst, 'air_temperature_c', 0.4, 'dew_point_c', -0.6, 'frost_point_c', -0.5, 'humidity_pct', 93,
         'state', v.st, 'hazard', v.st in ('hoar', 'ice'),
         'reason', case v.st when 'ice' then 'Wet road at ' || v.rst || ' °C'
                             when 'hoar' then 'Surface ' || v.rst || ' °C, below the frost point −0.5 °C'
                             else 'Surface ' || v.rst || ' °C' end,
         'source', case when s.device_id is null then 'neighbour' else 'sensor' end)
  from (select s.*, rank() over (order by sky_view_factor desc, altitude_m) as coldness from road_segment s) s,
       lateral (select round((2.2 - 3.4 * sky_view_factor - case when bridge then 1.6 else 0 end
                  - (110 - altitude_m) / 40)::numeric, 1) as rst) r,
       lateral (select r.rst, case when bridge and r.rst < 0 then 'ice' when r.rst < -1.2 then 'hoar'
                  when r.rst < -0.4 then 'wet' when r.rst < 0.4 then 'damp' else 'dry' end as st) v;

-- flow
insert into ingest_batch (received_at, shard, readings, duplicates, dead_letters, kinds)
select t, 0, 55 + (extract(epoch from t)::bigint * 7 %% 31), case when extract(minute from t) = 12 then 2 else 0 end, 0, '{}'
  from generate_series(%(wall)s::timestamptz - interval '3 hours', %(wall)s::timestamptz - interval '1 second', interval '5 seconds') t;
insert into dead_letter (received_at, topic, device, kind, reason_code, reason, field, boot, seq, payload, payload_bytes)
select %(wall)s::timestamptz - n * interval '7 minutes', 'cityops/v1/03/road/road-007/reading', 'road-007', 'road', x.code, x.reason, x.field, 1, 1000 + n,
       convert_to(x.payload, 'UTF8'), length(x.payload)
  from generate_series(1, 9) n,
       lateral (select * from (values
         (0, 'sentinel', 'surface_temperature_c is 85: the value with which a DS18B20 reports a fault', 'surface_temperature_c', '{"ts":"2026-01-09T05:10:00Z","surface_temperature_c":85.0}'),
         (1, 'not_json', 'the message is not JSON', null, 'surface=-1.5;air=0.2'),
         (2, 'time_future', 'the time is in the year 2106', 'ts', '{"ts":"2106-02-07T06:28:15Z","surface_temperature_c":1.0}')
       ) v(which, code, reason, field, payload) where which = n %% 3) x;
update ingest_batch set dead_letters = 9 where batch_id = (select max(batch_id) from ingest_batch);
insert into rule_cursor (service, xid, event_time, updated_at) values ('rules', pg_current_xact_id(), %(now)s, %(wall)s)
on conflict (service) do update set event_time = excluded.event_time, updated_at = excluded.updated_at;

-- what is missing: readings began six hours ago; a road sensor lost 17 numbers, the quiet frog keeps 40
insert into ingest_batch (received_at, kinds) values (%(wall)s::timestamptz - interval '6 hours', '{}');
insert into device_sequence select device_id, 1, '{[1,73]}' from device where kind <> 'gritter' and name <> 'frog-0004';
update device_sequence set received = '{[1,1200],[1208,1300],[1311,1400]}', boot = 3829 where device_id = (select min(device_id) from device where kind = 'road');
insert into device_status (device_id, status, status_at)
select device_id, jsonb_build_object('online', name <> 'frog-0004', 'outbox', case when name = 'frog-0004' then 40 else device_id %% 2 end),
       %(wall)s::timestamptz - case when name = 'frog-0004' then interval '7 hours' else interval '4 minutes' end
  from device where kind <> 'gritter';

-- alarms
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason, inputs)
select 'damp.surface_humidity', 1, 'home', code, 'warning', %(now)s::timestamptz - interval '6 hours', label || ': damp wall', 'Cold wall over 80 %% for 6 h at ' || code || ', ' || label, '{"surface_humidity_pct": 91}'
  from home join subject_state on subject_kind = 'home' and subject = code where state ->> 'risk' = 'high';
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason, inputs)
select case state ->> 'state' when 'ice' then 'winter.ice' else 'winter.hoar_frost' end, 1, 'segment', subject,
       case state ->> 'state' when 'ice' then 'major' else 'warning' end, %(now)s::timestamptz - (row_number() over (order by subject)) * interval '4 minutes',
       case state ->> 'state' when 'ice' then 'Ice on ' else 'Hoar frost on ' end || s.street, state ->> 'reason', state
  from subject_state join road_segment s on s.segment_id = subject
 where subject_kind = 'segment' and (state ->> 'hazard')::boolean;
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)
values ('bins.fire', 1, 'bin', 'bin-0003', 'critical', %(now)s::timestamptz - interval '3 minutes', 'Fire in a bin, market place', '82 °C in the bin, up 40 °C in 6 minutes'),
       ('device.silent', 1, 'device', 'road-007', 'major', %(now)s::timestamptz - interval '52 minutes', 'road-007 is silent', 'No reading for 52 minutes; one is due every 10');
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, title, reason)
values ('device.silent', 1, 'device', 'bin-0001', 'warning', %(now)s::timestamptz - interval '9 hours', %(now)s::timestamptz - interval '7 hours', 'bin-0001 was silent', 'No reading for 26 hours');

-- diary
insert into diary_entry (home_id, at, activity, source)
select home_id, %(wall)s::timestamptz - x.back, x.activity, 'frog'
  from home, (values (interval '11 hours', 'shower'), (interval '35 hours', 'shower'), (interval '30 hours', 'washing'), (interval '25 hours', 'cooking')) x(back, activity)
 where code = 'demo-damp-home';
