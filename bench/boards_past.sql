-- What the platform and the rules wrote in the last days of `bench boards`: batches, states, alarms and their logs,
-- decisions, events, passes of gritters, nights' scores, statements. `bench.days` says how many. Only what is there once: run again,
-- it adds batches up to now and leaves the rest.

-- The first batch of all: what is older than it is not expected (health.began).
insert into ingest_batch (received_at, shard, readings, kinds)
select t, 0, 1, jsonb_build_object('frog', jsonb_build_object('rows', 1, 'min_ts', t - interval '1 second', 'max_ts', t - interval '1 second'))
  from (select now() - current_setting('bench.days')::int * interval '1 day' as t) x where not exists (select from ingest_batch);

-- Batches at batch_age_s = 0.1 s: as many as ten a second, or as messages come. Each is of what its time sent. Those of the last
-- `bench.batch_days` only: of a quarter there are 77 million, and boards read older ones from what is kept of them.
insert into ingest_batch (received_at, shard, readings, duplicates, dead_letters, kinds)
select t, 0, k.per_batch, (random() < 0.01)::int, (random() < 0.001)::int,
       jsonb_build_object('frog', jsonb_build_object('rows', k.per_batch - 1, 'min_ts', t - interval '2 seconds', 'max_ts', t - interval '0.2 seconds'),
                          'bin', jsonb_build_object('rows', 1, 'min_ts', t - interval '3 seconds', 'max_ts', t - interval '0.3 seconds'))
  from (select greatest(2, round(sum(1.0 / cadence_s) / least(10, sum(1.0 / cadence_s))))::int as per_batch,
               1 / least(10, sum(1.0 / cadence_s)) as every_s from device where kind not in ('gritter', 'lorry')) k
 cross join generate_series(greatest((select max(received_at) from ingest_batch) + interval '0.2 seconds',
                                     now() - current_setting('bench.batch_days')::int * interval '1 day'),
                            now(), k.every_s * interval '1 second') t;

insert into device_sequence (device_id, boot, received)
select device_id, 1, case when device_id % 20 = 0 then int8multirange(int8range(1, 9000), int8range(9010, 25920))
                          else int8multirange(int8range(1, 25920)) end
  from device on conflict do nothing;
insert into device_status (device_id, status, status_at)
select device_id, jsonb_build_object('online', true, 'boot', 1, 'firmware', '1.' || device_id % 4 || '.0', 'outbox', (device_id % 50 = 0)::int * 12, 'clk', 2),
       now() - device_id % 90 * interval '1 day' from device on conflict do nothing;

-- What is true now.
insert into subject_state (subject_kind, subject, at, state)
select 'home', code, now(), jsonb_build_object('temperature_c', 15 + home_id % 90 / 10.0, 'humidity_pct', 40 + home_id % 450 / 10.0,
       'dew_point_c', 10, 'surface_humidity_pct', 50 + home_id % 49, 'message', repeat('words of advice ', 12),
       'risk', (array['low', 'low', 'low', 'raised', 'high', 'unknown'])[1 + home_id % 6]) from home
union all
select 'segment', segment_id, now(), jsonb_build_object('surface_temperature_c', -2.5 + length(segment_id), 'dew_point_c', -1.0,
       'state', (array['hoar', 'wet', 'dry', 'ice'])[1 + from_node % 4], 'hazard', from_node % 4 = 0, 'source', 'sensor',
       'reason', repeat('below dew point and 0 °C ', 4)) from road_segment
union all
select 'route', route_id, now(), jsonb_build_object('outcome', 'treat', 'spread_rate_g_m2', 10, 'treat_by', now() + interval '4 hours',
       'min_surface_temperature_c', -2.5, 'coldest_segment', 's3', 'segments_to_treat', 2, 'segments', 100, 'length_km', 25,
       'status', 'under_way', 'overdue', false, 'treated_segments', 1, 'treated_until', now() + interval '5 hours',
       'reason', 'hoar frost expected') from gritting_route
