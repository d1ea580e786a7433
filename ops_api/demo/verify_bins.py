"""Whether bins were collected as planned, with nothing left unsaid: a part of ``cityops demo --check``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import psycopg

from cityops.settings_rounds import RoundsSettings
from firmware_sim.world.collection import CrewAct
from ops_api.crews_book import request_of
from ops_api.demo.pace import FIRST_LORRY
from ops_api.demo.verify import Finding, at_least, at_most, exactly
from ops_api.queries import OneConnection
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.chain import broken
from rules.core.collection_acts.record import BIN, Act
from rules.rounds.morning import VIA
from rules.rounds.ports import Rounds
from rules.rounds.store import PostgresRounds

Connection = psycopg.AsyncConnection[Any]
FIRE_TOLD_MS = 1000

DUTY: LiteralString = """
with p as (insert into person (person, label, roles) values ('duty', 'Duty officer', '{duty_officer}')
           on conflict do nothing)
insert into contact (person, place, channel, address) values ('duty', 1, 'mail', 'duty@example.org')
on conflict do nothing
"""
PLANNED: LiteralString = "select day::text, version from round_plan order by day desc, version"
ALARMED: LiteralString = "select distinct subject from alarm where rule_id = 'bins.blocked'"
FIRES: LiteralString = """
select a.subject, round(1000 * extract(epoch from min(n.created_at) - r.received_at))::int as ms
from alarm a
join bin_site b on b.bin_id = a.subject
join device d using (device_id)
join bin_reading r on r.device_id = d.device_id and r.ts = a.raised_at
left join notification n on n.alarm_id = a.alarm_id
where a.rule_id = 'bins.fire'
group by a.subject, r.received_at
"""
BURNING_ON_ROUNDS: LiteralString = """
select count(*) from alarm a, decision d, jsonb_array_elements(d.result -> 'candidates') as c
where a.rule_id = 'bins.fire' and d.subject = 'bins' and c ->> 'bin_id' = a.subject
  and d.decided_at >= a.raised_at + interval '30 min' and d.decided_at < coalesce(a.cleared_at, 'infinity')
"""
MINUTES: LiteralString = """
select count(*) from event where kind = 'bin_overflow_ended' and (detail ->> 'minutes')::float8 > 0
"""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a day came to.

    Attributes:
        first, newest: plans of the day.
        acts: the book.
        said: what crews said in the world.
    """

    first: Rounds
    newest: Rounds
    acts: Sequence[Act]
    said: Sequence[CrewAct]

    @property
    def visited(self) -> set[str]:
        """Bins to which a crew came, whatever it found there."""
        return {a.ref.removeprefix(BIN) for a in self.acts if a.role == "crew"}

    @property
    def unsaid(self) -> set[str]:
        """Bins that had to be emptied, to which nobody came and of which no plan says why."""
        musts = {c.bin_id for p in (self.first, self.newest) for c in p.plan.made_from.candidates if c.must}
        told = {n.bin_id for n in self.newest.plan.not_collected if n.why}
        return musts - self.visited - told

    @property
    def forgotten(self) -> set[str]:
        """What crews said and the book has not."""
        return {request_of(a) for a in self.said} - {a.request_id for a in self.acts if a.request_id}


async def somebody_to_tell(conn: Connection) -> None:
    """Write down somebody who is told of alarms, so that messages wait to be sent."""
    await conn.execute(DUTY)


async def as_planned(
    conn: Connection, said: Sequence[CrewAct], zone: ZoneInfo, settings: RoundsSettings, least_bins: int
) -> list[Finding]:
    """Return whether a day's rounds were planned by themselves, driven, and told of.

    Args:
        conn: to the database.
        said: what crews said in the world.
        zone: of the town.
        settings: when days are planned.
        least_bins: so many bins at least are on the morning's plan.
    """
    lender = OneConnection(conn)
    days = await (await conn.execute(PLANNED)).fetchall()
    if not days:
        return [at_least("bins on the morning's plan", least_bins, 0)]
    versions = [version for day, version in days if day == days[0][0]]
    book, acts = PostgresRounds(lender), await PostgresActs(lender).chain()
    first, newest = await book.rounds(versions[0]), await book.rounds(versions[-1])
    day = Collected(first, newest, acts, said)
    return [*_planned(day, zone, settings, least_bins), *_told(day), *await _exceptions(conn, day)]


def _planned(day: Collected, zone: ZoneInfo, settings: RoundsSettings, least_bins: int) -> list[Finding]:
    made = datetime.fromtimestamp(day.first.at_s, zone)
    late_min = _minutes(made) - 60 * settings.plan_at.hour - settings.plan_at.minute
    before_min = 60 * FIRST_LORRY.hour + FIRST_LORRY.minute - _minutes(made) + late_min
    return [
        exactly("morning plans made by themselves", 1, int(day.first.via == VIA)),
        at_most(f"minutes from {settings.plan_at:%H:%M} to the plan", before_min, late_min),
        at_least("bins on the morning's plan", least_bins, len(day.first.plan.lorry_of)),
        exactly("must-go bins of which nobody says why they were not visited", 0, len(day.unsaid)),
        exactly(
            "bins on the plan to which no crew came", 0, len(set(day.newest.plan.lorry_of) - day.visited)
        ),
    ]


def _minutes(at: datetime) -> int:
    return 60 * at.hour + at.minute


def _told(day: Collected) -> list[Finding]:
    return [
        at_least("acts of crews", len(day.newest.plan.lorry_of), len(day.said)),
        exactly("of these not in the book", 0, len(day.forgotten)),
        exactly("links of the book that are broken", 0, len(broken(day.acts))),
    ]


async def _exceptions(conn: Connection, day: Collected) -> list[Finding]:
    alarmed = {row[0] for row in await (await conn.execute(ALARMED)).fetchall()}
    skipped = {a.ref.removeprefix(BIN) for a in day.acts if a.what == "blocked" and a.reason}
    fires = [row[1] for row in await (await conn.execute(FIRES)).fetchall()]
    slowest = max((FIRE_TOLD_MS * 100 if ms is None else ms for ms in fires), default=FIRE_TOLD_MS * 100)
    return [
        at_least("blocked bins skipped with a reason and alarmed", 1, len(skipped & alarmed)),
        at_most("milliseconds from a fire's reading to the outbox", FIRE_TOLD_MS, slowest),
        exactly("burning bins put on a round", 0, await _count(conn, BURNING_ON_ROUNDS)),
        at_least("overflows told in minutes", 1, await _count(conn, MINUTES)),
    ]


async def _count(conn: Connection, query: LiteralString) -> int:
    row = await (await conn.execute(query)).fetchone()
    return 0 if row is None else int(row[0])
