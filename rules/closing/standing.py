"""The roads as plans that are made now must take them."""

from __future__ import annotations

from datetime import tzinfo

from rules.closing.ports import Closures
from rules.core.closing.model import AHEAD_S, closed_between, on_network
from rules.core.network.network import Network


async def closed_now(
    closures: Closures | None, network: Network, now_s: float, zone: tzinfo, ahead_s: float = AHEAD_S
) -> Network:
    """Return roads with what is closed at any moment of the time to come closed on them.

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
        return network
    standing = await closures.between(now_s, now_s + ahead_s)
    return on_network(network, closed_between(standing, now_s, now_s + ahead_s), zone)
