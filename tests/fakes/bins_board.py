"""A day of bin lorries on a seeded site: outlooks, a decision with candidates, a fleet, a plan, and two weeks of one bin's levels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from devices.registry import Registry
from firmware_sim.world.collection_streets import collection_sites
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.core.rounds.planner import Inserting
from rules.rounds.ports import Rounds
from rules.rounds.service import Asked, RoundDesk
from rules.rounds.store import PostgresRounds, PostgresRoundTown

ZONE = ZoneInfo("Europe/London")
POINTS = 14


def strip(now: datetime, fill: float, rate_day: float) -> dict[str, object]:
    """A week of a bin that fills evenly."""
    first = (now.astimezone(ZONE) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    middle = [min(250, round(fill + rate_day * (0.5 + k / 2))) for k in range(POINTS)]
    p = [0 if m < 80 else min(100, (m - 80) * 2) for m in middle]
    low, high = (
        [max(0, m - 5 - k) for k, m in enumerate(middle)],
        [min(250, m + 6 + 2 * k) for k, m in enumerate(middle)],
    )
    return {
        "from": first.astimezone(UTC).isoformat(), "step_h": 12, "median_pct": middle, "low_pct": low, "high_pct": high, "p_over_pct": p,
    }  # fmt: skip


def outlook(now: datetime, fill: float, rate_day: float) -> dict[str, object]:
    """What the engine would tell of such a bin."""
    full = now + timedelta(days=max(0.0, 100.0 - fill) / rate_day)
    return {
        "p_overflow": round(min(1.0, max(0.0, (fill - 40.0) / 60.0)), 4), "full_at": full.isoformat(),
        "full_from": (full - timedelta(hours=6)).isoformat(), "full_to": (full + timedelta(hours=12)).isoformat(),
        "service_at": (now + timedelta(hours=2)).isoformat(), "next_service_at": (now + timedelta(hours=26)).isoformat(),
        "service_fill_pct": round(min(100.0, fill + rate_day / 12), 1), "rate_pct_day": round(rate_day, 1), "learnt_from": "bin",
        "collect": False, "strip": strip(now, fill, rate_day),
    }  # fmt: skip


def fleet_of(town: Registry, now: datetime, lorries: int = 2) -> RoundFleet:
    """Lorries at the town's yards, on whose shift it is ``now``, whenever that is."""
    sites = collection_sites(town.nodes, town.depots)
    at = {n.node_id: (n.latitude_deg, n.longitude_deg) for n in town.nodes}
    streams = tuple(sorted({b.stream for b in town.bins}))
    (yard_lat, yard_lon), (tip_lat, tip_lon) = at[sites.yards[0]], at[sites.tip]
    return RoundFleet(
        depot=(DepotEntry(id="yard", latitude_deg=yard_lat, longitude_deg=yard_lon),),
        tip=(TipEntry(id="tip", latitude_deg=tip_lat, longitude_deg=tip_lon, opens="00:00", closes="24:00"),),
        lorry=tuple(
            RoundLorry(id=f"lorry-{k}", depot="yard", streams=streams, weight_t=7.5, height_m=2.8, width_m=2.2,
                        start=f"{now.astimezone(ZONE):%H}:00")
            for k in range(1, lorries + 1)
        ),
    )  # fmt: skip


async def told(dsn: str, now: datetime) -> None:
    """Give every bin an outlook, two of them trouble, and write the morning's decision."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        rows = await (
            await conn.execute(
                "select subject, state from subject_state where subject_kind = 'bin' order by subject"
            )
        ).fetchall()
        candidates = []
        for i, (bin_id, state) in enumerate(rows):
            fill = state["fill_pct"]
            state["condition"] = "blocked" if i == 1 else "ok"
            state["exceptions"] = (
                [{"code": "contaminated", "why": "the wrong waste is in it", "since": now.isoformat()}]
                if i == 2
                else []
            )
            state["outlook"] = None if fill is None else outlook(now, fill, 4.0 + i % 9 * 3.0)
            p = None if fill is None else state["outlook"]["p_overflow"]
            await conn.execute(
                "update subject_state set state = %s, at = %s where subject_kind = 'bin' and subject = %s",
                (Jsonb(state), now, bin_id),
            )
            if state["needs_collection"] or (p or 0.0) > 0.05:
                must = bool(state["needs_collection"])
                candidates.append({
                    "bin_id": bin_id, "must": must, "code": "full" if must else "may", "why": state["reason"] if must else f"{100 * (p or 0.0):.0f} % likely to overflow",
                    "p_overflow": p, "fill_pct": fill, "expected_fill_pct": fill, "litres": 2.0 * (fill or 50.0),
                })  # fmt: skip
        await conn.execute(
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
            " values ('bins.round', 1, 'route', 'bins', %s, 'collect', 'of the morning', %s)",
            (
                now - timedelta(minutes=5),
                Jsonb({"candidates": candidates, "service_date": now.date().isoformat()}),
            ),
        )


async def planned(dsn: str, town: Registry, now: datetime) -> Rounds:
    """Write the lorries down and plan the day."""
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        desk = RoundDesk(PostgresRounds(pool), PostgresRoundTown(pool), lambda *_: Inserting(), ZONE)
        await desk.put_fleet(fleet_of(town, now), "tests")
        return await desk.plan_today(Asked("tests", "officer", "tests", now.timestamp(), iterations=0))


async def measured(dsn: str, town: Registry, bin_id: str, now: datetime) -> None:
    """Give a bin two weeks of readings with emptyings on four mornings, and what a crew and a resident said."""
    site = next(b for b in town.bins if b.bin_id == bin_id)
    rng, level = np.random.default_rng(1), 20.0
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute(
            "select ensure_partitions(%s, %s)", (now - timedelta(days=15), now + timedelta(days=1))
        )
        [device_id] = await (
            await conn.execute("select device_id from device where name = %s", (site.device,))
        ).fetchone() or [0]
        await conn.execute("delete from bin_reading where device_id = %s", (device_id,))
        rows = []
        for h in range(14 * 24):
            at = now - timedelta(hours=14 * 24 - h)
            level = min(100.0, level + float(rng.gamma(0.3, 4.0)))
            if h % 84 == 60:
                await conn.execute(
                    "insert into event (kind, subject_kind, subject, at, detail) values ('bin_emptied', 'bin', %s, %s, %s)",
                    (
                        bin_id,
                        at,
                        Jsonb(
                            {
                                "before_pct": round(level, 1),
                                "after_pct": 4.0,
                                "confidence": 0.98,
                                "evidence": ["drop", "lorry"],
                            }
                        ),
                    ),
                )
                level = 4.0
            span_mm = site.empty_distance_mm - site.full_distance_mm
            rows.append(
                (
                    device_id,
                    at,
                    h + 1,
                    site.empty_distance_mm - span_mm * level / 100.0 + float(rng.normal(0, 6.0)),
                )
            )
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into bin_reading (device_id, ts, boot, seq, distance_mm, received_at) values (%s, %s, 1, %s, %s, now())",
                rows,
            )
        for n, (what, role, reason) in enumerate(
            ((2, "crew", "a van in front"), (5, "resident", "my name is on it")), start=1
        ):
            await conn.execute(
                "insert into collection_act (act_id, ref, what, at, by, role, via, reason, seen, link, recorded_at)"
                " values (%s, %s, %s, %s, 'somebody', %s, 'test', %s, '{}', %s, now())",
                (n, f"bin:{bin_id}", what, now - timedelta(days=n), role, reason, f"link-{n}"),
            )