union all
select 'bin', bin_id, now(), jsonb_build_object('fill_pct', (device_id * 13) % 101, 'state', (array['ok', 'ok', 'full', 'overflowing'])[1 + device_id % 4],
       'needs_collection', device_id % 4 = 0, 'reason', 'threshold 80 %', 'last_emptied_at', now() - interval '3 days',
       'outlook', jsonb_build_object('rate_pct_day', 10 + device_id % 25, 'full_at', now() + device_id % 9 * interval '1 day',
                                     'strip', (select jsonb_agg(i) from generate_series(1, 60) i))) from bin_site
    on conflict do nothing;

-- Sixty alarms a day; each is answered and ends, but those of the last hours.
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, acknowledged_at, closed_at, title, reason, inputs)
select k.rule_id, 1, k.kind, k.subject || i % 300, k.severity, t, t + interval '4 hours',
       t + (5 + i % 90) * interval '1 minute', t + interval '1 day', 'Title of alarm ' || i, 'reason of the alarm in words ' || i, '{"value": 1, "limit": 2}'
  from (select row_number() over (order by t) as i, t
          from generate_series(now() - current_setting('bench.days')::int * interval '1 day', now() - interval '6 hours', interval '24 minutes') t) x
  join (values (0, 'winter.ice', 'route', 'r00', 'critical'), (1, 'winter.hoar_frost', 'route', 'r00', 'major'), (2, 'bins.full', 'bin', 'b00', 'info'),
               (3, 'bins.overflow', 'bin', 'b00', 'warning'), (4, 'damp.surface_humidity', 'home', 'bench-', 'warning'),
               (5, 'device.silent', 'device', 'road-00', 'warning')) k(n, rule_id, kind, subject, severity) on k.n = x.i % 6
 where not exists (select from alarm);
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)
select 'bins.full', 1, 'bin', 'b' || to_char(i, 'FM00000'), (array['info', 'warning', 'major'])[1 + i % 3], now() - i * interval '25 minutes', 'Bin ' || i || ' is full', '96 %'
  from generate_series(1, 200) i where not exists (select from alarm where cleared_at is null);
insert into alarm_log (alarm_id, at, actor, what, detail, planned_at)
select a.alarm_id, a.raised_at + w.after * interval '1 minute', w.actor, w.what, w.detail::jsonb, now()
  from alarm a cross join (values (0, 'engine', 'raised', '{"severity": "major", "reason": "in words"}'), (0, 'desk', 'told', '{"to": "on_call:winter", "kind": "raised"}'),
       (10, 'desk', 'told', '{"to": "role:manager", "kind": "escalated"}'), (20, 'person', 'acknowledged', '{"note": ""}'), (200, 'engine', 'severity', '{}'),
       (240, 'engine', 'cleared', '{}'), (240, 'desk', 'told', '{"kind": "cleared"}'), (1440, 'desk', 'closed', '{}')) w(after, actor, what, detail)
 where a.cleared_at is not null and not exists (select from alarm_log);
insert into notification (key, alarm_id, recipient, channel, kind, severity, title, body, not_before, expires_at, state, created_at, sent_at)
select 'k' || a.alarm_id || n, a.alarm_id, 'someone', (array['sms', 'email'])[n], 'raised', a.severity, a.title, a.reason, a.raised_at, a.raised_at + interval '1 hour',
       (array['sent', 'delivered', 'failed'])[1 + (a.alarm_id % 40 = 0)::int * 2], a.raised_at, a.raised_at + interval '3 seconds'
  from alarm a cross join generate_series(1, 2) n where not exists (select from notification);
insert into work_item (rule_id, rule_version, device, opened_at, due_at, done_at, title, reason)
select (array['quality.stuck', 'quality.battery', 'quality.drift', 'quality.completeness'])[1 + device_id % 4], 1, name, now() - device_id % 80 * interval '1 day',
       now() + interval '10 days', case when device_id % 60 < 30 then now() - device_id % 20 * interval '1 day' end, 'title', 'reason in words'
  from device where device_id % 30 = 0 and not exists (select from work_item);

