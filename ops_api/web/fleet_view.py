"""Settings of devices as pages show them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devices.contract.settings.check import as_reported
from devices.contract.settings.model import Setting, Settings, Value, shown
from ingest.fleet.core.diff import diff, same
from ingest.fleet.core.drift import DRIFTS, WORDS, Drift, Facts, counted, first_line, judge
from ingest.fleet.core.layers import Layer, label
from ingest.fleet.ports import Change, OneDevice, Standing, Version
from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.radio_view import radio_facts

PAGE = 100
_TONES: Mapping[Drift, str] = {
    "refused": "bad", "rolled_back": "bad", "differs": "bad", "unanswered": "bad", "silent": "wait", "waiting": "wait",
    "settling": "wait", "in_step": "good", "as_installed": "plain",
}  # fmt: skip
_CLOCKS = {0: "never set", 1: "restored after a start", 2: "set by a time service", 3: "stepped"}


@dataclass(frozen=True, slots=True)
class Row:
    """A device of the list."""

    name: str
    kind: str
    said: str
    tone: str
    since: str
    told: int
    has: int
    firmware: str
    heard: str
    waiting: str
    kept_out: str


@dataclass(frozen=True, slots=True)
class FleetView:
    """The list, how many stand how, and what can be chosen."""

    first: str
    quarantined: int
    counts: tuple[tuple[Drift, str, int, str], ...]
    rows: tuple[Row, ...]
    found: int
    following: str
    kinds: tuple[str, ...]
    firmwares: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the list is of."""

    state: str = ""
    kind: str = ""
    firmware: str = ""
    group: str = ""
    q: str = ""
    after: str = ""


def fleet(standings: Sequence[Standing], chosen: Chosen, now: datetime, brand: Brand) -> FleetView:
    """Return the page's content: those that need somebody first, then by name."""
    judged = [(s, judge(s.facts, now)) for s in standings]
    counts = counted(j for _, j in judged)
    order = {drift: n for n, drift in enumerate(DRIFTS)}
    found = [
        (s, j)
        for s, j in judged
        if chosen.state in ("", j.drift, "open" if j.drift not in ("in_step", "as_installed") else "")
        and chosen.kind in ("", s.kind)
        and chosen.firmware in ("", s.firmware)
        and (not chosen.group or chosen.group in s.groups)
        and chosen.q in s.name
    ]
    found.sort(key=lambda pair: (order[pair[1].drift], pair[0].name))
    names = [s.name for s, _ in found]
    begin = names.index(chosen.after) + 1 if chosen.after in names else 0
    shown_ = found[begin : begin + PAGE]
    return FleetView(
        first=first_line(counts),
        quarantined=sum(s.facts.kept_out == "quarantined" for s in standings),
        counts=tuple((d, WORDS[d], n, _TONES[d]) for d, n in counts.items()),
        rows=tuple(_row(s, now, brand) for s, _ in shown_),
        found=len(found),
        following=shown_[-1][0].name if begin + PAGE < len(found) else "",
        kinds=tuple(sorted({s.kind for s in standings})),
        firmwares=tuple(sorted({s.firmware for s in standings if s.firmware})),
    )


def _row(s: Standing, now: datetime, brand: Brand) -> Row:
    j, f = judge(s.facts, now), s.facts
    return Row(
        name=s.name,
        kind=s.kind,
        said=WORDS[j.drift],
        tone=_TONES[j.drift],
        since=_when(j.since, now, brand),
        told=f.desired,
        has=f.reported,
        firmware=s.firmware or "not known",
        heard=_heard(f, now, brand),
        waiting="" if not s.waiting else str(s.waiting),
        kept_out=f.kept_out,
    )


def _heard(f: Facts, now: datetime, brand: Brand) -> str:
    if f.kept_out and f.online is not None:
        return f"kept out, last heard {_when(f.heard_at, now, brand)}"
    if f.online is None:
        return "never"
    return f"{'connected since' if f.online else 'gone since'} {_when(f.heard_at, now, brand)}"


def _when(at: datetime | None, now: datetime, brand: Brand) -> str:
    return "" if at is None else words.day_and_clock(at, brand.time_zone, now)


@dataclass(frozen=True, slots=True)
class Pair:
    """A setting, as it is told and as it is reported."""

    name: str
    title: str
    told: str
    origin: str
    has: str
    differs: bool
    remark: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with what it changed."""

    number: int
    when: str
    by: str
    layer: str
    layer_link: str
    change_id: int | None
    note: str
    edits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device's page."""

    row: Row
    groups: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Pair, ...]], ...]
    reasons: tuple[str, ...]
    faults: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    versions: tuple[VersionRow, ...]
    answered: bool


def device(
    one: OneDevice,
    versions: Sequence[Version],
    origins: Mapping[str, Layer],
    declared: Mapping[str, Setting],
    now: datetime,
    brand: Brand,
) -> DeviceView:
    """Return a device's page: desired against reported, the versions, and what else is known of it."""
    said = one.report
    has: Settings = {} if said is None else said.settings
    sections: dict[str, list[Pair]] = {}
    for name, setting in declared.items():
        if name in one.desired or name in has:
            sections.setdefault(setting.section, []).append(_pair(setting, one, has, origins))
    return DeviceView(
        row=_row(one.standing, now, brand),
        groups=one.standing.groups,
        sections=tuple((title, tuple(pairs)) for title, pairs in sections.items()),
        reasons=() if said is None else said.reasons,
        faults=() if said is None else said.faults,
        facts=tuple(_facts(one, now, brand)),
        versions=tuple(_versions(versions, now, brand)),
        answered=said is not None,
    )


