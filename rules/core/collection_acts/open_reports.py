"""Which reports of missed collections still wait for somebody. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules.core.collection_acts.record import HOUSEHOLD, Act

ANSWERS = "report"
"""In what was seen with a collection: the number of the one report that it answers."""


class OpenReport(msgspec.Struct, frozen=True, kw_only=True):
    """A missed collection that nobody has put right yet."""

    act: Act

    @property
    def uprn(self) -> int:
        """Of the household."""
        return int(self.act.ref.partition(":")[2])


def open_reports(acts: Sequence[Act]) -> tuple[OpenReport, ...]:
    """Return the reports that ask something of the council, the oldest first.

    One is answered by a later collection at the household, and gone when it is withdrawn. A collection that names a
    report (:data:`ANSWERS`) answers that one alone: a household may miss two bins at once.
    """
    withdrawn = {a.withdraws for a in acts if a.what == "withdrawn"}
    collected: dict[str, float] = {}
    answered: set[object] = set()
    for act in acts:
        if act.what != "collected" or act.act_id in withdrawn:
            continue
        if ANSWERS in act.seen:
            answered.add(act.seen[ANSWERS])
        else:
            collected[act.ref] = max(act.at_s, collected.get(act.ref, act.at_s))
    return tuple(
        OpenReport(act=a)
        for a in acts
        if a.what == HOUSEHOLD
        and a.seen.get("open") is True
        and a.act_id not in withdrawn
        and a.act_id not in answered
        and collected.get(a.ref, a.at_s) <= a.at_s
    )