-- Six decisions a route and night, one of bins a day.
insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)
select 'winter.gritting', 1, 'route', r.route_id, t, (array['treat', 'no_action', 'monitor'])[1 + extract(hour from t)::int % 3], 'reason in words',
       jsonb_build_object('segments', (select jsonb_agg(jsonb_build_object('id', i, 'c', 1.25)) from generate_series(1, 40) i)), '{"min_surface_temperature_c": -1.5}'
  from gritting_route r cross join generate_series(now() - current_setting('bench.days')::int * interval '1 day', now(), interval '4 hours') t
 where not exists (select from decision);
insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)
select 'bins.round', 2, 'route', 'bins', t, 'collect', '300 bins',
       jsonb_build_object('service_date', t::date, 'candidates', (select jsonb_agg(jsonb_build_object('bin_id', 'b' || i, 'must', i % 2 = 0, 'why', 'above 80 %')) from generate_series(1, 300) i))
  from generate_series(now() - current_setting('bench.days')::int * interval '1 day', now(), interval '1 day') t
 where not exists (select from decision where subject = 'bins');

-- A bin is emptied every three days; one in fifteen of these had overflowed. Stretches change their state twice a day.
insert into event (kind, subject_kind, subject, at, detail)
select 'bin_emptied', 'bin', b.bin_id, t + device_id % 4320 * interval '1 minute', jsonb_build_object('before_pct', 40 + device_id % 60, 'after_pct', 3, 'by', 'level', 'confidence', 0.98)
  from bin_site b cross join generate_series(now() - (current_setting('bench.days')::int + 3) * interval '1 day', now() - interval '3 days', interval '3 days') t
 where not exists (select from event);
insert into event (kind, subject_kind, subject, at, detail)
select 'bin_emptying_retracted', 'bin', subject, at, '{}' from event where kind = 'bin_emptied' and event_id % 200 = 0
   and not exists (select from event where kind = 'bin_emptying_retracted');
insert into event (kind, subject_kind, subject, at, detail)
select w.kind, 'bin', e.subject, e.at - w.before * interval '1 hour', jsonb_build_object('began_at', e.at - interval '5 hours', 'minutes', 300, 'ended_by', 'emptied')
  from event e cross join (values ('bin_overflow_began', 5), ('bin_overflow_ended', 0)) w(kind, before)
 where e.kind = 'bin_emptied' and e.event_id % 15 = 0 and not exists (select from event where kind = 'bin_overflow_ended');
insert into event (kind, subject_kind, subject, at, detail)
select 'segment_state', 'segment', segment_id, t, '{"from": "wet", "to": "hoar"}'
  from road_segment cross join generate_series(now() - current_setting('bench.days')::int * interval '1 day', now(), interval '12 hours') t
 where not exists (select from event where kind = 'segment_state');

-- Every second night all routes are treated.
insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)
select 'driven', g.segment_id, 'gritter-' || to_char(1 + right(g.route_id, 3)::int, 'FM00000'), n + from_node % 120 * interval '1 minute', 10, 0, 1, n, n, 0
  from road_segment g cross join generate_series(date_trunc('day', now()) - current_setting('bench.days')::int * interval '1 day' + interval '2 hours', now(), interval '2 days') n
 where not exists (select from treatment_pass);
insert into treatment_act (act_id, ref, route_id, decision_id, what, at, by, role, via, treatment, seen, link, thread, answers_at)
select row_number() over (), 'P' || decision_id, subject, decision_id, 'confirmed', decided_at + interval '7 minutes', 'officer', 'duty officer', 'web', '{"rate_g_m2": 10}',
       '{}', 'l' || decision_id, row_number() over (), decided_at
  from decision where outcome = 'treat' and not exists (select from treatment_act);
