-- A small town with a night of readings, states, alarms and decisions, for queries to run on.
-- now() is the end of the night. Ten homes, six road sensors, two stations, two gritters, eight bins, two lorries.

insert into device (name, kind, shard, label, latitude_deg, longitude_deg, cadence_s, installed_at)
select k.kind || '-' || to_char(i, 'FM000'), k.kind, i % 16, 'Label ' || k.kind || ' ' || i,
       51.45 + i * 0.002, -2.6 + i * 0.003, 600, now() - interval '30 days'
  from (values ('frog', 10), ('road', 6), ('weather', 2), ('gritter', 2), ('bin', 8), ('lorry', 2)) k(kind, n),
       lateral generate_series(1, k.n) i;

insert into home (code, label) select 'secret-code-' || i, 'Flat ' || i || ', Secret Street' from generate_series(1, 10) i;
insert into home_device (device_id, home_id, room)
select d.device_id, h.home_id, 'bedroom'
  from device d join home h on h.code = 'secret-code-' || ltrim(split_part(d.name, '-', 2), '0') where d.kind = 'frog';
insert into diary_entry (home_id, at, activity, note) select home_id, now(), 'shower', 'secret-note' from home;

insert into road_node select i, 51.45 + i * 0.002, -2.6 + i * 0.003 from generate_series(0, 6) i;
insert into depot values ('depot', 'Depot', 0, 500);
insert into gritting_route (route_id, label, depot_id, priority)
values ('r1', 'Route 1, O''Connell', 'depot', 1), ('r2', 'Route 2', 'depot', 2);
insert into road_segment (segment_id, street, road_class, from_node, to_node, length_m, width_m, bridge, route_id, device_id, geometry)
select 's' || i, 'Street ' || i, 'A', i - 1, i, 250, 7, i = 3, 'r' || (1 + i % 2), d.device_id,
       jsonb_build_array(jsonb_build_array(-2.6 + (i - 1) * 0.003, 51.45 + (i - 1) * 0.002),
                         jsonb_build_array(-2.6 + i * 0.003, 51.45 + i * 0.002))
  from generate_series(1, 6) i join device d on d.name = 'road-' || to_char(i, 'FM000');
insert into bin_site (bin_id, device_id, label, street, latitude_deg, longitude_deg, stream, empty_distance_mm, full_distance_mm, capacity_l)
select 'b' || right(name, 1), device_id, 'Bin ' || right(name, 1), 'High Street', latitude_deg, longitude_deg,
       case when device_id % 2 = 0 then 'litter' else 'dog' end, 1000, 200, 240
  from device where kind = 'bin';

insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, received_at)
select t, device_id, row_number() over (), 1, 18 + device_id % 4, 55 + device_id * 2 % 30, t + interval '1 second'
  from device, generate_series(now() - interval '20 hours', now(), interval '20 minutes') t where kind = 'frog';
insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, water_film_mm, surface_state, battery_v, received_at)
select t, device_id, row_number() over (), 1, 2 - extract(epoch from t - now() + interval '20 hours') / 14400 - device_id % 3,
       1, 92, 0.1, (extract(hour from t)::int + device_id) % 6, 3.6, t + interval '2 seconds'
  from device, generate_series(now() - interval '20 hours', now(), interval '10 minutes') t where kind = 'road';
insert into weather_reading (ts, device_id, seq, boot, air_temperature_c, humidity_pct, wind_speed_m_s, cloud_oktas, precipitation_mm_h, received_at)
select t, device_id, row_number() over (), 1, 1.5, 90, 2.5, 3, 0.0, t + interval '2 seconds'
  from device, generate_series(now() - interval '20 hours', now(), interval '10 minutes') t where kind = 'weather';
insert into gritter_reading (ts, device_id, seq, boot, latitude_deg, longitude_deg, speed_m_s, spread_rate_g_m2, salt_remaining_kg, received_at)
select t, device_id, row_number() over (), 1, 51.451, -2.599, 8, 10, 5000, t + interval '2 seconds'
  from device, generate_series(now() - interval '3 hours', now(), interval '5 minutes') t where kind = 'gritter';
insert into lorry_reading (ts, device_id, seq, boot, latitude_deg, longitude_deg, speed_m_s, load_kg, lifts_n, received_at)
select t, device_id, row_number() over (), 1, 51.452, -2.598, 6, 1500, 20, t + interval '2 seconds'
  from device, generate_series(now() - interval '3 hours', now(), interval '5 minutes') t where kind = 'lorry';
insert into bin_reading (ts, device_id, seq, boot, distance_mm, temperature_c, battery_pct, battery_v, received_at)
select t, device_id, row_number() over (), 1, 600, 6, 80, 3.5, t + interval '3 seconds'
  from device, generate_series(now() - interval '20 hours', now(), interval '30 minutes') t where kind = 'bin';

