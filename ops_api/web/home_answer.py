"""The first sentence of a home's page: is it damp, where, and how much. Pure; "risk", never a finding of what grows.

Two things speak: the days (the analyst's newest finding, of a week) and the hours (the rules' state of now). The worse
of them is said first, so that nobody who was warned reads that all is well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops_api.web import home_words, words
from ops_api.web.brand import Brand
from rules.core.analyst.finding import RISKS, WHOLE_DAY_H
from rules.core.mould.words import risk_band

Row = Mapping[str, Any]

STALE = timedelta(days=8)
"""A finding whose last day is older than this is of former days."""
LITTLE_H = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a home at one moment; rows as the queries give them.

    Attributes:
        home: row of ``home_page``.
        rooms: rows of ``queries.rooms``, corrected by the calibrations.
        state: the rules' state of the home; empty before the first.
        finding: the newest; None before the first.
        days: days of its room, the newest first: of the last week up to the finding's.
        advice: as ``queries.damp.advice_now`` returns it.
        calibrations: in force or withdrawn, of the home's frogs.
    """

    home: Row
    rooms: Sequence[Row]
    state: Row
    finding: Row | None
    days: Sequence[Row]
    advice: Row
    calibrations: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer.

    Attributes:
        tone: low, raised, high, unknown or quiet.
        headline: begins the sentence.
        rest: ends it; may be empty.
        then: what it was before, or what to do with a quiet frog; may be empty.
        of: what it rests on: "the 7 days up to Tuesday"; may be empty.
        room: name of the device that it is about; None where it is about none.
        is_new: the hours say worse than the days do.
    """

    tone: str
    headline: str
    rest: str = ""
    then: str = ""
    of: str = ""
    room: str | None = None
    is_new: bool = False


def speaking_room(k: Known) -> Row | None:
    """Return the room that the answer is about: the finding's, else the state's, else the first."""
    wanted = (None if k.finding is None else k.finding["device"], k.state.get("device"))
    for name in wanted:
        for room in k.rooms:
            if name is not None and room["name"] == name:
                return room
    return k.rooms[0] if k.rooms else None


def answer(k: Known, now: datetime, brand: Brand) -> Answer:
    """Return the answer."""
    room = speaking_room(k)
    if room is None:
        return Answer("quiet", "There is no frog in your home", then="Ask the council for one.")
    if home_words.is_quiet(room, now):
        return _quiet(k, room, now, brand)
    by_days, by_hours = _risk_by_days(k, now, brand), k.state.get("risk")
    if by_days is not None and (by_hours not in RISKS or RISKS.index(by_hours) <= RISKS.index(by_days)):
        return _of_days(k, by_days, now, brand)
    if by_hours in RISKS:
        return _of_hours(k, str(by_hours), by_days, now, brand)
    return Answer("unknown", "We can’t tell yet if your home is damp", then=_waiting(k), room=room["name"])


def whole(days: Sequence[Row]) -> list[Row]:
    """Return the days of which enough hours are known to speak of a day."""
    return [d for d in days if d["surface_hours"] >= WHOLE_DAY_H]


def damp_hours(days: Sequence[Row]) -> tuple[float, float, float] | None:
    """Return damp hours of a usual day: with the warmest, likely and coldest wall; None without a whole day."""
    of = whole(days)
    if not of:
        return None
    known = sum(d["surface_hours"] for d in of)
    low, middle, high = (
        24.0 * sum(d[name] for d in of) / known
        for name in ("damp_hours_low", "damp_hours", "damp_hours_high")
    )
    return low, middle, high


def _risk_by_days(k: Known, now: datetime, brand: Brand) -> str | None:
    if k.finding is None or k.finding["risk"] not in RISKS:
        return None
    if now.astimezone(brand.time_zone).date() - k.finding["to_day"] > STALE:
        return None
    if whole(k.days):
        return str(k.finding["risk"])
    # Without a whole day among the last only the index speaks: it takes weeks to rise.
    by_index = risk_band(k.finding["mould_index"])
    return None if by_index == "low" else by_index


def _whose(room: Row | None, k: Known) -> str:
    """Return what is at risk: a room that has a name, else the home."""
    return home_words.first_upper(home_words.spoken(None if room is None else room["room"]))


def _of_days(k: Known, risk: str, now: datetime, brand: Brand) -> Answer:
    assert k.finding is not None
    room, found, days = speaking_room(k), damp_hours(k.days), whole(k.days)
    shares = k.finding["evidence"].get("risk_shares", {})
    least = 0.0 if risk == "low" else 24.0 * shares.get("raised", 0.0)
    return Answer(
        risk,
        f"{_whose(room, k)} is at {risk} risk of damp",
        rest=_how_much(None if found is None else found[1], least),
        of=_about(days, now, brand),
        room=None if room is None else room["name"],
    )


def _about(days: Sequence[Row], now: datetime, brand: Brand) -> str:
    """Return which whole days it is about, the newest first; empty without one."""
    if not days:
        return ""
    until = home_words.day_name(days[0]["day"], now, brand)
    if len(days) == 1:
        return f"This is about one day: {until}."
    return f"This is about {len(days)} days up to {until}."


def _how_much(hours: float | None, least: float) -> str:
    """Return how damp a usual day is; ``least``: fewer hours do not make the risk that is said: the weeks before do."""
    if hours is None or hours < least:
        return "it was damp for a long time in the past weeks"
    if hours < LITTLE_H:
        return "its walls are dry"
    return f"its coldest wall is damp {home_words.hours_a_day(hours)}"


def _of_hours(k: Known, risk: str, by_days: str | None, now: datetime, brand: Brand) -> Answer:
    room = next((r for r in k.rooms if r["name"] == k.state.get("device")), None) or speaking_room(k)
    since = words.moment(k.state.get("since"))
    if risk == "low":
        rest = "its walls are dry now"
    elif since is None:
        rest = "its coldest wall is damp now"
    else:
        rest = f"its coldest wall has been damp since {home_words.when(since, now, brand)}"
    then = (
        "This is only from the last hours. After a week we can say more."
        if by_days is None
        else f"Over the last week the risk was {by_days}."
    )
    return Answer(
        risk,
        f"{_whose(room, k)} is at {risk} risk of damp",
        rest=rest,
        then=then,
        room=None if room is None else room["name"],
        is_new=by_days is not None,
    )


def _quiet(k: Known, room: Row, now: datetime, brand: Brand) -> Answer:
    where = f" in {home_words.spoken(room['room'])}" if len(k.rooms) > 1 and room["room"] else ""
    if room["ts"] is None:
        said = f"Your frog{where} has sent nothing yet"
    else:
        said = f"Your frog{where} has not been heard since {home_words.when(room['ts'], now, brand)}"
    before = _risk_by_days(k, now, brand) or k.state.get("risk")
    then = "Check that it has power. If it has, its own page may still work on your Wi-Fi at home."
    if room["ts"] is not None and before in RISKS:
        then = f"Before that, {home_words.spoken(room['room'])} was at {before} risk of damp. {then}"
    return Answer("quiet", said, then=then, room=room["name"])


def _waiting(k: Known) -> str:
    """Return why there is no answer yet."""
    if ("outdoor_temperature_c" in k.state and k.state["outdoor_temperature_c"] is None) or no_weather(k):
        return "We do not know how cold it is outside, so we can’t tell how cold your walls are. You can see what your frog measures below."
    return "Your frog needs a whole day to get to know your home, and a week to be sure. You can see what it measures below."


def no_weather(k: Known) -> bool:
    """Whether no hour of the newest finding has the weather."""
    return k.finding is not None and k.finding["evidence"].get("surface_hours") == 0
