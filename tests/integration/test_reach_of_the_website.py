"""Every table, view and function that the website's role reaches is in a list that says why nothing of a household comes out of it.

A new one fails here until somebody has said which it is; that what is said is so, ``test_injection.py`` tries with a marked home.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from devices.contract.kind import discover
from ops_api.queries.readings import OF_HOMES

pytestmark = pytest.mark.storage

HIDDEN = {
    "alarm", "alarm_log", "alarm_member", "decision", "device", "device_status", "event", "late_window", "lorawan_binding", "lorawan_device",
    "lorawan_downlink", "lorawan_inbox", "notification",
    "rule_override", "sta_datastream", "sta_feature", "sta_history", "sta_location", "sta_thing", "sta_thing_location",
    "subject_state", "work_item",
}  # fmt: skip
"""Tables with rows of homes or of their devices, which a policy hides."""
MASKED = {
    "alarm_log_shown", "alarm_member_shown", "alarm_shown", "dead_letter_shown", "home_named", "late_window_shown",
    "notification_shown", "rule_override_shown", "work_item_shown",
}  # fmt: skip
"""Views that show such rows without what is a household's."""
BARE = {
    "alarm_desk": "who of staff did what with an alarm",
    "alarm_log_head": "that something happened to an alarm, when and who did it",
    "alarm_timer": "when staff are told again",
    "dead_letter_overflow": "counts",
    "delivery_attempt": "how a sending went, in the channel's words",
    "device_group_member": "which devices are set together",
    "device_setting_state": "settings that a device says are in force, and why it did not take others",
    "device_setting_version": "what a device was told to be like",
    "setting_change": "what staff set of devices, and why",
    "device_named": "names and kinds of devices, without place or label",
    "health.gap": "numbers of messages that are missing",
    "health.ledger": "counts of messages",
    "health.lost_on_air": "numbers of frames that the air took",
    "health.outbox": "counts of messages",
    "ingest_batch": "counts and times by kind",
    "rollout_counts": "counts of devices by how their update stands",
    "rollout_device_shown": "how an update stands on a device, by its name",
    "update_pin": "which device, by number, keeps its version, and why staff want it",
    "update_version_counts": "counts of devices by version",
    "work_item_desk": "who of staff does a repair",
    "work_item_log": "what staff did about a device, and that its battery or sensor is bad",
}
"""Rows that a home's device may have made, with nothing in them that it measured and no name of a home."""
TOWN = {
    "backup_run", "bin_change", "bundle", "bundle_key", "bundle_piece", "bin_ledger_setting", "bin_model", "bin_revision", "bin_round", "bin_site", "bin_statement",
    "catalogue_log", "catalogue_version", "collection_act", "contact", "crew_photo", "depot", "device_group", "emergency_roster", "gritting_route",
    "incident", "incident_act", "incident_cursor", "incident_signal", "lorawan_codec", "lorawan_source_shown", "lab_fault", "lab_town", "lorry_service", "other_reading", "person", "premises",
    "retention_run", "road_closure", "road_forecast", "road_forecast_hour", "road_forecast_issue", "road_map_print", "road_network",
    "road_node", "road_opening", "road_segment", "rollout", "rollout_event", "rota_shift", "round_fleet", "round_lorry_service", "round_plan", "rule_cursor",
    "schema_history", "sta_extra", "sta_property", "sta_sensor", "thermal_map", "treated_state", "treatment_act", "treatment_pass",
    "turn_ban", "ward", "weather_forecast", "webhook", "what_if", "winter_plan", "winter_record", "winter_roster", "winter_score",
}  # fmt: skip
"""Of roads, bins, the weather, staff and the platform itself."""
FUNCTIONS = {
    "alarm_acknowledged": "adds, gives nothing",
    "audit_add": "adds, gives a number",
    "audit_failed": "adds, says whether",
    "audit_last": "a number and a digest",
    "audit_untold": "adds, gives a number",
    "consented": "whether a home, by number, shares something now",
    "diary_newest": "a number",
    "fleet_battery": "a battery and a time",
    "fleet_seen": "whether a device is connected or kept out, since when, its firmware's name, a count",
    "rollout_reach": "how many devices of a roll-out stand where: numbers only",
    "fleet_radio": "how a LoRaWAN sensor is heard, not by which gateway, and a battery",
    "fleet_status": "numbers and times of a device's clock and start",
    "health.began": "a time",
    "health.devices": "counts and times by device",
    "health.heard": "times by device",
    "health.policies": "jobs of the database",
    "health.reading_tables": "sizes",
    "health.reporting": "a count",
    "health.stored": "counts by device",
    "is_private": "whether a device is a household's",
    "lorawan_again": "a count, of no home's sensor",
    "lorawan_private": "whether a sensor is a household's",
    "lorawan_receive": "adds, says whether it was new",
    "lorawan_webhook": "the mark of a webhook's token",
    "my_devices": "devices of whose session's token it is told",
    "senml_receive": "adds, says whether it was new; of no home's device",
    "sta_sync": "makes entities of the registry, gives nothing",
}
"""Functions with their owner's rights, and all that comes out."""
SHADOW = {"shadow.run", "shadow.rule_cursor", "shadow.decision"}