insert into winter_score (night, by, summary)
select n::date, 'timer', jsonb_build_object('night', n::date, 'routes', (select jsonb_agg(jsonb_build_object('route_id', route_id, 'label', label,
           'outcome', (array['hit', 'correct_rejection', 'correct_rejection', 'false_alarm'])[1 + priority], 'warned_s', extract(epoch from n), 'frost',
           '{"sensors": 12, "minimum_c": -1.5, "from_s": 1, "to_s": 2, "frost_h": 5, "hazard_h": 3, "hazard_from_s": 1700000000, "is_judged": true}'::jsonb, 'service',
           '{"due_km": 25, "in_time_km": 22, "late_km": 2, "late_km_min": 40, "untreated_km": 1, "untreated_hazard_h": 0.5, "salt_t": 2, "policy_t": 3}'::jsonb)) from gritting_route),
       'counts', '{"hits": 10, "misses": 0}'::jsonb, 'leads', (select jsonb_agg(jsonb_build_object('lead_h', h, 'errors', jsonb_build_object('n', 900, 'bias_c', 0.1, 'mae_c', h / 10.0, 'rmse_c', h / 8.0)))
           from generate_series(1, 24) h), 'minimum', '{"n": 500, "bias_c": -0.2, "mae_c": 0.7, "rmse_c": 0.9}'::jsonb,
       'below_zero', jsonb_build_object('n', 9000, 'brier', 0.08, 'climate', 0.2, 'bins', (select jsonb_agg(jsonb_build_array(900, i / 10.0, i / 10.0)) from generate_series(0, 9) i)),
       'notes', '["Route 9 has no sensor that measured"]'::jsonb)
  from generate_series(now() - current_setting('bench.days')::int * interval '1 day', now(), interval '1 day') n where not exists (select from winter_score);
insert into bin_statement (month, digest, sha256, answer, statement, document)
select m::date, 'd', 's', 'Yes: £ 120 less, between 40 and 200.', jsonb_build_object('answer', 'Yes', 'lines', (select jsonb_agg(jsonb_build_object('key', k, 'name', initcap(k), 'unit', '£',
           'better', 'less', 'actual', 900, 'fixed', 1020, 'difference', -120, 'low', -200, 'high', -40, 'verdict', 'less'))
           from unnest(array['collections', 'per_bin_week', 'wasted', 'km', 'hours', 'fuel', 'co2', 'overflow_min', 'full_min', 'overflow_days', 'service_level', 'complaints', 'running', 'sensors', 'in_all']) k),
       'rows', (select jsonb_agg(jsonb_build_object('bin_id', bin_id, 'label', label, 'days_known', 30, 'collections', 10, 'collections_fixed', 12, 'fill_pct', 71.5,
           'fill_fixed_pct', 55.1, 'litres', 2400, 'overflow_min', 12.5, 'overflow_fixed_min', 31.5)) from bin_site)), '\x00'
  from generate_series(date_trunc('month', now()) - interval '11 months', date_trunc('month', now()), interval '1 month') m where not exists (select from bin_statement);
insert into rule_cursor (service, xid, event_time) values ('rules', pg_current_xact_id(), now()) on conflict (service) do update set xid = excluded.xid, event_time = excluded.event_time;
insert into incident (incident_id, state, severity, title, services, made_at, opened_at, closed_at, changed_at, document)
select i, 'closed', 'major', 'Incident ' || i, array[(array['roads', 'bins', 'platform'])[1 + i % 3]], t, t, t + interval '5 hours', t, '{}'
  from (select row_number() over (order by t) as i, t
          from generate_series(now() - current_setting('bench.days')::int * interval '1 day', now() - interval '6 hours', interval '12 hours') t) x
 where not exists (select from incident);
insert into road_closure (segments, begins, ends, reason, at, by, role, via)
select array(select 's' || 1 + (i * 7 + n) % 300 from generate_series(1, 4) n), t, t + interval '9 hours', 'works', t, 'officer', 'r', 'web'
  from (select row_number() over (order by t) as i, t
          from generate_series(now() - current_setting('bench.days')::int * interval '1 day', now() - interval '6 hours', interval '8 hours') t) x
 where not exists (select from road_closure);
