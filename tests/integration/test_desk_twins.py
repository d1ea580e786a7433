"""The desk in PostgreSQL and the one in memory live through the same nights and agree."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg_pool import AsyncConnectionPool

from rules.core.desk import model as m
from rules.core.desk.commands import DeskRefusedError
from rules.core.desk.standing import replayed
from rules.desk.memory import MemoryDesk
from rules.desk.store import PostgresDesk
from tests.fakes.desk_alarms import alarm, escalations
from tests.integration.test_desk_store import Bench

ALARMS = (1, 2, 3)
WHO = ("ada", "bob")
KINDS = (0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 5, 6)
"""Of :func:`command`; closing is rare, as little happens after it."""


def night(rng: random.Random, steps: int) -> list[tuple[str, Any]]:
    """Return what happens: to which alarm, and what; the same for both desks."""
    cleared: set[int] = set()
    severity = dict.fromkeys(ALARMS, "major")
    found: list[tuple[str, Any]] = []
    for n in range(steps):
        which, by = rng.choice(ALARMS), rng.choice(WHO)
        what = rng.choice(
            ("time", "time", "desk", "desk", "ask", "ask", "ask", "severity", "flaps", "clears")
        )
        if what == "time":
            found.append(("time", rng.choice((1.0, 300.0, 600.0, 3600.0, 100_000.0))))
        elif what == "desk":
            found.append(("desk", None))
        elif what == "ask":
            found.append(("ask", (which, by, rng.choice(KINDS), f"r{n}")))
        elif which in cleared:
            continue
        elif what == "severity":
            new = rng.choice([s for s in ("info", "warning", "major", "critical") if s != severity[which]])
            found.append(
                ("happens", (which, "severity", {"severity": new, "before": severity[which], "reason": "x"}))
            )
            severity[which] = new
        elif what == "flaps":
            found.append(("happens", (which, "flapping", {"begins": rng.random() < 0.5, "changes": 3})))
        elif rng.random() < 0.2:
            cleared.add(which)
            found.append(("happens", (which, "cleared", {"reason": "Warm."})))
    return [*found, ("desk", None)]


def command(by: str, kind: int, request_id: str, now_s: float) -> m.Command:
    made: tuple[m.Command, ...] = (
        m.Acknowledge(by=by, note="n"), m.Unacknowledge(by=by), m.Assign(by=by, to="cy"), m.Comment(by=by, text="t"),
        m.Shelve(by=by, until_s=now_s + 7200, reason="salted"), m.Unshelve(by=by),
        m.Close(by=by, reason="done", verdict="test"),
    )  # fmt: skip
    return replace(made[kind], request_id=request_id)


async def live(bench: Bench, happenings: list[tuple[str, Any]]) -> dict[str, Any]:
    refused = []
    for n in ALARMS:
        await bench.raises(alarm(n))
    for what, detail in happenings:
        if what == "time":
            bench.now_s += detail
        elif what == "desk":
            await bench.until_done()
        elif what == "happens":
            which, name, fields = detail
            await bench.happens(which, name, **fields)
        else:
            which, by, kind, request_id = detail
            for _ in range(2):  # sent twice
                try:
                    await bench.ask(command(by, kind, request_id, bench.now_s), which)
                except DeskRefusedError as error:
                    refused.append(str(error))
    logs = {
        n: [replace(e, log_id=None, request_id=None) for e in await bench.desk.timeline(n)] for n in ALARMS
    }
    return {
        "refused": refused,
        "logs": {n: [(e.at_s, e.actor, e.by, e.what) for e in log] for n, log in logs.items()},
        "outbox": sorted(await bench.outbox()),
        "timers": await bench.all_timers(),
        "alarms": [await bench.ask(m.Comment(by="test", text="?"), n) for n in ALARMS],
        "replayed": [replayed(alarm(n), logs[n]) for n in ALARMS],
    }


@pytest.mark.parametrize("seed", range(4))
async def test_both_desks_agree_and_the_log_gives_the_alarm_again(db_dsn: str, seed: int) -> None:
    happenings = night(random.Random(seed), 120)
    in_memory = await live(Bench(MemoryDesk(escalations), None), happenings)
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True, options="-c timezone=UTC") as conn,
        AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool,
    ):
        stored = await live(Bench(PostgresDesk(pool, escalations), conn), happenings)
    for part, expected in in_memory.items():
        assert stored[part] == expected, part
    assert stored["replayed"] == stored["alarms"]
    assert len(stored["refused"]) > 5
    assert stored["outbox"]
