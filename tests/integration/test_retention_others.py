"""What was told, decided and changed goes at its age, in portions, and nothing else does."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from cityops.settings_retention import RetentionSettings
from ingest import retention
from ingest.retention import KEPT, Retention

AGES = "unnest(array[10, 20, 30, 400, 500]) age, lateral (select now() - make_interval(days => age)) a(at)"
"""Two are older than 100 days, three are not."""
SHORT = RetentionSettings(**dict.fromkeys(RetentionSettings.model_fields, 100))

OLD_AND_NEW = (
    "insert into event (kind, subject_kind, subject, at, created_at) select 'x', 'bin', 'b', at, at from " + AGES,
    "insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at, created_at)"
    " select 'r', 'p', 'bin', 'b', '1', 'a', 'r', at - interval '1 day', at, at from " + AGES,
    # Ended long ago by its own time, made today: a former night is being played.
    (
        "insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at)"
        " values ('r', 'p', 'bin', 'b', '1', 'a', 'r', '2020-01-01', '2020-01-02')"
    ),
    "insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived, state)"
    " select 'bin', 'b' || age, at, at, '{}', 1, at, at, 'same' from " + AGES,
    "insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived)"
    " select 'bin', 'b' || age, at, at, '{}', 1, at, at from " + AGES,
    "insert into catalogue_version (sha256, label, files, created_by) select 's' || n, 'l', '{}', 'x' from generate_series(1, 2) n",
    "insert into catalogue_log (at, catalogue_id, what, by) select at, 1, 'promoted', 'x' from " + AGES + " order by at",
    "insert into catalogue_log (at, catalogue_id, what, by) values (now() - interval '900 days', 2, 'promoted', 'x')",
    "insert into access_log (home_id, at, who, role, what, purpose) select 1, at, 'x', 'housing', 'x', 'x' from " + AGES,
    "insert into rule_cursor (service, updated_at) values ('rules', now()), ('still', now() - interval '101 days')",
    "insert into rule_checkpoint select 'rules', at, 'x' from " + AGES,
    "insert into rule_checkpoint values ('still', now(), 'x')",
    "insert into home (code, label) values ('ELM', 'x')",
    "insert into device (name, kind, shard, installed_at) values ('frog-1', 'frog', 0, now())",
    "insert into damp_day (home_id, device_id, day, begins_at, n, expected, hours, excess_hours, surface_hours, damp_hours_low,"
    " damp_hours, damp_hours_high, mould, mould_state, factor, factor_low, factor_high, rules, hour_c)"
    " select 1, 1, at, at, 1, 1, 1, 1, 1, 1, 1, 1, '{}', '', 0.7, 0.7, 0.7, '', '{1}' from " + AGES,
    "insert into moisture_event (home_id, device_id, started_at, peak_at, ended_at, activity, confidence, rise_g_m3, grams_low,"
    " grams, grams_high, full_air, aired, of_household, outdoor_known)"
    " select 1, 1, at, at, at, 'shower', 1, 1, 1, 1, 1, false, false, true, true from " + AGES,
    "insert into damp_finding (home_id, week, to_day, device_id, risk, evidence, advice, iso, standard, monthly, rules)"
    " select 1, at, at, 1, 'low', '{}', '{}', '{}', '{}', '{}', '' from " + AGES,
    "insert into weather_forecast (place, latitude_deg, longitude_deg, source, issued_at, from_at, hours, air_c, dew_point_c,"
    " wind_m_s, cloud, precipitation_mm_h, snow_mm_h, pressure_hpa, digest, received_at, by)"
    " select 'p', 0, 0, 's', at, at, 2, '{}', '{}', '{}', '{}', '{}', '{}', '{}', 'd' || age, at, 'x' from " + AGES,
    # Never less than six years, whatever is set.
    "insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm, recorded_at)"
    " select 'driven', 's', 'g', at, 10, 0, 1, at, at, 0, at - make_interval(days => 1740) from " + AGES,
    # Never less than 30 days.
    (
        "insert into collection_act (act_id, ref, what, at, by, role, via, seen, link, recorded_at) values"
        " (1, 'uprn:1', 4, now(), 'x', 'crew', 'x', '{}', 'l', now())"
    ),
    "insert into crew_photo (act_id, sha256, width, height, jpeg, kept_at)"
    " select 1, encode(sha256(age::text::bytea), 'hex'), 1, 1, age::text::bytea, at from " + AGES,
    "insert into lorawan_source (name, protocol, transport, created_by) values ('s', 'ttn_v3', 'mqtt', 'x')",
    "insert into lorawan_inbox (source_id, received_at, event_kind, idempotency_key, body, state, done_at)"
    " select 1, at, 'uplink', age::text, '', 'stored', at from " + AGES,
    # As dead letters, which are set for 90 days here.
    "insert into lorawan_inbox (source_id, received_at, event_kind, idempotency_key, body, state, reason_code, done_at)"
    " select 1, at, 'uplink', 'dead ' || age, '', 'dead', 'not_read', at from " + AGES,
    "insert into lorawan_downlink (dev_eui, what, f_port, payload, state, created_by, created_at)"
    " select '0000000000000001', 'x', 1, '\\x01', case age when 500 then 'queued' else 'sent' end, 'x', at from " + AGES,
    "insert into winter_record (night, made_at, pack_id, key_id, sha256, pack)"
    " select at::date, at - make_interval(days => 1740), '', '', '', '' from " + AGES,
)  # fmt: skip
LEFT = {
    "event": 3, "rule_override": 4, "late_window": 8, "catalogue_log": 4, "rule_checkpoint": 3,
    "damp_day": 3, "moisture_event": 3, "damp_finding": 3,
    "access_log": 3, "weather_forecast": 3, "treatment_pass": 4, "winter_record": 4, "crew_photo": 3,
    "lorawan_inbox": 6, "lorawan_downlink": 4,
}  # fmt: skip

ALARM = (
    "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, closed_at, title,"
    " reason, created_at) values ('r', 1, 'bin', %s, 'major', now(), %s, %s, 't', 'r', now() - interval '900 days')"
    " returning alarm_id"
)
OF_ALARM = (
    "insert into alarm_log (alarm_id, at, created_at, actor, what) values (%s, now(), now() - make_interval(days => %s), 'desk', 'x')",
    "insert into alarm_member (alarm_id, kind, subject, severity, joined_at) values (%s, 'bin', 'b', 'major', now())",
)
MESSAGE = (
    "insert into notification (key, alarm_id, log_id, recipient, channel, kind, severity, title, body, not_before, expires_at,"
    " state, fallback_of, bundled_in, created_at) values (%s, %s, %s, 'amira', 'sms', 'raised', 'major', 't', 'b', now(), now(), %s,"
    " %s, %s, now() - make_interval(days => %s)) returning notification_id"
)


class Tables:
    def __init__(self, pg: psycopg.AsyncConnection[Any]) -> None:
        self.pg = pg

    async def one(self, query: str, *params: object) -> Any:
        row = await (await self.pg.execute(query, params)).fetchone()  # type: ignore[call-overload]
        return None if row is None else row[0]

    async def count(self, table: str) -> int:
        return int(await self.one(f"select count(*) from {table}"))

    async def alarm(
        self, subject: str, last_line_days: int, *, cleared: bool = True, closed: bool = True
    ) -> int:
        old = "2020-01-01"
        number = await self.one(ALARM, subject, old if cleared else None, old if closed else None)
        await self.pg.execute(OF_ALARM[0], (number, last_line_days))
        await self.pg.execute(OF_ALARM[1], (number,))
        return int(number)

    async def message(
        self, key: str, days: int, state: str = "sent", alarm: int | None = None, log: int | None = None,
        over_from: int | None = None, within: int | None = None,
    ) -> int:  # fmt: skip
        number = await self.one(MESSAGE, key, alarm, log, state, over_from, within, days)
        await self.pg.execute(
            "insert into delivery_attempt (notification_id, attempt, verdict) values (%s, 1, 'sent')",
            (number,),
        )
        return int(number)


async def test_everything_goes_at_its_age_and_what_is_wanted_stays(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portions of two: each table takes several."""
    monkeypatch.setattr(retention, "PORTION", 2)
    tables = Tables(pg)
    for query in OLD_AND_NEW:
        await pg.execute(query)  # type: ignore[call-overload]
    await pg.execute("insert into home (code, label) values ('OAK', 'x')")
    for kind, subject in (
        ("home", "OAK"),
        ("home", "GONE"),
        ("device", "gone"),
        ("bin", "gone"),
        ("kind", "frog"),
    ):
        await pg.execute("insert into subject_state values (%s, %s, now(), '{}')", (kind, subject))
    gone = [await tables.alarm(f"gone {n}", 101) for n in range(5)]
    kept = [
        await tables.alarm("remark", 99),
        await tables.alarm("up", 900, cleared=False, closed=False),
        await tables.alarm("open", 900, closed=False),
        await tables.alarm("false alarm", 900, cleared=False),
    ]
    line = await tables.one("select log_id from alarm_log where alarm_id = %s", gone[0])
    bundle = await tables.message("bundle", 101)
    first = await tables.message("of one that goes", 1, "bundled", gone[0], line, within=bundle)
    await tables.message("over", 1, alarm=gone[0], over_from=first)
    await tables.message("young", 1, "bundled", kept[0], within=bundle)
    await tables.message("old", 101, alarm=kept[1])
    await tables.message("old and waits", 101, "pending", kept[2])
    dropped = await Retention(db_dsn, 90, kept=SHORT).drop()
    assert dropped.others == {
        "notification": 2, "alarm": 5, "event": 2, "override": 2, "late_window": 2, "catalogue_log": 2, "checkpoint": 3,
        "damp_hour": 2, "moisture_event": 2, "damp_day": 2, "damp_finding": 2, "access_log": 2, "weather_forecast": 2,
        "treatment_pass": 1, "winter_record": 1, "crew_photo": 2, "lorawan_event": 2, "lorawan_letter": 2, "lorawan_downlink": 1, "state": 3, "account": 0, "session": 0, "key": 0, "step": 0,
        "try": 0, "run": 0, "audit": 0,
    }  # fmt: skip
    assert {table: await tables.count(table) for table in LEFT} == LEFT
    alarms = await (await pg.execute("select alarm_id from alarm order by 1")).fetchall()
    assert [number for (number,) in alarms] == kept
    assert [await tables.count(t) for t in ("alarm_log", "alarm_member")] == [4, 4]
    messages = await (await pg.execute("select key, bundled_in from notification order by 1")).fetchall()
    assert messages == [("old and waits", None), ("young", None)]
    assert await tables.count("delivery_attempt") == 2
    again = await Retention(db_dsn, 90, kept=SHORT).drop()
    assert set(again.others.values()) == {0}


def test_every_age_has_what_goes_by_it_and_evidence_is_kept_by_years() -> None:
    kept = RetentionSettings()
    assert {f"{what}_days" for what in KEPT} | {"moved_out_days", "audit_days"} == set(
        RetentionSettings.model_fields
    )
    assert kept.alarm_days >= kept.notification_days >= 3 * 365
    assert kept.override_days >= kept.alarm_days, "an alarm is explained with the overrides of then"
