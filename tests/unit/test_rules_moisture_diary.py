"""The diary beside the series: its word wins, each entry and each event is used once."""

from __future__ import annotations

from dataclasses import replace

from rules.core.moisture_events.diary import Entry, match, question
from rules.core.moisture_events.model import Band, Event
from rules.core.moisture_events.parameters import DiaryParameters

P = DiaryParameters()
EVENT = Event(
    start_s=10_000.0, peak_s=10_600.0, end_s=14_000.0, baseline_g_m3=8.0, peak_g_m3=10.0,
    grams=Band(low=20.0, middle=30.0, high=50.0), full=False, half_min=20.0, clear_min=56.0, aired=False,
    outdoor_explains=False, rebound=False, activity="shower", confidence=0.8,
)  # fmt: skip


def test_the_diarys_word_wins_over_the_guess() -> None:
    m = match([Entry(at_s=11_000.0, activity="cooking")], [EVENT], P)
    assert [(e.activity, e.confidence, e.from_diary) for e in m.events] == [("cooking", 1.0, True)]
    assert (m.unmatched_events, m.unmatched_entries) == ((), ())


def test_what_nobody_told_is_asked_and_what_nobody_saw_is_kept() -> None:
    far = Entry(at_s=90_000.0, activity="shower")
    m = match([far], [EVENT], P)
    assert (m.unmatched_events, m.unmatched_entries, m.pairs) == ((EVENT,), (far,), ())
    assert question(EVENT, "18:40") == "We saw something at 18:40. Was it a shower?"
    assert question(replace(EVENT, activity="unknown"), "18:40") == "We saw something at 18:40. What was it?"


def test_an_entry_takes_the_event_it_agrees_with_before_a_nearer_other_one() -> None:
    cooking = replace(EVENT, start_s=11_000.0, peak_s=11_500.0, activity="cooking")
    m = match([Entry(at_s=10_700.0, activity="cooking")], [EVENT, cooking], P)
    assert [p[1].start_s for p in m.pairs] == [11_000.0]
    assert m.unmatched_events == (EVENT,)


def test_each_event_is_one_entrys() -> None:
    entries = [Entry(at_s=10_100.0, activity="shower"), Entry(at_s=10_700.0, activity="shower")]
    m = match(entries, [EVENT], P)
    assert [entry.at_s for entry, _ in m.pairs] == [10_100.0]
    assert m.unmatched_entries == (entries[1],)


def test_hours_of_drying_are_no_shower() -> None:
    drying = replace(EVENT, activity="washing", peak_s=40_000.0)
    assert match([Entry(at_s=10_100.0, activity="shower")], [drying], P).pairs == ()
    assert match([Entry(at_s=12_000.0, activity="washing")], [EVENT], P).pairs == ()
    assert len(match([Entry(at_s=12_000.0, activity="washing")], [drying], P).pairs) == 1


def test_windows_and_other_things_match_no_water_and_excused_events_are_not_asked_about() -> None:
    entries = [Entry(at_s=10_100.0, activity=a) for a in ("window", "heating", "other")]
    m = match(entries, [replace(EVENT, rebound=True), replace(EVENT, outdoor_explains=True)], P)
    assert (m.pairs, m.unmatched_events, m.unmatched_entries) == ((), (), ())
