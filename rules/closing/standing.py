"""The roads as they are driven now, and as plans that are made now must take them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from rules.closing.ports import Closures
from rules.core.closing.hours import Later, for_plan
from rules.core.closing.model import AHEAD_S
from rules.core.network.network import Network


async def closed_now(closures: Closures | None, network: Network, now_s: float, zone: tzinfo) -> Network:
    """Return roads with what is closed at this moment closed on them; arguments and errors as :func:`closed_for_plan`."""
    return (await closed_for_plan(closures, network, now_s, zone, 0.0))[0]


async def closed_for_plan(
    closures: Closures | None, network: Network, now_s: float, zone: tzinfo, ahead_s: float = AHEAD_S
) -> tuple[Network, Mapping[str, Later]]:
    """Return roads with what is closed now closed on them, and what closes later, while a plan is driven.

    Args:
        closures: who knows; None: nothing is closed.
        network: the open roads.
        now_s: the town's time [s since 1970].
        zone: of the town, for the words.
        ahead_s: so long what is made from them is to hold [s].

    Raises:
        TransientError: the database does not answer.
    """
    if closures is None:
        return network, {}
    standing = await closures.between(now_s, now_s + ahead_s)
    return for_plan(network, standing, now_s, now_s + ahead_s, zone)
