"""An independent check of a day's rounds: it knows the roads, the lorries and the bins, not the planner.

Nothing of the planners, their tables, their clock or their ways is used: streets, turns, times, loads, breaks and
costs are worked out anew from the network, in seconds, kilograms and litres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify_facts import Facts
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet, RoundLorry
from rules.core.rounds.model import LorryNow
from rules.core.rounds.plan import LorryRound, RoundPlan
from rules.core.rounds.verify_round import RoundCheck
from rules.core.rounds.verify_way import WayCheck

PENCE = 0.01
"""Costs may differ by so much [£], and by a thousandth: rates are whole units a metre and a second."""


@dataclass(frozen=True)
class Verdict:
    """What a check says.

    Attributes:
        wrong: where the plan can't be driven, breaks a rule, or isn't what it claims to be.
        missed: must-go bins that the plan itself says it does not meet.
    """

    wrong: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the plan may be kept; musts may be missed where it says so."""
        return not self.wrong


@dataclass(frozen=True)
class RoundsCheck:
    """What a plan is checked against."""

    network: Network
    fleet: RoundFleet
    _junctions: dict[str, int] = field(default_factory=dict)

    def verdict(self, plan: RoundPlan) -> Verdict:
        """Return what is wrong with a plan, and what it misses."""
        lorries = self.fleet.lorry
        if [r.lorry_id for r in plan.rounds] != [v.id for v in lorries]:
            return Verdict(("rounds are not those of the fleet's lorries, in its order",), ())
        now = {n.lorry_id: n for n in plan.made_from.now}
        wrong = [*self._coverage(plan), *self._locks(plan), *self._costs(plan)]
        for lorry, round_ in zip(lorries, plan.rounds, strict=True):
            wrong += [f"{lorry.id}: {p}" for p in self._round(plan, lorry, round_, now.get(lorry.id))]
        return Verdict(tuple(wrong), tuple(n.bin_id for n in plan.not_collected if n.must))

    def _round(
        self, plan: RoundPlan, lorry: RoundLorry, round_: LorryRound, now: LorryNow | None
    ) -> Iterator[str]:
        told_late = any(note.startswith(f"{lorry.id}: ") for note in plan.notes)
        check = RoundCheck(self.fleet, lorry, now, self._way(lorry), self._junctions, told_late)
        yield from check.problems(round_, {c.bin_id: c for c in plan.made_from.candidates})

    def _way(self, lorry: RoundLorry) -> WayCheck:
        s = self.fleet.settings
        settings = FleetSettings(
            driving_share=s.driving_share,
            right_s=s.right_s,
            left_s=s.left_s,
            straight_s=s.straight_s,
            turn_round_s=s.turn_round_s,
            weight_t=lorry.weight_t,
            height_m=lorry.height_m,
            width_m=lorry.width_m,
        )
        return WayCheck(Facts(self.network, (), settings))

    def _coverage(self, plan: RoundPlan) -> Iterator[str]:
        """Yield what is neither emptied nor explained, or both."""
        told = Counter([*(b for r in plan.rounds for b in r.bins), *(n.bin_id for n in plan.not_collected)])
        musts = {c.bin_id: c.must for c in plan.made_from.candidates}
        for bin_id in musts:
            if told[bin_id] != 1:
                yield f"bin {bin_id} is told of {told[bin_id]} times, not once"
        for bin_id in told.keys() - musts.keys():
            yield f"bin {bin_id} is no candidate"
        for n in plan.not_collected:
            if not n.code or not n.why:
                yield f"bin {n.bin_id} is left without a reason"
            if n.must != musts.get(n.bin_id, n.must):
                yield f"bin {n.bin_id}: whether it must be emptied is not what it was"

    def _locks(self, plan: RoundPlan) -> Iterator[str]:
        lorry_of = plan.lorry_of
        last = {b: k for k in plan.made_from.locks if k.kind != "skip" for b in k.bins}
        for lock in plan.made_from.locks:
            for b in lock.bins:
                if lock.kind == "skip" and b in lorry_of:
                    yield f"bin {b} is in {lorry_of[b]}'s round, though it is to be left: {lock.reason}"
                if last.get(b) is lock and lorry_of.get(b, lock.lorry_id) != lock.lorry_id:
                    yield f"bin {b} is in {lorry_of[b]}'s round, not in {lock.lorry_id}'s"
        for round_ in plan.rounds:
            firsts = [
                b
                for k in plan.made_from.locks
                if k.kind == "first" and k.lorry_id == round_.lorry_id
                for b in dict.fromkeys(k.bins)
                if b in round_.bins
            ]
            firsts = list(dict.fromkeys(firsts))
            if list(round_.bins[: len(firsts)]) != firsts:
                yield f"{round_.lorry_id}: does not begin with {', '.join(firsts)}"

    def _costs(self, plan: RoundPlan) -> Iterator[str]:
        s = self.fleet.settings
        left = sum(s.must_gbp if n.must else s.rho_gbp * n.p_overflow for n in plan.not_collected)
        lorries = sum(r.cost_gbp for r in plan.rounds)
        for what, own, told in (
            ("left", left, plan.costs.left_gbp),
            ("lorries", lorries, plan.costs.lorries_gbp),
        ):
            if abs(own - told) > PENCE + 0.001 * abs(own):
                yield f"costs of {what} are £{own:.2f}, claimed are £{told:.2f}"
