"""Whether a demo did what its scenario promises and lost nothing: ``cityops demo --check``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from firmware_sim.world.script import Expectation


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison.

    Attributes:
        what: for a person.
        wanted, found: counts.
        passed: whether it is as it must be.
    """

    what: str
    wanted: str
    found: int
    passed: bool

    @property
    def line(self) -> str:
        """The finding in one line."""
        return f"{'✓' if self.passed else '✗'} {self.what}: {self.found} (wanted {self.wanted})"


def exactly(what: str, wanted: int, found: int) -> Finding:
    """Return a finding that passes where both are equal."""
    return Finding(what, str(wanted), found, wanted == found)


def at_least(what: str, wanted: int, found: int) -> Finding:
    """Return a finding that passes where enough was found."""
    return Finding(what, f"≥ {wanted}", found, found >= wanted)


def at_most(what: str, wanted: int, found: int) -> Finding:
    """Return a finding that passes where not too much was found."""
    return Finding(what, f"≤ {wanted}", found, found <= wanted)


async def stored(conn: psycopg.AsyncConnection[Any], tables: Iterable[str]) -> tuple[int, int]:
    """Return (rows, different (device, boot, sequence)) over the reading tables."""
    rows = distinct = 0
    for table in tables:
        query = sql.SQL("select count(*), count(distinct (device_id, boot, seq)) from {}").format(
            sql.Identifier(table)
        )
        row = await (await conn.execute(query)).fetchone()
        assert row is not None
        rows, distinct = rows + row[0], distinct + row[1]
    return rows, distinct


async def tally(
    conn: psycopg.AsyncConnection[Any], query: LiteralString, values: Sequence[object] = ()
) -> Mapping[str, int]:
    """Return the counts that a ``select name, count`` query gives."""
    cursor = await conn.execute(query, values)
    return {str(name): int(count) for name, count in await cursor.fetchall()}


ALARMED: LiteralString = """
select rule_id, count(*)
from (select rule_id from alarm where not is_group
      union all select a.rule_id from alarm_member m join alarm a using (alarm_id)) as subjects
group by 1
"""
"""Per rule how many subjects had an alarm: of a group its members count, however they were put together."""

MOST_MUSTS: LiteralString = """
select 'musts', coalesce(max((select count(*) from jsonb_array_elements(result -> 'candidates') c where (c ->> 'must')::boolean)), 0)
from decision where rule_id = 'bins.round'
"""
"""The most bins that had to go at once."""

OF_ONE_SUBJECT: LiteralString = """
select rule_id, max(n)
from (select rule_id, count(*) as n from alarm group by rule_id, subject_kind, subject) as alarms
group by 1
"""
"""Per rule the most alarms that one subject had."""

SET_ASIDE: LiteralString = """
select 'kept', count(*) from dead_letter where replayed_at is null
union all select 'counted', coalesce(sum(letters), 0) from dead_letter_overflow
"""


async def no_loss(
    conn: psycopg.AsyncConnection[Any], tables: Iterable[str], published: int, unreceipted: int
) -> list[Finding]:
    """Return whether each published reading is in the database once.

    Args:
        conn: connection to the database.
        tables: the reading tables.
        published: readings that the devices made and sent.
        unreceipted: readings still in an outbox.
    """
    rows, distinct = await stored(conn, tables)
    dead = await tally(conn, SET_ASIDE)
    return [
        exactly("published = committed + dead letters", published, rows + sum(dead.values())),
        exactly("stored more than once", 0, rows - distinct),
        exactly("left without a receipt", 0, unreceipted),
    ]


async def as_expected(conn: psycopg.AsyncConnection[Any], expect: Expectation) -> list[Finding]:
    """Return whether alarms, decisions, events and the round are what ``expect`` says."""
    alarms = await tally(conn, ALARMED)
    gritting = await tally(
        conn,
        "select outcome, count(*) from decision where subject_kind = 'route' and subject <> 'bins' group by 1",
    )
    events = await tally(conn, "select kind, count(*) from event group by 1")
    musts = await tally(conn, MOST_MUSTS)
    found = [at_least(f"alarms {rule}", n, alarms.get(rule, 0)) for rule, n in expect.alarms.items()]
    if expect.alarms_of_one_subject:
        most = await tally(conn, OF_ONE_SUBJECT)
        found += [
            at_most(f"alarms {rule} of one subject", n, most.get(rule, 0))
            for rule, n in expect.alarms_of_one_subject.items()
        ]
    found += [at_least(f"gritting decisions {o}", n, gritting.get(o, 0)) for o, n in expect.gritting.items()]
    found += [at_least(f"events {kind}", n, events.get(kind, 0)) for kind, n in expect.events.items()]
    if expect.gritting_any_of:
        matching = sum(gritting.get(o, 0) for o in expect.gritting_any_of)
        found.append(at_least(f"gritting decisions {' or '.join(expect.gritting_any_of)}", 1, matching))
    if expect.bins_to_collect:
        found.append(at_least("bins that must go", expect.bins_to_collect, musts["musts"]))
    if expect.dead_letters:
        dead = await tally(conn, SET_ASIDE)
        found.append(at_least("dead letters", expect.dead_letters, sum(dead.values())))
    return found
