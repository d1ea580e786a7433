"""How roll-outs stand, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.fleet.core.reach import NOBODY, why_nobody, why_silence

Row = Mapping[str, Any]
STATES = ("confirmed", "trying", "staged", "fetching", "offered", "failed", "passed")


def stage_words(stage: Row) -> str:
    """Return a stage as people write it."""
    return (
        f"{stage['count']} device{'' if stage['count'] == 1 else 's'}"
        if stage.get("count") is not None
        else f"{stage['share'] * 100:g} %"
    )


def counts_words(counts: Mapping[str, int]) -> str:
    """Return how many devices stand how."""
    return (
        ", ".join(f"{counts[state]} {state}" for state in STATES if counts.get(state))
        or "nobody was offered it yet"
    )


def nobody_words(row: Row) -> str:
    """Return what is to be said loudly of a roll-out that reaches nobody: why, with counts; empty: it reaches somebody."""
    counts, reach = row["counts"], row["reach"]
    if row["state"] == "cancelled" or any(counts.get(s) for s in STATES if s != "offered"):
        return ""
    if row["state"] == "halted" and row["reason"].startswith(NOBODY):
        return str(row["reason"])
    if counts.get("offered"):
        return "" if reach is None else why_silence(reach, counts["offered"])
    if reach is None:  # it ended before there was this word for it
        return NOBODY
    return why_nobody(reach)


def status_lines(found: Mapping[str, Sequence[Row]]) -> list[str]:
    """Return the lines of ``cityops fleet update status``."""
    lines = [line for row in found["rollouts"] for line in _rollout(row)]
    if not lines:
        lines.append("no roll-outs")
    lines += [f"  failed, {row['reason']}: {row['devices']}" for row in found.get("reasons", ())]
    lines += [
        f"    {row['device']}: {row['reason']} (attempt {row['attempt']})" for row in found.get("failed", ())
    ]
    versions = [
        f"  {row['kind']}: {row['version'] or 'as installed'} (serial {row['serial']}): {row['devices']}"
        for row in found.get("versions", ())
    ]
    lines += ["what devices say they run:", *versions] if versions else []
    lines += [f"pinned: {row['device']}: {row['reason']}" for row in found.get("pins", ())]
    return lines


def _rollout(row: Row) -> list[str]:
    stages, stage = row["stages"], row["stage"]
    state = f"{row['state']}: {row['reason']}" if row["reason"] else row["state"]
    nobody = nobody_words(row)
    loud = [f"  ! {nobody}"] if nobody and nobody not in state else []
    return [
        f"{'! ' if nobody else ''}roll-out {row['rollout_id']}: {row['name']} {row['version']} (serial {row['serial']}), {state}",
        f"  stage {stage + 1} of {len(stages)} ({stage_words(stages[stage])}): {counts_words(row['counts'])}",
        *loud,
    ]