insert into device_sequence select device_id, 1, '{[1,9],[20,200]}' from device where kind <> 'frog';
insert into device_status (device_id, status, status_at) select device_id, '{"online": true, "outbox": 3, "firmware": "1.4.2", "clk": 2}', now() from device;
insert into ingest_batch (received_at, shard, readings, duplicates, dead_letters, kinds)
select t, 0, 50, 1, 1, jsonb_build_object('road', jsonb_build_object('rows', 50, 'min_ts', t - interval '30 seconds', 'max_ts', t))
  from generate_series(now() - interval '5 hours', now(), interval '1 minute') t;
insert into dead_letter (received_at, topic, device, kind, reason_code, reason, field, payload, payload_bytes)
select now() - i * interval '10 minutes', 'cityops/v1/00/frog/frog-001/reading', 'frog-001', 'frog', 'out_of_range',
       'secret-reason', 'humidity_pct', convert_to('secret-payload', 'UTF8'), 14 from generate_series(1, 5) i;

insert into subject_state (subject_kind, subject, at, state)
select 'home', code, now(), jsonb_build_object('temperature_c', 17.5 + home_id % 4, 'humidity_pct', 55 + home_id * 3 % 30,
       'dew_point_c', 10, 'surface_humidity_pct', 70 + home_id % 20, 'message', 'secret-message',
       'risk', (array['low', 'high'])[1 + home_id % 2]) from home
union all
select 'segment', segment_id, now(), jsonb_build_object('surface_temperature_c', -2.5, 'dew_point_c', -1.0, 'state', 'hoar',
       'hazard', true, 'source', 'sensor', 'reason', 'below dew point and 0 °C') from road_segment where segment_id <> 's6'
union all
select 'segment', 's6', now(), '{"state": "unknown", "hazard": false, "surface_temperature_c": null}'::jsonb
union all
select 'route', route_id, now(), jsonb_build_object('outcome', 'treat', 'spread_rate_g_m2', 10, 'treat_by', now() + interval '4 hours',
       'min_surface_temperature_c', -2.5, 'coldest_segment', 's3', 'segments_to_treat', 2, 'segments', 3, 'length_km', 0.75,
       'status', 'under_way', 'overdue', false, 'treated_segments', 1, 'treated_until', now() + interval '5 hours',
       'reason', 'hoar frost expected') from gritting_route
union all
select 'bin', bin_id, now(), jsonb_build_object('fill_pct', (device_id * 13) % 101,
       'state', (array['ok', 'full', 'overflowing'])[1 + device_id % 3], 'needs_collection', device_id % 2 = 0,
       'reason', 'threshold 80 %', 'last_emptied_at', now() - interval '3 days',
       'outlook', jsonb_build_object('rate_pct_day', 10 + device_id % 5, 'full_at', now() + interval '3 days')) from bin_site;

insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)
values ('damp.surface_humidity', 1, 'home', 'secret-code-1', 'warning', now() - interval '2 hours', 'secret-title', 'secret-reason'),
       ('winter.hoar_frost', 2, 'route', 'r1', 'major', now() - interval '3 hours', 'Route 1: hoar frost on Street 3', 'below dew point'),
       ('bins.full', 1, 'bin', 'b1', 'info', now() - interval '4 hours', 'Bin 1 is full', '96 %'),
       ('device.silent', 2, 'kind', 'road', 'major', now() - interval '1 hour', 'Road devices: a device is silent', 'no reading for 1 h');
insert into alarm_member (alarm_id, kind, subject, severity, joined_at, reason)
select alarm_id, case when rule_id = 'device.silent' then 'device' else 'segment' end,
       case when rule_id = 'device.silent' then 'road-002' else 's3' end, severity, raised_at, reason
  from alarm where subject_kind in ('route', 'kind');
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, title, reason)
values ('bins.fire', 2, 'bin', 'b2', 'critical', now() - interval '8 hours', now() - interval '7 hours', 'Bin 2 burns', '80 °C');
insert into incident (incident_id, state, severity, title, services, made_at, opened_at, closed_at, changed_at, document)
select n, 'open', 'critical', 'secret-title', array[s], now() - interval '8 hours', now() - interval '7 hours', now() - interval '2 hours',
       now(), '{"named": true, "owner": "secret-officer"}' from unnest(array['roads', 'bins', 'platform']) with ordinality x(s, n);
