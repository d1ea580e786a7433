"""A small timetable with three households, for the tests of bin days."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from rules.core.bin_days.model import Change, Premises, Round, Service

LONDON = ZoneInfo("Europe/London")
REFUSE = Service(
    stream="refuse", label="Rubbish", container="black bin", colour="black", rule="FREQ=WEEKLY;INTERVAL=2",
    start=date(2026, 1, 5),
)  # fmt: skip
RECYCLING = Service(
    stream="recycling", label="Recycling", container="blue bin", colour="blue", rule="FREQ=WEEKLY;INTERVAL=2",
    start=date(2026, 1, 12),
)  # fmt: skip
FOOD = Service(
    stream="food", label="Food waste", container="brown caddy", rule="FREQ=WEEKLY", start=date(2026, 1, 5)
)
MONDAY = Round(round_id="mon-a", label="Monday A", services=(REFUSE, RECYCLING, FOOD), lorries=("lorry-1",))
GARDEN = Round(
    round_id="garden-thu", label="Garden Thursday",
    services=(Service(stream="garden", label="Garden waste", container="green bin", rule="FREQ=WEEKLY", start=date(2026, 3, 5)),),
)  # fmt: skip
ROUNDS = (MONDAY, GARDEN)
HOLIDAYS = frozenset({date(2026, 5, 25), date(2026, 12, 25), date(2026, 12, 28)})
MAY = Change(day=date(2026, 5, 25), to=date(2026, 5, 26), reason="the bank holiday")
LAT, LON = 53.4, -2.2
HOME = Premises(
    uprn=100010000012, address="12 Mill Lane, Merewold", rounds=("mon-a", "garden-thu"), latitude_deg=LAT, longitude_deg=LON
)  # fmt: skip
FLAT = Premises(uprn=100010000013, address="Flat 2, 14 Mill Lane, Merewold", rounds=("mon-a",))
OTHER = Premises(uprn=7, address="Rose Cottage, St Mary's Road", rounds=("mon-a",))
PLACES = (HOME, FLAT, OTHER)


def at(text: str) -> float:
    """Return a local time of London [s since 1970]."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp()
