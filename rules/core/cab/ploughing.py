"""A lorry's card with the plough on it: where the road is cleared of snow in the pass that spreads."""

from __future__ import annotations

from dataclasses import replace

from rules.core.cab import card as words
from rules.core.cab.card import Card, Entry
from rules.core.cab.codec import OnRoads
from rules.core.cab.waiting import with_waits
from rules.core.fleet.plan import Leg


def card_of(on: OnRoads, lorry: str) -> Card:
    """Return a lorry's card; what is to be ploughed, and where it waits, says so on the page, on paper and in the track.

    Written once for each plan on its roads.
    """
    if lorry not in on.cards:
        on.cards[lorry] = _card(on, lorry)
    card: Card = on.cards[lorry]
    return card


def _card(on: OnRoads, lorry: str) -> Card:
    card = with_waits(on, words.card_of(on, lorry))
    if not on.ploughed:
        return card
    return replace(card, entries=tuple(_with_plough(on, lorry, e) for e in card.entries))


def _with_plough(on: OnRoads, lorry: str, e: Entry) -> Entry:
    legs = [
        s for s in on.trips[lorry].steps[e.first : e.last + 1] if isinstance(s, Leg) and s.job is not None
    ]
    names = {on.network.segments[on.network.arcs[leg.arc].segment].segment_id for leg in legs}
    if not e.spread or not names & on.ploughed:
        return e
    return replace(e, spread=e.spread.replace("Spread", "Plough and spread", 1))
