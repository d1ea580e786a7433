"""What the page says first, in plain English for a reading age of nine. Pure.

Never blame, and of a risk only: no sensor sees what grows on a wall, and a damp home is often
the building. Same words as the town's page (``ops_api.web.home_advice``) where it means the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from devices.air import dew_point_c
from devices.page import words
from devices.page.judge import USUAL, Limits, Opinion, wall_pct
from devices.page.samples import Sample
from devices.page.standing import Left, Standing

WARM_UP = (
    f"Warm this room to 18{words.NBSP}°C if you can. If heating costs too much, ask the council for help."
)
FAN = "Use a fan."
SHUT_DOOR = "Shut the door when you shower or cook."
CANNOT_TELL = "Your frog can't tell how cold your walls are. Look at the council's page too."


@dataclass(frozen=True, slots=True)
class Answer:
    """The first lines; ``tone`` is calm, look, act or quiet."""

    tone: str
    headline: str
    action: str
    measured: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure: name, value, unit, what it means, and a tone for its look."""

    name: str
    value: str
    unit: str
    meaning: str
    tone: str = "plain"


def answer(st: Standing, zone: ZoneInfo) -> Answer:
    """Return what to say first."""
    if st.opinion is None or st.latest is None:
        return Answer("quiet", "Your frog is quiet", _why_quiet(st), "")
    headline, action = _said(st.opinion, air_out(st.latest))
    when = words.ago(st.latest.at_s, st.now_s)
    clock = f", {words.day_and_clock(st.latest.at_s, st.now_s, zone)}" if st.clock_set else ""
    return Answer(st.opinion.mood, headline, action, f"Measured {when}{clock}.")


def forgotten(left: Left) -> str:
    """Return what to say when the frog has forgotten its household: what is gone, and what goes later."""
    said = ["It begins anew with what it measures next."]
    if left.waiting > 0:
        what = words.plural(left.waiting, "entry waits", "entries wait")
        it = "it" if left.waiting == 1 else "them"
        said.append(f"{what} for the town: your frog sends {it} first, and then forgets {it}, too.")
    if left.traces:
        when = "then at the latest, once" if left.waiting > 0 else "as soon as"
        said.append(
            f"The last traces go {when} nobody reads its card and it has room. Your frog sees to that by itself: let it stay plugged in."
        )
    return " ".join(said)


def _why_quiet(st: Standing) -> str:
    if st.sensor_trouble:
        return (
            "It cannot read its sensor. Check that the plug of the sensor is in. If it is, tell the council."
        )
    if st.latest is None:
        return "It has measured nothing yet. Give it ten minutes."
    return f"It measured last {words.ago(st.latest.at_s, st.now_s)}. Check that it has power."


def air_out(s: Sample) -> str:
    """Return how to dry the air of a room.

    The frog knows no weather: air that is colder than the room's dew point holds less water than the room's even
    where it is full, so that below it a window dries the room for sure.
    """
    dew_c = dew_point_c(s.temperature_c, s.humidity_pct)
    if dew_c is None:
        return f"{FAN} {SHUT_DOOR}"
    below = words.degrees(math.floor(dew_c), 0)
    return f"{FAN} If it is colder outside than {below}, open a window for ten minutes. {SHUT_DOOR}"


def _said(o: Opinion, dry_it: str) -> tuple[str, str]:
    if o.mood == "act":
        where = "Your cold wall is getting wet" if o.by_wall else "There is too much water in the air"
        return where, f"{dry_it} {WARM_UP}" if o.cold else dry_it
    if o.mood == "look" and not o.cold:
        where = "Your cold wall is close to wet" if o.by_wall else "There is a lot of water in the air"
        return where, dry_it
    if o.cold:
        return "It is cold in here", f"Cold walls get wet easily. {WARM_UP}"
    return "The air in here is fine", "You do not need to do anything." if o.by_wall else CANNOT_TELL


def facts(s: Sample | None, limits: Limits = USUAL) -> tuple[Fact, ...]:
    """Return the figures of a sample, each with what it means by ``limits``."""
    if s is None:
        return ()
    dew_c = dew_point_c(s.temperature_c, s.humidity_pct)
    wall = None if s.wall_c is None else wall_pct(s)
    found = [_temperature(s.temperature_c, limits), _humidity(s.humidity_pct, wall, limits)]
    if dew_c is not None:
        said = f"A wall colder than {words.degrees(dew_c, 0)} gets wet."
        found.append(Fact("Dew point", words.number(dew_c, 1), "°C", said))
    if s.wall_c is not None:
        found.append(_wall(s.wall_c, wall_pct(s) or 0.0, limits))
    return tuple(found)


def _temperature(value: float, limits: Limits) -> Fact:
    if value < limits.cold_c:
        said, tone = "Cold. Cold walls get wet easily.", "look"
    elif value < 18:
        said, tone = "A bit cool.", "plain"
    elif value <= 24:
        said, tone = "Just right.", "calm"
    else:
        said, tone = "Warm.", "plain"
    return Fact("Temperature", words.number(value, 1), "°C", said, tone)


def _humidity(value: float, wall: float | None, limits: Limits) -> Fact:
    """Return the air's humidity; ``wall``: what it is at the cold wall [%], where a probe tells."""
    if value < 30:
        said, tone = "The air is dry.", "plain"
    elif value < limits.air_look_pct and wall is not None and wall >= limits.wall_look_pct:
        said, tone = "More than your cold wall can take.", "look"
    elif value < limits.air_look_pct:
        said, tone = "Just right.", "calm"
    elif value < limits.air_act_pct:
        said, tone = "A lot of water in the air.", "look"
    else:
        said, tone = "Too much water in the air.", "act"
    return Fact("Humidity", words.number(value), "%", said, tone)


def _wall(wall_c: float, pct: float, limits: Limits) -> Fact:
    full = f"The air at the wall is {words.number(min(pct, 100.0))}% full of water."
    tone = "act" if pct >= limits.wall_act_pct else "look" if pct >= limits.wall_look_pct else "calm"
    return Fact(
        "Your cold wall",
        words.number(wall_c, 1),
        "°C",
        f"{full} Keep it under {words.number(limits.wall_act_pct)}%.",
        tone,
    )


def town(st: Standing, zone: ZoneInfo) -> str:
    """Return how much waits for the town, and since when it has not answered."""
    if st.waiting == 0:
        return "The town has everything that your frog measured."
    many = words.plural(st.waiting, "message waits", "messages wait")
    silent_s = st.answered_s if st.answered_s is not None else st.waiting_since_s
    if st.connected and silent_s is not None and st.now_s - silent_s < 900:
        return f"{many} on the way to the town."
    since = (
        f" since {words.day_and_clock(silent_s, st.now_s, zone)}"
        if silent_s is not None and st.clock_set
        else ""
    )
    return (
        f"The town has not answered{since}. {many} here. Nothing is lost: "
        "your frog sends them when the town answers again."
    )


def eyes(st: Standing) -> str:
    """Return in words what the eyes show now; nothing for a frog without eyes."""
    if not st.eyes:
        return ""
    if st.eyes_dark:
        return "Your frog keeps its eyes dark at night."
    mood = st.opinion.mood if st.opinion is not None else "calm"
    return {
        "calm": "Your frog's eyes are dark: all is calm.",
        "look": "Your frog winks every ten seconds: have a look at this page.",
        "act": "Your frog's eyes blink on and off: do something soon. The top of this page says what.",
    }[mood]
