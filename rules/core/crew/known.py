"""What is known of bins today: what crews said, what the bins' series showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from rules.core.collection_acts.record import BIN, Act, What
from rules.core.crew.model import By, SeenBin

SAID: frozenset[What] = frozenset({"collected", "blocked", "contaminated", "not_out"})
"""What a crew says of a bin on its round."""
WORDS: Mapping[What, str] = {"blocked": "blocked", "contaminated": "contaminated", "not_out": "not out"}


class KnownBin(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a bin.

    Attributes:
        state: done or skipped; ``at_s``: when [s since 1970].
        what, reason: the crew's word; ``by``: who says so.
        lorry_id: that did it, where that is known.
    """

    state: Literal["done", "skipped"]
    at_s: float
    by: By
    what: What | None = None
    reason: str = ""
    lorry_id: str | None = None

    @property
    def why(self) -> str:
        """Why it was skipped, in our words: everybody reads plans, and what a crew wrote may name people."""
        return "" if self.what is None else WORDS.get(self.what, self.what)


def known_bins(
    acts: Iterable[Act], seen: Iterable[SeenBin], since: Mapping[str, float], sensor_s: float
) -> dict[str, KnownBin]:
    """Return what became of bins; of acts the last counts, and a series that shows an emptying after a bin was skipped.

    Args:
        acts: of today, none withdrawn, in any order.
        seen: what the bins' series showed today.
        since: by bin from when on it counts [s since 1970]; of bins that are not named everything does.
        sensor_s: what series showed before counts nothing: the day was not planned yet [s since 1970].
    """
    found: dict[str, KnownBin] = {}
    for act in sorted(_standing(acts), key=lambda a: (a.at_s, a.act_id)):
        bin_id = act.ref.removeprefix(BIN)
        if act.at_s >= since.get(bin_id, act.at_s):
            found[bin_id] = _said(act)
    for one in sorted((o for o in seen if o.emptied), key=lambda o: o.at_s):
        known = found.get(one.bin_id)
        if one.at_s < max(sensor_s, since.get(one.bin_id, sensor_s)):
            continue
        if known is None or (known.state == "skipped" and known.at_s <= one.at_s):
            found[one.bin_id] = KnownBin(state="done", at_s=one.at_s, by="sensor")
    return found


def _standing(acts: Iterable[Act]) -> list[Act]:
    every = list(acts)
    gone = {a.withdraws for a in every if a.withdraws is not None}
    return [a for a in every if a.what in SAID and a.ref.startswith(BIN) and a.act_id not in gone]


def _said(act: Act) -> KnownBin:
    return KnownBin(
        state="done" if act.what == "collected" else "skipped", at_s=act.at_s, by="crew", what=act.what,
        reason=act.reason, lorry_id=act.lorry,
    )  # fmt: skip


def not_emptied(seen: Sequence[SeenBin]) -> dict[str, list[float]]:
    """Return when bins showed that they were not emptied though a lorry was there [s since 1970]."""
    found: dict[str, list[float]] = {}
    for one in seen:
        if not one.emptied:
            found.setdefault(one.bin_id, []).append(one.at_s)
    return found
