"""What ``cityops verify damp`` says: the answer first, then tables, then each home that was judged wrongly. Pure."""

from __future__ import annotations

from typing import Any

from firmware_sim.world.home_remedies import REMEDIES
from ops_api.verify.damp_judge import DAMP_FROM, Case, Verdict

SAID = (*REMEDIES, "none", "unsure")
KIND_WORDS = {
    "ordinary": "ordinary",
    "cold_wall": "cold wall",
    "underheated": "can't be heated",
    "unaired": "hardly aired",
    "loaded": "much moisture",
    "town_damp": "several at once",
}


def as_text(v: Verdict) -> list[str]:
    """Return the report for a person."""
    lines = ["", headline(v), ""]
    lines += [*_shares(v), "", *_causes(v)] if v.found else []
    lines += ["", *_kinds(v)]
    wrong = [*v.missed, *v.false, *(c for c in v.found if not c.right)]
    if wrong:
        lines += ["", "Homes judged wrongly:", *(_case(c) for c in wrong)]
    verdict = "[green]as promised[/]" if v.passed else "[red]NOT as promised[/]"
    return [*lines, "", f"{verdict} (docs/damp.md says what that is)"]


def headline(v: Verdict) -> str:
    """Return the answer in one sentence."""
    return (
        f"{len(v.found)} of {len(v.damp)} damp homes found, {len(v.false)} of {len(v.others)} others named in vain; "
        f"{len(v.right)} of the {len(v.found)} found with the right cause"
    )


def _shares(v: Verdict) -> list[str]:
    """Return what softens or sharpens the answer about causes."""
    sure_right = sum(c.right for c in v.sure)
    lines = [
        f"  {len(v.named):>3} of {len(v.found):<3} true cause named, first or beside it",
        f"  {len(v.nearly):>3} of {len(v.found):<3} right, or mending it removes nine tenths of what the best remedy does",
        f"  {sure_right:>3} of {len(v.sure):<3} right where the finding is sure (confidence 0.8 or more)",
    ]
    if v.one_fault:
        made = sum(c.as_made for c in v.one_fault)
        lines.append(
            f"  {made:>3} of {len(v.one_fault):<3} homes made with one thing wrong: that thing named"
        )
    return lines


def _causes(v: Verdict) -> list[str]:
    head = f"{'true cause':<18}" + "".join(f"{c:>13}" for c in SAID)
    lines = ["Of the homes found, what was said:", f"[dim]{head}[/]"]
    for cause, row in sorted(v.by_cause.items()):
        lines.append(f"{cause:<18}" + "".join(f"{row[c] or '·':>13}" for c in SAID))
    return lines


def _kinds(v: Verdict) -> list[str]:
    columns = ("homes", "damp", "found", "false")
    lines = ["By kind of home:", "[dim]" + f"{'':<18}" + "".join(f"{c:>13}" for c in columns) + "[/]"]
    for kind, row in v.by_kind.items():
        lines.append(f"{KIND_WORDS[kind]:<18}" + "".join(f"{row[c] or '·':>13}" for c in columns))
    return lines


def _case(c: Case) -> str:
    what = (
        "not found" if c.truth.damp and not c.said.told else "named in vain" if not c.truth.damp else "cause"
    )
    near = ", near the line" if c.near_the_line and what != "cause" else ""
    share = (
        f"wall damp {100 * c.truth.damp_share:.0f} % of the time (damp from {100 * DAMP_FROM:.0f} %{near})"
    )
    said = c.said.cause or c.said.not_enough or "nothing"
    removed = c.truth.removed.get(c.said.cause or "")
    helps = "" if removed is None else f", which removes {100 * removed:.0f} %"
    best = c.truth.removed.get(c.truth.cause)
    truth = "" if best is None else f"; true: {c.truth.cause}, which removes {100 * best:.0f} %"
    return f"  {what:<14} home {c.number}, {KIND_WORDS[c.truth.kind]}: {share}; risk {c.said.risk}, said: {said}{helps}{truth}"


def as_json(v: Verdict) -> dict[str, Any]:
    """Return the report for a machine."""
    return {
        "passed": v.passed,
        "homes": len(v.cases),
        "damp": len(v.damp),
        "found": len(v.found),
        "false": len(v.false),
        "right_cause": len(v.right),
        "true_cause_named": len(v.named),
        "nearly_right_cause": len(v.nearly),
        "sure": len(v.sure),
        "right_where_sure": sum(c.right for c in v.sure),
        "one_fault": len(v.one_fault),
        "one_fault_named": sum(c.as_made for c in v.one_fault),
        "by_true_cause": {cause: dict(row) for cause, row in v.by_cause.items()},
        "by_kind_of_home": {kind: dict(row) for kind, row in v.by_kind.items()},
        "each": [
            {
                "home": c.number,
                "kind": c.truth.kind,
                "damp_share": round(c.truth.damp_share, 3),
                "true_cause": c.truth.cause,
                "removed": {k: round(x, 3) for k, x in c.truth.removed.items()},
                "risk": c.said.risk,
                "cause": c.said.cause,
                "also": list(c.said.also or ()),
                "confidence": c.said.confidence,
                "mould_index": c.said.mould_index,
            }
            for c in v.cases
        ],
    }
