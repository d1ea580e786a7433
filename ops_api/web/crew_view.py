"""What the crews' pages say of a lorry: the next stop, the list after it, what is behind, and how the day goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rules.core.collection_acts.record import BIN, Act
from rules.core.crew.model import LorryProgress, StopNow
from rules.core.crew_card.lines import Line, way_words

Row = Mapping[str, Any]
Clock = Callable[[float], str]

PHASES: Mapping[str, str] = {
    "waits": "In the yard", "drives": "Driving", "at_stop": "At a stop", "break": "Break", "off_plan": "Away from the plan",
    "silent": "Not heard of", "back": "Back in the yard", "idle": "Stays in the yard",
}  # fmt: skip
TONES: Mapping[str, str] = {
    "off_plan": "watch", "silent": "watch", "drives": "good", "at_stop": "good", "back": "good",
}  # fmt: skip
SAID: Mapping[str, str] = {
    "collected": "Emptied", "blocked": "Blocked", "contaminated": "Wrong waste", "not_out": "Not there",
}  # fmt: skip
BY: Mapping[str, str] = {
    "sensor": "by its sensor",
    "track": "the lorry stood there",
    "clock": "by the plan’s clock",
}
LATE_S = 600
"""A lorry that is so much later than planned is late [s]; less is noise of driving."""


@dataclass(frozen=True, slots=True)
class StopView:
    """A stop as the page shows it; ``act_id``: what the crew can take back; ``photo``: hash of a photo."""

    kind: str
    ref: str
    state: str
    number: str
    title: str
    about: str
    fill: str
    why: str
    must: bool
    way: str
    metres: str
    at: str
    geo: str
    osm: str
    said: str
    act_id: int | None
    photo: str


@dataclass(frozen=True, slots=True)
class LorryView:
    """A lorry's page, and its card on the page of all."""

    lorry: str
    version: int
    made: str
    phase: str
    tone: str
    late: str
    done: int
    skipped: int
    bins: int
    load: str
    full_pct: int
    back: str
    ahead: tuple[StopView, ...]
    behind: tuple[StopView, ...]
    out: str

    @property
    def next(self) -> StopView | None:
        """Where it goes next."""
        return self.ahead[0] if self.ahead else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a view is made of: bins' rows by id, acts that stand by bin (the newest last), capacity [kg, l], clock, out of service."""

    bins: Mapping[str, Row]
    acts: Mapping[str, Act]
    max_kg: float
    max_l: float
    clock: Clock
    made: str
    out: str = ""


def acts_by_bin(acts: tuple[Act, ...], lorry: str) -> dict[str, Act]:
    """Return the newest that a lorry's crew said of each bin."""
    return {a.ref.removeprefix(BIN): a for a in acts if a.lorry == lorry and a.ref.startswith(BIN)}


def lorry_view(p: LorryProgress, lines: tuple[Line, ...], facts: Facts) -> LorryView:
    """Return a lorry's view.

    Args:
        p: where it is; ``lines``: its stops in words, of the same plan.
        lines: its round's.
        facts: what is known beside.
    """
    told = [(s, _stop(s, lines[s.index], facts)) for s in p.stops if s.kind != "start"]
    earlier = [(s, _earlier(s, facts)) for s in p.earlier]
    heard = not any(s.by == "clock" for s in p.stops if s.kind == "bin")
    ahead = sorted(
        (one for one in told if _is_open(one[0])), key=lambda one: heard and one[0].state != "next"
    )
    behind = sorted(
        (one for one in (*earlier, *told) if not _is_open(one[0])), key=lambda one: one[0].at_s or 0
    )
    done = p.done_n - sum(s.kind == "bin" and s.by == "clock" for s in p.stops)
    full = max(p.load_kg / facts.max_kg, p.load_l / facts.max_l)
    return LorryView(
        p.lorry_id, p.version, facts.made, PHASES[p.phase], TONES.get(p.phase, "plain"), _late(p),
        done, p.skipped_n, p.bins_n, f"{p.load_kg:,.0f} kg", round(100.0 * full),
        "–" if p.ends_s is None else facts.clock(p.ends_s), tuple(v for _, v in ahead), tuple(v for _, v in behind), facts.out,
    )  # fmt: skip


def _is_open(s: StopNow) -> bool:
    """Whether the crew is asked about a stop: also where only the plan's clock says that it is done."""
    return s.is_open or (s.by == "clock" and s.kind != "start")


def _late(p: LorryProgress) -> str:
    if p.behind_s < LATE_S or p.ends_s is None:
        return ""
    return f"{p.behind_s / 60.0:.0f} min later than planned"


def _stop(s: StopNow, line: Line, facts: Facts) -> StopView:
    at_s = s.planned_s if s.by == "clock" else s.at_s if s.at_s is not None else s.expected_s
    at_s = s.planned_s if at_s is None else at_s
    at = facts.clock(at_s)
    if s.kind == "break":
        at = f"{at}, {(line.stop.ends_s - line.stop.begins_s) / 60.0:.0f} min"
    row = facts.bins.get(s.ref) if s.kind == "bin" else None
    return StopView(
        s.kind, s.ref, s.state, line.number, line.title, line.about, _fill(row, line), line.why, line.must,
        way_words(line.way), _metres(line.stop.metres), at, *_links(s, line.title), _said(s), *_act(s, facts),
    )  # fmt: skip


def _earlier(s: StopNow, facts: Facts) -> StopView:
    """Return a stop of a plan before: what it was called then nobody needs any more."""
    row = facts.bins.get(s.ref) if s.kind == "bin" else None
    title = f"Unload at {s.ref}" if s.kind == "tip" else "Break" if s.kind == "break" else s.ref
    return StopView(
        s.kind, s.ref, s.state, "", title if row is None else row["label"], "", "", "", False, "", "",
        facts.clock(s.planned_s if s.at_s is None else s.at_s), "", "", _said(s), *_act(s, facts),
    )  # fmt: skip


def _fill(row: Row | None, line: Line) -> str:
    fill = None if row is None or row["state"] is None else row["state"].get("fill_pct")
    if line.kind != "bin":
        return ""
    return "Level not known" if fill is None else f"{fill:.0f} % full"


def _metres(metres: int) -> str:
    if metres <= 0:
        return ""
    return f"{round(metres, -1)} m" if metres < 1000 else f"{metres / 1000.0:.1f} km"


def _links(s: StopNow, title: str) -> tuple[str, str]:
    """Return where telephones show the way to a stop: any map that is on it, and OpenStreetMap."""
    at = f"{s.place.latitude_deg:.6f},{s.place.longitude_deg:.6f}"
    lat, lon = at.split(",")
    return (
        f"geo:{at}?q={at}({quote(title)})",
        f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=18/{lat}/{lon}",
    )


def _said(s: StopNow) -> str:
    if _is_open(s) or s.kind != "bin":
        return ""
    if s.what is not None:
        return SAID.get(s.what, s.what) + (f" by {s.lorry_id}" if s.lorry_id else "")
    word = "Left" if s.state == "skipped" else "Emptied"
    return f"{word}, {BY[s.by]}" if s.by in BY else word


def _act(s: StopNow, facts: Facts) -> tuple[int | None, str]:
    act = facts.acts.get(s.ref) if s.kind == "bin" and not _is_open(s) else None
    return (None, "") if act is None else (act.act_id, str(act.seen.get("photo_sha256") or ""))
