"""A town for ``bench wall``: everything that the wall shows, on a frosty evening, and what changes in it as time goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from devices.registry import Registry
from firmware_sim.world.town import TownSizes, generate_town

HOUR = timedelta(hours=1)
SIZES = {
    "demo": TownSizes(),
    "large": TownSizes(homes=200, road_sensors=400, weather_stations=40, bins=5000, gritters=20, segments=5000, routes=8),
}  # fmt: skip
"""``demo``: as ``cityops demo`` has it. ``large``: 10,000 stretches and bins on the map, and 60 stations and gritters."""

_STATES = """
insert into subject_state (subject_kind, subject, at, state)
select 'segment', segment_id, %(now)s, jsonb_build_object('surface_temperature_c', -1.0, 'source', 'neighbour', 'state',
    (array['dry', 'damp', 'wet', 'wet', 'hoar', 'ice', 'damp'])[1 + abs(hashtext(segment_id)) %% 7]) from road_segment;
insert into subject_state (subject_kind, subject, at, state)
select 'bin', bin_id, %(now)s, jsonb_build_object('state', case abs(hashtext(bin_id)) %% 20 when 0 then 'overflowing' when 1 then 'full'
    when 2 then 'full' when 3 then 'unknown' else 'ok' end) from bin_site;
insert into weather_reading (ts, device_id, seq, boot, air_temperature_c, humidity_pct, wind_speed_m_s, quality, received_at)
select %(now)s::timestamptz - interval '1 minute', device_id, 1, 1, -1.2 + device_id %% 5, 92, 2, 0, %(now)s from device where kind = 'weather';
insert into gritter_reading (ts, device_id, seq, boot, latitude_deg, longitude_deg, speed_m_s, spread_rate_g_m2, quality, received_at)
select %(now)s::timestamptz - interval '20 seconds', g.device_id, 1, 1, n.latitude_deg, n.longitude_deg, 8, 10 * (g.k %% 2), 0, %(now)s
from (select device_id, row_number() over (order by device_id) as k from device where kind = 'gritter') g
join (select latitude_deg, longitude_deg, row_number() over (order by hashtext(node_id::text)) as k from road_node) n using (k);
insert into ingest_batch (received_at, readings)
select t, 40 + extract(second from t)::int %% 17 from generate_series(%(now)s::timestamptz - interval '3 hours', %(now)s, interval '5 seconds') t;
insert into rule_cursor (service, xid, event_time, updated_at) values ('rules', pg_current_xact_id(), %(now)s, %(now)s)
on conflict (service) do update set event_time = excluded.event_time, updated_at = excluded.updated_at;
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)
select 'bins.full', 1, 'bin', bin_id, case when state ->> 'state' = 'overflowing' then 'major' else 'warning' end,
       %(now)s::timestamptz - (row_number() over (order by bin_id)) * interval '97 seconds', label || ': full', '92 %% full, over its limit of 80 %%'
from subject_state join bin_site on bin_id = subject where subject_kind = 'bin' and state ->> 'state' in ('full', 'overflowing') order by bin_id limit 120;
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)
select 'winter.ice', 1, 'route', route_id, case priority when 1 then 'critical' else 'major' end, %(now)s::timestamptz - priority * interval '11 minutes',
       label || ': ice', 'Wet road at −1.3 °C' from gritting_route order by priority limit 9;
insert into alarm_log (alarm_id, at, actor, what) select alarm_id, raised_at, 'engine', 'raised' from alarm;
insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)
select 'winter.gritting', 1, 'route', r.route_id, %(now)s::timestamptz - n * interval '25 minutes', case when n = 1 then 'treat' else 'monitor' end,
       'Ice expected', '{}', '{}' from gritting_route r, generate_series(1, 3) n;
insert into event (kind, subject_kind, subject, at, detail)
select 'bin_emptied', 'bin', bin_id, %(now)s::timestamptz - row_number() over () * interval '3 minutes', '{}' from (select bin_id from bin_site order by bin_id desc limit 15) b
"""

_MINUTE = """
insert into ingest_batch (received_at, readings) values (clock_timestamp(), 60);
update rule_cursor set updated_at = clock_timestamp(), event_time = clock_timestamp();
update subject_state set state = state || '{"state": "wet"}', at = clock_timestamp()
where subject_kind = 'segment' and abs(hashtext(subject || %(tick)s)) %% 200 = 0;
update subject_state set state = state || jsonb_build_object('state', case when (%(tick)s::int + abs(hashtext(subject))) %% 2 = 0 then 'full' else 'ok' end), at = clock_timestamp()
where subject_kind = 'bin' and abs(hashtext(subject || %(tick)s)) %% 400 = 0;
update gritter_reading set ts = clock_timestamp(), latitude_deg = latitude_deg + 0.0002;
insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)
select 'bins.full', 1, 'bin', bin_id, 'warning', clock_timestamp(), label || ': full', '85 %% full'
from bin_site b where not exists (select from alarm a where a.subject = b.bin_id and a.cleared_at is null) order by bin_id offset %(tick)s::int limit 1;
insert into alarm_log (alarm_id, at, actor, what) select max(alarm_id), clock_timestamp(), 'engine', 'raised' from alarm;
update alarm set cleared_at = clock_timestamp() where alarm_id = (select min(alarm_id) from alarm where cleared_at is null and rule_id = 'bins.full');
select pg_notify('cityops_rules', '{}')
"""


def town(sizes: TownSizes) -> Registry:
    """Return the registry of a town."""
    return generate_town(1, sizes, datetime.now(UTC) - timedelta(days=60))


def fill(dsn: str) -> None:
    """Say how an evening stands in a database that knows a town."""
    now = datetime.now(UTC)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("select ensure_partitions(%s, %s)", (now - HOUR * 48, now + HOUR * 48))
        _run(conn, _STATES, now=now)
        conn.execute("analyze")


def pass_by(conn: psycopg.Connection[tuple[object, ...]], tick: int) -> None:
    """Let some seconds of an evening happen: readings, states of a few roads and bins, an alarm that comes and one that goes."""
    _run(conn, _MINUTE, tick=str(tick))


def _run(conn: psycopg.Connection[tuple[object, ...]], statements: str, **values: object) -> None:
    for statement in statements.split(";\n"):
        conn.execute(statement.encode(), values, prepare=False)
