"""What queries of SensorThings read, as the server that ran them says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ops_api.sensorthings.store import Reader

BATCH = 1000
"""Rows of a columnar batch, which are unpacked together."""


@contextmanager
def explained(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Note what each query did: its plan with rows, as the server that ran it says."""
    plans: list[Any] = []
    run = Reader._run

    async def noting(self: Reader, text: str, params: Any) -> Any:
        if not text.startswith("explain"):
            found = await run(self, f"explain (analyze, format json) {text}", params)
            plans.append(found[0]["QUERY PLAN"][0]["Plan"])
        return await run(self, text, params)

    with monkeypatch.context() as patched:
        patched.setattr(Reader, "_run", noting)
        yield plans


def scanned(plan: Any) -> float:
    """Return how many rows of readings the scans of a plan gave, or threw away."""
    own = 0.0
    name = str(plan.get("Relation Name", ""))
    if "reading" in name or "hyper" in name:
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(scanned(part) for part in plan.get("Plans", ()))