insert into road_closure (segments, begins, ends, reason, at, "by", role, via)
values ('{s1,s2}', now() - interval '9 hours', null, 'secret-reason', now(), 'secret-officer', 'duty officer', 'web');
insert into road_opening (closure_id, segments, at, "by", role, via)
select closure_id, '{s1,s2}', now() - interval '2 hours', 'secret-officer', 'duty officer', 'web' from road_closure;
insert into summary.ward (ward_id, label, homes, at_risk) values ('w1', 'Castle Ward', 40, 12), ('w2', 'Bridge Ward', null, null);
insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)
values ('winter.route', 1, 'route', 'r1', now() - interval '2 hours', 'treat', 'hoar frost expected', '{"min_surface_temperature_c": -2.5}'),
       ('winter.route', 1, 'route', 'r2', now() - interval '2 hours', 'no_action', 'stays above 2 °C', '{}'),
       ('bins.collection', 1, 'route', 'bins', now() - interval '6 hours', 'collect', '3 bins', '{"candidates": [{"bin_id": "b1", "must": true}, {"bin_id": "b2", "must": true}, {"bin_id": "b3", "must": false}], "separate": [], "service_date": "2026-01-09"}');
insert into event (kind, subject_kind, subject, at, detail)
values ('bin_emptied', 'bin', 'b1', now() - interval '5 hours', '{"before_pct": 96, "after_pct": 4}'),
       ('bin_emptied', 'bin', 'b2', now() - interval '5 hours', '{"before_pct": 88, "after_pct": 2}'),
       ('bin_emptied', 'bin', 'b1', now() - interval '17 hours', '{"before_pct": 70, "after_pct": 5}'),
       ('bin_emptied', 'bin', 'b3', now() - interval '6 hours', '{"before_pct": 50, "after_pct": 5}'),
       ('bin_emptying_retracted', 'bin', 'b3', now() - interval '6 hours', '{}'),
       ('bin_overflow_began', 'bin', 'b1', now() - interval '7 hours', '{"by": "level"}'),
       ('bin_overflow_ended', 'bin', 'b1', now() - interval '5 hours',
        jsonb_build_object('began_at', now() - interval '7 hours', 'minutes', 120, 'ended_by', 'emptied')),
       ('segment_state', 'segment', 's3', now() - interval '3 hours', '{"from": "wet", "to": "hoar"}');
insert into rule_cursor (service, xid, event_time) values ('rules', '3', now() - interval '90 seconds');

update alarm set acknowledged_at = now() - interval '30 minutes' where rule_id = 'bins.full';
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, title, reason)
values ('winter.ice', 1, 'route', 'r2', 'critical', now() - interval '9 hours', now() - interval '10 minutes', 'Route 2: ice', 'below 0 °C');
insert into alarm_log (alarm_id, at, actor, "by", what, detail)
select alarm_id, raised_at, 'engine', '', 'raised', '{"reason": "secret-reason"}'::jsonb from alarm
union all
select alarm_id, raised_at + interval '10 minutes', 'desk', '', 'told', '{"to": "secret-person", "kind": "escalated"}' from alarm
union all
select alarm_id, raised_at + interval '20 minutes', 'person', 'secret-officer', 'acknowledged', '{"note": "secret-note"}' from alarm
 where subject_kind in ('route', 'bin', 'home');
insert into notification (key, alarm_id, recipient, channel, kind, severity, title, body, not_before, expires_at, state, created_at, sent_at)
select 'k' || alarm_id, alarm_id, 'secret-person', 'sms', 'raised', severity, 'secret-title', 'secret-body', raised_at, now() + interval '1 day',
       case when rule_id = 'winter.ice' then 'failed' else 'sent' end, raised_at, raised_at + interval '4 seconds' from alarm;
insert into work_item (rule_id, rule_version, device, opened_at, due_at, title, reason)
values ('quality.stuck', 1, 'road-001', now() - interval '5 hours', null, 'Road 1 is stuck', 'the same for 6 h'),
       ('quality.battery', 1, 'frog-001', now() - interval '3 hours', now() + interval '10 days', 'secret-title', 'secret-reason: 4.4 V');
insert into treatment_act (act_id, ref, route_id, decision_id, what, at, "by", role, via, treatment, seen, link, thread, answers_at)
values (1, 'P1', 'r1', 1, 'confirmed', now() - interval '100 minutes', 'secret-officer', 'duty officer', 'web', '{"rate_g_m2": 10}',
        '{"note": "secret"}', 'link-1', 1, now() - interval '2 hours');
insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)
select w.what, s.segment_id, 'gritter-001', now() - interval '90 minutes' + i * interval '1 minute', 10, 0, 1, now(), now(), 0
  from generate_series(1, 6) i join road_segment s on s.segment_id = 's' || i
  join (values ('driven', 6), ('taken_back', 1)) w(what, upto) on i <= w.upto;
