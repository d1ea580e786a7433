"""Explanations of stored alarms and decisions: rows in, words out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql

from ops_api.queries import Db, Row
from rules.catalogue.loader import SHIPPED
from rules.core.explain.alarm import explain_alarm
from rules.core.explain.catalogue_copy import CatalogueCopy, catalogue_copy
from rules.core.explain.decision import explain_decision, rows_of
from rules.core.explain.model import Explanation
from rules.core.explain.words import moment_of

QUALITY = """
select r.quality from {table} r join device d on d.device_id = r.device_id
where d.name = %(device)s and r.ts >= %(from)s and r.ts < %(to)s order by r.ts limit 1
"""
LOOKED_UP = 24


async def decision_row(db: Db, decision_id: int) -> Row | None:
    """Return a decision, None where there is none."""
    return await db.row("decision", decision_id=decision_id)


async def decision_explanation(
    db: Db, kinds: Iterable[str], decision: Row, zone: ZoneInfo, now: datetime
) -> Explanation:
    """Return a decision in words.

    Args:
        db: where its catalogue, overrides and readings are.
        kinds: names of the kinds that have readings.
        decision: its row.
        zone: times are said in it.
        now: as seen from then.
    """
    copy = await _catalogue(db, decision["catalogue_id"])
    at, scopes = decision["decided_at"], [decision["subject"]]
    overrides = await db.rows("overrides_then", rule_id=decision["rule_id"], scopes=scopes, at=at)
    inputs = decision["inputs"]
    qualities = await _qualities(db, kinds, [*rows_of(inputs, "segments"), *rows_of(inputs, "bins")])
    return explain_decision(decision, copy, overrides, zone, now.timestamp(), qualities)


async def alarm_explanation(
    db: Db, kinds: Iterable[str], alarm_id: int, zone: ZoneInfo, now: datetime
) -> Explanation | None:
    """Return an alarm in words, homes masked; None where there is none. Arguments as above."""
    alarm = await db.row("alarm_to_explain", alarm_id=alarm_id)
    if alarm is None:
        return None
    members = await db.rows("alarm_members_to_explain", alarm_id=alarm_id)
    copy = await _catalogue(db, alarm["catalogue_id"])
    first = members[0] if members else {"subject": None, "inputs": alarm["inputs"]}
    names = (alarm["scope"], alarm["home_id"], first["subject"], first["inputs"].get("device"))
    scopes = [s for s in names if s is not None]
    overrides = await db.rows(
        "overrides_then", rule_id=alarm["rule_id"], scopes=scopes, at=alarm["raised_at"]
    )
    qualities = await _qualities(db, kinds, [alarm["inputs"], *(m["inputs"] for m in members)])
    return explain_alarm(alarm, members, copy, overrides, zone, now.timestamp(), qualities)


@cache
def shipped_copy() -> CatalogueCopy:
    """Return the shipped catalogue: used where it was not yet recorded which one ran."""
    return catalogue_copy({p.name: p.read_text(encoding="utf-8") for p in SHIPPED.glob("*.toml")})


async def _catalogue(db: Db, catalogue_id: int | None) -> CatalogueCopy:
    row = None if catalogue_id is None else await db.row("catalogue_files", catalogue_id=catalogue_id)
    return shipped_copy() if row is None else catalogue_copy(row["files"])


async def _qualities(
    db: Db, kinds: Iterable[str], inputs: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], int]:
    """Return the quality of the readings that inputs name by device and time (told to the second)."""
    named = {(str(i["device"]), str(i["at"])) for i in inputs if i.get("device") and i.get("at")}
    if not named:
        return {}
    known, found = set(kinds), {}
    rows = await db.rows("kinds_of_devices", names=sorted({device for device, _ in named}))
    kind_of = {r["name"]: r["kind"] for r in rows}
    for device, at in sorted(named)[:LOOKED_UP]:
        kind, moment = kind_of.get(device), moment_of(at)
        if moment is None or kind not in known:
            continue
        query = sql.SQL(QUALITY).format(table=sql.Identifier(f"{kind}_reading"))
        read = await db.fetch(query, {"device": device, "from": moment, "to": moment + timedelta(seconds=1)})
        if read:
            found[device, at] = int(read[0]["quality"])
    return found
