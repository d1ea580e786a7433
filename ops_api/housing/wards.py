"""Homes at risk by ward, as far as nobody can be found in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.core.small_counts import Count, published

Row = Mapping[str, Any]
NOTICE = (
    "A ward's numbers are given only where at least {least} homes are at risk and at least {least} are not, and where no "
    "subtraction gives less. They are counted once a week. At risk: raised or high by the findings of the last two weeks. Not every home is measured."
)


def ward_document(rows: Sequence[Row], least: int) -> dict[str, Any]:
    """Return what everybody may know of wards.

    Args:
        rows: ward_id, label, homes, at_risk, as_of: as they were counted this week.
        least: smallest number of homes that may be told of.
    """
    told = published([Count(r["ward_id"], r["homes"], r["at_risk"]) for r in rows], least)
    shown, totals = {c.area: c.part for c in told.shown}, dict(told.totals)
    wards = [
        {
            "ward_id": r["ward_id"],
            "label": r["label"],
            "homes": totals.get(r["ward_id"]),
            "at_risk": shown.get(r["ward_id"]),
        }
        for r in rows
    ]
    rest = told.rest
    return {
        "as_of": next((r["as_of"] for r in rows if r["as_of"] is not None), None),
        "minimum": least,
        "wards": wards,
        "others": None
        if rest is None
        else {"wards": len(rows) - len(shown), "homes": rest.total, "at_risk": rest.part},
        "notice": NOTICE.format(least=least),
    }