REACHED = (
    "select case nspname when 'public' then '' else nspname || '.' end || relname, relrowsecurity from pg_class c"
    " join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p', 'v', 'm', 'f') and not relispartition"
    " and nspname !~ '^(pg_|_?timescaledb)' and nspname <> 'information_schema' and has_schema_privilege('cityops_api', n.oid, 'usage')"
    " and has_any_column_privilege('cityops_api', c.oid, 'select')"
)
CALLED = (
    "select distinct case nspname when 'public' then '' else nspname || '.' end || proname from pg_proc p"
    " join pg_namespace n on n.oid = pronamespace where prosecdef and nspname !~ '^(pg_|_?timescaledb)'"
    " and has_schema_privilege('cityops_api', n.oid, 'usage') and has_function_privilege('cityops_api', p.oid, 'execute')"
    " and prorettype <> 'trigger'::regtype and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
)


async def fetch(pg: psycopg.AsyncConnection[Any], query: str) -> list[tuple[Any, ...]]:
    return await (await pg.execute(query)).fetchall()


async def test_each_table_and_view_is_said_to_be_one_thing(pg: psycopg.AsyncConnection[Any]) -> None:
    reached = dict(await fetch(pg, REACHED))
    readings = {
        f"{k}_{s}" for k in discover() if k not in OF_HOMES for s in ("reading", "hourly", "daily", "latest")
    }
    said = [*HIDDEN, *MASKED, *BARE, *TOWN, *readings]
    assert len(said) == len(set(said))
    assert set(reached) - SHADOW - set(said) == set(), "say above what it is"
    assert {name for name in HIDDEN if not reached[name]} == set()
    assert not reached.keys() & {f"{k}_reading" for k in OF_HOMES}


async def test_a_table_that_is_hidden_has_a_policy_that_hides(pg: psycopg.AsyncConnection[Any]) -> None:
    """For the website's role, and none beside it that lets it in again."""
    policies: dict[str, list[str]] = {}
    for table, name, of in await fetch(
        pg,
        "select tablename, policyname, cmd from pg_policies where schemaname = 'public' and permissive = 'PERMISSIVE'",
    ):
        policies.setdefault(table, []).append(f"{name}:{of}")
    for table in HIDDEN:
        seen = {p for p in policies[table] if not p.endswith(":INSERT")}
        assert seen & {"homes_are_not_shown:ALL", "api_sees:SELECT"} or table.startswith("sta_"), table
        assert seen <= {"homes_are_not_shown:ALL", "api_sees:SELECT", "household:SELECT"} or table.startswith(
            "sta_"
        ), table


async def test_each_function_is_said_to_give_something_harmless(pg: psycopg.AsyncConnection[Any]) -> None:
    called = {name for (name,) in await fetch(pg, CALLED)}
    assert called - FUNCTIONS.keys() == set(), "say above what comes out"


async def test_a_view_of_the_tables_of_homes_is_found(pg: psycopg.AsyncConnection[Any]) -> None:
    """The look itself: what is granted by mistake is seen."""
    await pg.execute("create view slipped as select * from diary_entry")
    await pg.execute("grant select on slipped to cityops_api")
    assert "slipped" in dict(await fetch(pg, REACHED))