insert into winter_score (night, "by", summary)
select (now() - n * interval '1 day')::date, 'secret-officer', jsonb_build_object(
       'night', (now() - n * interval '1 day')::date, 'routes', jsonb_build_array(
           jsonb_build_object('route_id', 'r1', 'label', 'Route 1, O''Connell', 'outcome', 'hit', 'warned_s', extract(epoch from now()) - 9000,
               'frost', jsonb_build_object('sensors', 3, 'minimum_c', -2.5, 'hazard_h', 4, 'hazard_from_s', extract(epoch from now()) - 5000),
               'service', '{"due_km": 10, "in_time_km": 8, "late_km": 1, "late_km_min": 9, "untreated_km": 1, "untreated_hazard_h": 1, "salt_t": 2, "policy_t": 3}'::jsonb),
           jsonb_build_object('route_id', 'r2', 'label', 'Route 2', 'outcome', 'miss', 'warned_s', null,
               'frost', '{"sensors": 3, "minimum_c": -1.0, "hazard_h": 1, "hazard_from_s": null}'::jsonb,
               'service', '{"due_km": 0, "in_time_km": 0, "late_km": 0, "late_km_min": 0, "untreated_km": 0, "untreated_hazard_h": 0, "salt_t": 0, "policy_t": 0}'::jsonb)),
       'counts', '{"hits": 1, "misses": 1}'::jsonb, 'leads', '[{"lead_h": 1, "errors": {"n": 9, "bias_c": 0.1, "mae_c": 0.4, "rmse_c": 0.5}},
           {"lead_h": 2, "errors": {"n": 9, "bias_c": 0.2, "mae_c": 0.6, "rmse_c": 0.8}}]'::jsonb,
       'minimum', '{"n": 6, "bias_c": -0.3, "mae_c": 0.7, "rmse_c": 0.9}'::jsonb,
       'below_zero', '{"n": 90, "brier": 0.08, "climate": 0.2, "bins": [[50, 0.05, 0.04], [40, 0.95, 0.9]]}'::jsonb,
       'notes', '["Route 9 has no sensor"]'::jsonb)
  from generate_series(0, 1) n;
insert into bin_statement (month, digest, sha256, answer, statement, document)
values (date_trunc('month', now())::date, 'd', 's', 'Yes: £ 120 less, between 40 and 200.', '{"lines": [
    {"key": "in_all", "name": "Cost in all", "unit": "£", "better": "less", "actual": 900, "fixed": 1020, "difference": -120, "low": -200, "high": -40, "verdict": "less"},
    {"key": "overflow_min", "name": "Overflow minutes", "unit": "min", "better": "less", "actual": null, "fixed": null, "verdict": "not known"}]}', '\x00');
delete from road_reading where ts > now() - interval '2 hours' and device_id = (select device_id from device where name = 'road-002');
-- The day before, so that whatever time it is there is a day that is over.
insert into bin_reading (ts, device_id, seq, boot, distance_mm, battery_pct, battery_v, received_at)
select t, device_id, 100000 + row_number() over (), 1, 600, 80, 3.5, t + interval '3 seconds'
  from device, generate_series(now() - interval '30 hours', now() - interval '28 hours', interval '30 minutes') t where kind = 'bin';
insert into ingest_batch (received_at, shard, readings, kinds)
select t, 0, 8, jsonb_build_object('bin', jsonb_build_object('rows', 8, 'min_ts', t - interval '1 second', 'max_ts', t)) from (select now() - interval '30 hours' as t) x;
-- A bin that speaks LoRaWAN: two frames of twenty were heard by nobody.
insert into lorawan_source (name, protocol, transport, created_by) values ('chirp', 'chirpstack_v4', 'mqtt', 'gus');
insert into lorawan_codec (name, version, language, body, kind, created_by) values ('ours', 1, 'native', 'dragino-ldds75', 'bin', 'gus');
insert into lorawan_binding (dev_eui, device_id, codec_id, bound_by)
select 'a84041000181c061', (select min(device_id) from device where kind = 'bin'), codec_id, 'gus' from lorawan_codec;
insert into lorawan_session values ('a84041000181c061', 1790000000, 's', now() - interval '1 day', now(), 1, 20);
insert into device_sequence values ((select min(device_id) from device where kind = 'bin'), 1790000000, '{[1,9],[12,20]}');
insert into lorawan_device (dev_eui, source_id, first_seen_at, last_seen_at, uplinks, rssi_dbm, battery_pct, external_power, status_at)
select 'a84041000181c061', source_id, now() - interval '1 day', now(), 18, -97, 41, false, now() from lorawan_source;
