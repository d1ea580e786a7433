"""What ``cityops verify damp`` counts and says: found, in vain, the right cause, and when it fails."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from firmware_sim.world.home_remedies import REMEDIES
from firmware_sim.world.home_weeks import TOWN, kinds_of, weeks
from ops_api.queries import damp as queries
from ops_api.verify.damp_judge import Said, Truth, Verdict, judge
from ops_api.verify.damp_report import as_json, as_text, headline
from ops_api.verify.damp_town import STATION, messages, registry
from rules.core.evidence import report_damp


def home(kind: str, share: float, cause: str, **removed: float) -> Truth:
    return Truth(kind, share, cause, {c: removed.get(c, 0.0) for c in REMEDIES})


def said(risk: str | None, cause: str | None, confidence: float = 0.5, also: tuple[str, ...] = ()) -> Said:
    return Said(risk, cause, confidence, 0.1, None, also)


WALL = home("cold_wall", 0.5, "fabric", fabric=0.9, ventilation=0.85)
AIR = home("unaired", 0.4, "ventilation", ventilation=1.0, load=0.2)
DRY = home("ordinary", 0.01, "none")
EDGE = home("underheated", 0.15, "heat", heat=1.0)


def verdict(*pairs: tuple[Truth, Said]) -> Verdict:
    return judge([t for t, _ in pairs], [s for _, s in pairs])


def test_homes_are_counted_as_found_missed_and_named_in_vain() -> None:
    v = verdict(
        (WALL, said("high", "fabric", 0.9)), (AIR, said("low", "ventilation")), (AIR, said(None, None)),
        (DRY, said("low", "none")), (EDGE, said("raised", "heat")),
    )  # fmt: skip
    assert [len(x) for x in (v.damp, v.found, v.missed, v.others, v.false)] == [3, 1, 2, 2, 1]
    assert v.false[0].near_the_line
    assert not v.passed
    assert headline(v) == (
        "1 of 3 damp homes found, 1 of 2 others named in vain; 1 of the 1 found with the right cause"
    )
    text = "\n".join(as_text(v))
    assert "not found      home 3, hardly aired: wall damp 40 % of the time" in text
    assert (
        "named in vain  home 5, can't be heated: wall damp 15 % of the time (damp from 20 %, near the line)"
        in text
    )
    assert "NOT as promised" in text


def test_a_cause_is_right_named_beside_or_nearly_as_good() -> None:
    v = verdict(
        (WALL, said("high", "fabric", 0.9)),
        (WALL, said("high", "ventilation", 0.8, ("fabric",))),
        (AIR, said("raised", "load", 0.4)),
        (AIR, said("raised", None)),
    )
    assert [len(x) for x in (v.right, v.named, v.nearly, v.sure, v.one_fault)] == [1, 2, 2, 2, 4]
    assert v.by_cause == {"fabric": {"fabric": 1, "ventilation": 1}, "ventilation": {"load": 1, "unsure": 1}}
    found = as_json(v)
    assert (found["right_cause"], found["right_where_sure"], found["one_fault_named"]) == (1, 1, 1)
    assert not found["passed"]


def test_what_is_promised_holds_at_its_bounds_and_proves_nothing_without_a_damp_home() -> None:
    good = [(WALL, said("high", "fabric"))] * 9 + [(WALL, said("low", "fabric"))]
    dry = [(DRY, said("low", "none"))] * 9 + [(DRY, said("raised", "heat"))]
    assert verdict(*good, *dry).passed
    assert not verdict(*good[:8], *good[9:], *dry).passed
    assert not verdict(*good, *dry[1:]).passed
    assert not verdict(*dry[:9]).passed
    assert "cause" in "\n".join(as_text(verdict(*good, *dry)))


def test_the_town_sends_what_its_homes_measured_in_the_order_of_time() -> None:
    w = weeks(5, 12, 2, TOWN)
    assert w.kind == kinds_of(12, TOWN)
    assert w.kind.count("town_damp") == 1
    town = registry(w, 5)
    assert [d.kind for d in town.devices].count("weather") == 1
    off = np.array([h.temperature_factor for h in town.homes]) - w.fabric.factor
    assert 0.0 < np.abs(off).max() < 0.1
    sent = list(messages(w))
    topics = [t for batch, _ in sent for t in batch]
    assert len(topics) == 2 * 13
    of_first = [
        r for names, bodies in sent for t, b in zip(names, bodies, strict=True) if "/frog-0001/" in t for r in msgspec.json.decode(b)
    ]  # fmt: skip
    assert [r["seq"] for r in of_first] == list(range(576))
    assert [r["temperature_c"] for r in of_first] == w.temperature_c[:, 0].tolist()
    station = [b for names, bodies in sent for t, b in zip(names, bodies, strict=True) if STATION in t]
    assert [len(msgspec.json.decode(b)) for b in station] == [48, 48]


def test_documents_and_packs_say_how_often_each_cause_is_right() -> None:
    """As the measured table has it: of what was said (a column), what was true (the diagonal)."""
    text = (Path(__file__).parents[2] / "docs/damp.md").read_text(encoding="utf-8")
    rows = text.split("| true cause | said: heat")[1].split("\n\n")[0].splitlines()[2:]
    table = {
        cells[1].strip(): [int(c or 0) for c in map(str.strip, cells[2:6])]
        for cells in (r.split("|") for r in rows)
    }
    for number, cause in enumerate(("heat", "ventilation", "load", "fabric")):
        words = f"{table[cause][number]} of {sum(row[number] for row in table.values())}"
        for limits in (" ".join(queries.LIMITS), " ".join(report_damp.LIMITS), text):
            assert words in limits, (cause, words)