def _pair(s: Setting, one: OneDevice, has: Settings, origins: Mapping[str, Layer]) -> Pair:
    told, said = one.desired.get(s.name), has.get(s.name)
    remark = ""
    if one.report is not None and s.name in one.report.unknown:
        remark = "not known to its firmware"
    elif one.report is not None and s.name in one.report.unused:
        remark = "nothing here to set"
    settled = told is None or same(as_reported(s, told), said)
    return Pair(
        name=s.name,
        title=s.title,
        told="as installed" if told is None else _said(s, told),
        origin=origins[s.name].label if s.name in origins else "",
        has="not said" if said is None else _said(s, said),
        differs=not settled and not remark and one.report is not None,
        remark=remark,
    )


def _said(s: Setting, value: Value) -> str:
    if s.type == "flag":
        return "yes" if value else "no"
    return f"{shown(value)} {s.unit}".strip()


def _facts(one: OneDevice, now: datetime, brand: Brand) -> list[tuple[str, str]]:
    st, status, said = one.standing, one.status, one.report
    found = [
        ("Connection", _heard(st.facts, now, brand)),
        ("Firmware", st.firmware or "not known"),
    ]
    if status.get("boot") and status.get("dev_eui") is None:  # a frame counter's run is no start
        found.append(("Last start", f"number {status['boot']}"))
    if status.get("clk") is not None:
        found.append(("Clock", _CLOCKS.get(status["clk"], f"state {status['clk']}") + clock_off(status)))
    if st.waiting is not None:
        oldest = status.get("oldest_unreceipted")
        since = f", the oldest of {_when(oldest, now, brand)}" if st.waiting and oldest else ""
        waits = words.plural(st.waiting, "reading waits", "readings wait") if st.waiting else "empty"
        found.append(("Outbox", f"{waits}{since}"))
    battery = _battery(status)
    if battery:
        found.append(("Battery", f"{battery}, measured {_when(status.get('battery_at'), now, brand)}"))
    found += radio_facts(status, now, brand)
    if status.get("cadence_s"):
        found.append(("A reading is expected", f"every {status['cadence_s']} s"))
    if said is not None:
        found.append(("Has", ", ".join(said.parts) or "sensors only"))
        found.append(("Last said", _when(said.reported_at, now, brand)))
    if status.get("installed_at"):
        found.append(("Installed", words.long_date(status["installed_at"], brand.time_zone)))
    return found


def clock_off(status: Mapping[str, Any]) -> str:
    """Return how far a clock was from ours when it was last heard, where that is more than two seconds."""
    wall_ms, at = status.get("wall_ms"), status.get("at")
    if wall_ms is None or at is None:
        return ""
    off = timedelta(milliseconds=wall_ms) - timedelta(seconds=at.timestamp())
    if abs(round(off.total_seconds())) <= 2:
        return ""
    return f", {words.duration(abs(off))} {'ahead' if off > timedelta() else 'behind'} when last heard"


def _battery(status: Mapping[str, Any]) -> str:
    volts, share = status.get("battery_v"), status.get("battery_pct")
    said = [f"{volts:.2f} V" if volts is not None else "", f"{share:.0f} %" if share is not None else ""]
    return ", ".join(s for s in said if s)


def _versions(versions: Sequence[Version], now: datetime, brand: Brand) -> list[VersionRow]:
    rows = []
    for n, v in enumerate(versions):
        last = n + 1 == len(versions)
        before: Settings = {} if last else versions[n + 1].settings
        edits = () if last and v.version > 1 else tuple(str(e) for e in diff(before, v.settings))
        rows.append(
            VersionRow(
                number=v.version,
                when=_when(v.made_at, now, brand),
                by=v.made_by,
                layer=label(v.scope, v.target) if v.scope else "",  # type: ignore[arg-type]
                layer_link=key_of(v.scope, v.target) if v.scope else "",
                change_id=v.change_id,
                note=v.note,
                edits=edits,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of the form."""

    setting: Setting
    value: str
    hint: str
    wider: str
    locked: bool


def form(
    declared: Mapping[str, Setting], values: Mapping[str, str], wider: Mapping[str, Layer]
) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """Return a layer's form by section; ``wider``: what has a word on each setting where this layer says nothing."""
    sections: dict[str, list[Entry]] = {}
    for name, s in declared.items():
        above = wider.get(name)
        said = "" if above is None else f"{_said(s, above.settings[name])} ({above.label})"
        allowed = s.allowed()
        hint = allowed[0].upper() + allowed[1:] + "." if s.type in ("integer", "number") else ""
        entry = Entry(s, values.get(name, ""), hint, said, s.command_only)
        sections.setdefault(s.section, []).append(entry)
    return tuple((title, tuple(entries)) for title, entries in sections.items())


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of a layer."""

    change_id: int
    when: str
    by: str
    note: str
    edits: tuple[str, ...]
    newest: bool


def changes(found: Sequence[Change], now: datetime, brand: Brand) -> tuple[ChangeRow, ...]:
    """Return the changes of one layer, the newest first, with what each changed."""
    rows = []
    for n, c in enumerate(found):
        before: Settings = found[n + 1].settings if n + 1 < len(found) else {}
        edits = tuple(str(e) for e in diff(before, c.settings))
        rows.append(ChangeRow(c.change_id, _when(c.made_at, now, brand), c.made_by, c.note, edits, n == 0))
    return tuple(rows)


def key_of(scope: str, target: str) -> str:
    """Return a layer as an address names it: ``fleet``, ``kind:frog``."""
    return f"{scope}:{target}" if target else scope
