"""A kept plan made again from what it was made from: the same inputs and seed give the same plan."""

from __future__ import annotations

from rules.core.cab.codec import trip_of
from rules.core.cab.making import Wish
from rules.core.cab.model import Contents
from rules.core.cab.roads import known_as
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network


def wish_of(network: Network, c: Contents) -> Wish:
    """Return what a kept plan was to be.

    Raises:
        ValueError: the roads are others than those it was made for, or it does not say where the search began.
    """
    if c.roads not in known_as(network):
        raise ValueError("the roads have changed since the plan was made: it can't be made again on these")
    if c.usual is None:
        raise ValueError("the plan does not say where the search began: it was made before that was kept")
    return Wish(
        network=network.closing(c.closed), start_s=c.start_s, asked=c.asked, starts=c.fleet, barns=c.barns,
        settings=FleetSettings(**c.settings, limits_s={}), standing={u.lorry: u.jobs for u in c.usual},
        fixed={t.lorry: trip_of(network, t).steps for t in c.fixed}, heard=c.heard, done=c.done, orders=c.orders,
        waiting=c.waiting, later=c.later, later_acts=c.later_acts, out=c.out, standing_plan=c.standing, notes=c.notes, seed=c.seed,
        iterations=c.iterations,
    )  # fmt: skip
