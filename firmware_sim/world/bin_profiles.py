"""What kinds of place throw away, and when: tables of the simulated town.

Litres a day are such that a bin fills within two days (a market place) to a month (a quiet street); Groningen's
shared containers take 33 l a deposit (12.5 to 57), a litter bin less than one. The shapes are shares of the day's
mean by the hour, at night about none.
"""

from __future__ import annotations

ITEM_L = 0.8
"""Mean volume of what is thrown in at once [l]; ``ITEM_SPREAD`` is the standard deviation of its logarithm."""
ITEM_SPREAD = 0.8

LITRES_PER_DAY = {
    "Market place": 55.0, "Take-away": 45.0, "Shops": 30.0, "Bus stop": 22.0,
    "Park gate": 18.0, "School": 18.0, "Street": 9.0,
}  # fmt: skip
OTHER_LITRES_PER_DAY = 22.0
DAYTIME = (
    0.2, 0.1, 0.05, 0.05, 0.05, 0.1, 0.4, 1.0, 1.6, 1.5, 1.5, 1.7,
    2.2, 2.0, 1.6, 1.8, 1.9, 1.8, 1.3, 0.9, 0.7, 0.5, 0.4, 0.3,
)  # fmt: skip
EVENING = (
    1.2, 0.6, 0.2, 0.05, 0.05, 0.05, 0.1, 0.3, 0.4, 0.4, 0.6, 1.2,
    2.0, 1.6, 0.8, 0.8, 1.2, 2.0, 2.6, 2.6, 2.2, 1.8, 1.6, 1.5,
)  # fmt: skip
EVENING_PLACES = ("Take-away",)
WEEKDAY = (0.9, 0.9, 0.95, 1.0, 1.15, 1.3, 1.0)
WEEKDAY_OF_PLACE = {
    "School": (1.3, 1.3, 1.3, 1.3, 1.3, 0.2, 0.2),
    "Park gate": (0.7, 0.7, 0.75, 0.8, 0.95, 1.6, 1.5),
    "Take-away": (0.75, 0.75, 0.8, 0.95, 1.35, 1.45, 0.95),
    "Bus stop": (1.15, 1.15, 1.15, 1.15, 1.15, 0.75, 0.5),
}
MARKET_FACTOR = {"Market place": 4.0, "Shops": 1.8, "Take-away": 1.8, "Bus stop": 1.5}
MARKET_HOURS = (8.0, 17.0)
SUN_FACTOR = {"Park gate": 2.5, "Take-away": 1.2}
SUN_HOURS = (11.0, 21.0)
KG_PER_L = {"litter": 0.07, "recycling": 0.05, "organic": 0.35, "dog waste": 0.4}
"""Mass of a litre as it is thrown in [kg/l]. A design value: the vendors' 0.070 for litter is derived, not weighed."""
OTHER_KG_PER_L = 0.1


def place_of(label: str) -> str:
    """Return the kind of place that a bin's label names first: ``"Shops, High Street"`` is at shops."""
    return label.split(",", 1)[0]
