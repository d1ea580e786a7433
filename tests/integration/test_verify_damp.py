"""``cityops verify damp`` on a small town: readings, a process that analyses them, and what it says beside the truth."""

from __future__ import annotations

import psycopg

from ops_api.verify.damp_report import as_json, as_text
from ops_api.verify.damp_run import DampPlan, prove


async def test_a_small_towns_damp_homes_are_found_through_the_database(empty_dsn: str) -> None:
    said: list[str] = []
    plan = DampPlan(homes=12, days=15, seed=43)
    verdict = await prove(plan, empty_dsn, said.append)
    assert said[0] == "the same again: cityops verify damp --homes 12 --days 15 --seed 43 --mix kinds"
    assert said[1].startswith("52,560 readings of 12 homes and 15 days are stored, 0 refused")
    found = as_json(verdict)
    assert found["damp"] >= 3, found
    assert found["found"] >= found["damp"] - 1, "\n".join(as_text(verdict))
    assert found["false"] <= 1, "\n".join(as_text(verdict))
    assert all(h["risk"] is not None for h in found["each"])
    told = [h for h in found["each"] if h["risk"] != "low"]
    right = [h["cause"] for h in told if h["cause"] == h["true_cause"]]
    assert 2 * len(right) >= len(told), "\n".join(as_text(verdict))
    assert len(right) >= 4
    assert len(set(right)) >= 3  # not one word for all
    assert found["one_fault"] >= 3
    assert found["one_fault_named"] >= found["one_fault"] - 1, "\n".join(as_text(verdict))
    with psycopg.connect(empty_dsn) as conn:
        # By the ingester's own store: each reading once in the ledger.
        assert conn.execute("select count(*) from device_sequence").fetchone() == (13,)
