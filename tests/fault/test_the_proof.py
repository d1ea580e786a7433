"""The proof must be able to fail: rows taken out and put in behind the chain's back are found."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import psycopg
import pytest

from ops_api.verify.chain import Chain
from ops_api.verify.inject import INJECT
from ops_api.verify.measure import Load, Run
from tests.fakes.proof import evenly

pytestmark = [
    pytest.mark.fault,
    pytest.mark.usefixtures("quick_start"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

BOOT = 999_001


def spoil(dsn: str) -> int:
    """Take three stored readings out, put two in a second time; return how many were there."""
    with psycopg.connect(dsn) as conn:
        there = conn.execute("select count(*) from frog_reading where boot = %s", (BOOT,)).fetchone()
        assert there is not None
        if there[0] >= 5:
            first = "select ctid from frog_reading where boot = %s order by device_id, seq limit"
            conn.execute(f"delete from frog_reading where boot = %s and ctid in ({first} 3)", (BOOT, BOOT))  # type: ignore[arg-type]
            conn.execute(
                f"insert into frog_reading select * from frog_reading where ctid in ({first} 2)",  # type: ignore[arg-type]
                (BOOT,),
            )
        return int(there[0])


async def test_losses_and_doubles_behind_its_back_are_counted(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sabotage(chain: Chain, _hold_s: float, _rng: random.Random) -> str:
        async with asyncio.timeout(60):
            while await asyncio.to_thread(spoil, chain.dsn) < 5:
                await asyncio.sleep(0.05)
        return "sabotaged"

    monkeypatch.setitem(INJECT, "stop-db", sabotage)
    await chain.heal()
    load = Load(messages=2_000, rate=2_000.0, faults=evenly([("stop-db", 0.0)]), boot=BOOT)
    outcome = await Run(chain, load, tmp_path / "history", lambda _: None).play()
    verdict = outcome.verdict
    assert (verdict.created, verdict.committed) == (2_000, 1_997)
    assert (verdict.lost, verdict.receipted_missing, verdict.stored_twice) == (3, 3, 2)
    assert not outcome.passed
    assert len(verdict.examples) == 8
