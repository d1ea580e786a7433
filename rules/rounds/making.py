"""Making a plan and checking it, wherever that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rules.core.closing.hours import Driven, Later, around
from rules.core.network.network import Network
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.streets_driven import driven_of_rounds
from rules.core.rounds.verify import RoundsCheck
from rules.rounds.ports import NoRoundsError

SHOWN = 3
"""Of what is wrong, so many are told."""


def make(request: RoundRequest, planner: RoundPlanner) -> RoundPlan:
    """Return a plan that the check lets pass.

    Raises:
        NoRoundsError: the request names what there is not, or the check finds the plan wrong; in words.
    """

    def planned(network: Network, later: Mapping[str, Later]) -> RoundPlan:
        plan = planner(replace(request, network=network, closing=later))
        wrong = RoundsCheck(network, request.fleet).verdict(plan).wrong
        if wrong:
            raise NoRoundsError(f"the plan was refused by its check: {'; '.join(wrong[:SHOWN])}")
        return plan

    def driven(plan: RoundPlan) -> Iterator[Driven]:
        return driven_of_rounds(request.network, plan)

    try:
        return around(request.network, request.closing, planned, driven)
    except ValueError as error:
        raise NoRoundsError(str(error)) from error


async def in_thread(request: RoundRequest, planner: RoundPlanner) -> RoundPlan:
    """Return the plan, made in a thread: for commands, which do nothing beside."""
    return await asyncio.to_thread(make, request, planner)
