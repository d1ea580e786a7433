"""Every table that tells of people, and those that do not: who adds one says here what becomes of it.

``tests/integration/test_reach.py`` compares both with an upgraded database. The record of processing in ``docs/privacy.md``
is made from this list; what deletes is ``ingest/erasure.sql`` and ``ingest/retention.sql``.
"""

from __future__ import annotations

from ops_api.privacy.core.model import Personal
from ops_api.privacy.core.reach_household import HOUSEHOLD
from ops_api.privacy.core.reach_staff import STAFF

_REPORTERS = (
    Personal(
        table="bin_reminder", of="reporter", what="address for reminders of bin days (mail or phone), the address's number",
        purpose="to remind of bin days, as was asked for", keep="until it is stopped by its own link; unconfirmed ones three days",
        how="deleted", names=("address",),
    ),
    Personal(
        table="collection_act", of="reporter", what="reports of full bins and missed collections, a word of why",
        purpose="to empty what was missed; evidence of what was collected", keep="for good",
        how="stays", names=("by",),
        why="acts hang in a chain that proves none was changed; who reports gives no name, and the form asks not to name anybody",
    ),
    Personal(
        table="crew_photo", of="anybody", what="pictures of bins and streets taken by crews, encoded anew without metadata",
        purpose="evidence of what could not be collected", keep="180 days (retention.crew_photo_days)", how="expires",
    ),
)  # fmt: skip

REACH: tuple[Personal, ...] = (*HOUSEHOLD, *_REPORTERS, *STAFF)

NOBODY = frozenset({
    # Places, things and what they measure.
    "backup_run", "bin_change", "bin_model", "bin_reading", "bin_revision", "bin_round", "bin_site", "depot", "gritter_reading",
    "gritting_route", "lorry_reading", "premises", "road_forecast", "road_forecast_issue", "road_map_print", "road_network", "road_node",
    "road_reading", "road_segment", "road_surface_reading", "thermal_map", "treatment_pass", "turn_ban", "ward", "weather_reading",
    # What SensorThings says of things that are no household's (the five tables with names of frogs are in the other list).
    "other_reading", "sta_extra", "sta_looked", "sta_property", "sta_seen", "sta_sensor", "sta_thing_location",
    # Versions of devices' program.
    "bundle_piece",
    # How far services are; counts.
    "damp_cursor", "incident_cursor", "ingest_batch", "lab_town", "retention_run", "rule_cursor", "schema_history", "watch_memory", "winter_record",
    "summary.ingest", "summary.kept", "summary.readings_day", "summary.told",
    # The audit's keys and cuts: no line.
    "audit_base", "audit_source_key",
})  # fmt: skip
"""Tables that tell of nobody."""


def by_table() -> dict[str, Personal]:
    """Return the list by table."""
    return {p.table: p for p in REACH}
