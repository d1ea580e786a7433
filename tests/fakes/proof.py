"""A run over a chain of real processes, judged to the message."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path

from ops_api.verify.chain import Chain
from ops_api.verify.faults import FIRST, LAST, Planned
from ops_api.verify.measure import Load, Outcome, Run

_BOOTS = itertools.count(1)
USUAL, MOMENT = 3_000, 6_000
"""Messages of a run of three seconds: a thousand a second, or two where a fault must meet a moment, as that between a
commit and its acknowledgement, and does so by chance. Longer runs have two thousand a second."""
FIGURES = "CITYOPS_TEST_FAULT_FIGURES"
"""Names a file to which each run's figures are added, for the table in docs/reliability.md."""


def evenly(faults: Sequence[tuple[str, float]], seed: int = 1) -> list[Planned]:
    """Plan (name, seconds it lasts) over a run."""
    step = (LAST - FIRST) / max(1, len(faults))
    return [Planned(FIRST + step * i, name, hold_s, seed + i) for i, (name, hold_s) in enumerate(faults)]


async def prove(
    chain: Chain,
    folder: Path,
    *faults: tuple[str, float],
    messages: int = USUAL,
    rate: float | None = None,
    seed: int = 1,
) -> Outcome:
    """Play the faults under load and assert that every reading is stored once; return the figures."""
    if rate is None:
        rate = 1_000.0 if messages <= USUAL else 2_000.0
    load = Load(messages=messages, rate=rate, faults=evenly(faults, seed), boot=next(_BOOTS), seed=seed)
    told: list[str] = []
    await chain.heal()  # whatever a test before it, which failed, has left
    outcome = await Run(chain, load, folder / "history", told.append).play()
    _note(outcome)
    verdict, words = outcome.verdict, "\n".join([*outcome.verdict.examples, *told, str(outcome)])
    assert verdict.created == verdict.committed + verdict.dead_lettered == messages, words
    assert verdict.stored_twice == 0, words
    assert verdict.lost == 0, words
    assert verdict.receipted_missing == 0, words
    assert outcome.passed, words
    assert len(outcome.faults) == len(faults)
    return outcome


def _note(outcome: Outcome) -> None:
    file = os.environ.get(FIGURES)
    if file:
        test = os.environ["PYTEST_CURRENT_TEST"].split(" ")[0]
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(json.dumps({"test": test, **outcome.as_dict()}) + "\n")
