"""Following the advice does what it says, whatever the weather and the home."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules.core.damp import room_humidity_limit_pct
from rules.core.damp_advice.advise import advise
from rules.core.damp_advice.inverse import dry_enough_pct, room_c_for_wall, warm_enough_c
from rules.core.damp_advice.parameters import AdviceParameters
from rules.core.damp_advice.state import Present, Recent
from rules.core.moisture_events.clearing import ClearTimes
from rules.core.psychrometrics import vapour_pressure_pa

P = AdviceParameters()


@st.composite
def presents(draw: st.DrawFn) -> Present:
    outdoor_c = draw(st.floats(-10.0, 25.0))
    outdoor_pct = draw(st.floats(30.0, 100.0))
    return Present(
        room="the kitchen",
        room_c=draw(st.floats(max(outdoor_c, 5.0), 30.0)),
        humidity_pct=draw(st.floats(20.0, 100.0)),
        outdoor_c=outdoor_c,
        outdoor_vapour_pa=draw(st.sampled_from([None, vapour_pressure_pa(outdoor_c, outdoor_pct)])),
        wind_m_s=draw(st.sampled_from([None, 3.0, 20.0])),
        factor=draw(st.floats(0.3, 0.95)),
    )


recents = st.builds(
    Recent,
    clear_times=st.sampled_from(
        [None, ClearTimes(shut_min=190.0, shut_events=9, open_min=35.0, open_events=4)]
    ),
    usual_rise_g_m3=st.sampled_from([None, 2.0]),
    events_per_day=st.just(2.0),
    drying_g_day=st.sampled_from([None, 800.0]),
    water_g_day=st.just(5000.0),
)


@settings(max_examples=50)
@given(presents(), st.floats(60.0, 100.0))
def test_the_warmth_asked_for_is_exactly_the_limit(now: Present, limit_pct: float) -> None:
    exact = room_c_for_wall(now.vapour_pa, now.outdoor_c, now.factor, limit_pct)
    assert abs(now.wall_pct(room_c=exact) - limit_pct) < 1e-6
    whole = warm_enough_c(now.vapour_pa, now.outdoor_c, now.factor, limit_pct)
    assert exact < whole <= exact + 1.0
    assert now.wall_pct(room_c=float(whole)) < limit_pct


@settings(max_examples=50)
@given(presents(), st.floats(60.0, 100.0))
def test_the_humidity_asked_for_keeps_the_wall_below(now: Present, limit_pct: float) -> None:
    whole = dry_enough_pct(now.room_c, now.outdoor_c, now.factor, limit_pct)
    assert replace(now, humidity_pct=float(whole)).wall_pct() < limit_pct
    exact = room_humidity_limit_pct(now.room_c, now.outdoor_c, now.factor, limit_pct)
    assume(exact < 100.0)
    assert abs(replace(now, humidity_pct=exact).wall_pct() - limit_pct) < 1e-6


@settings(max_examples=50)
@given(presents(), recents)
def test_advice_checks_the_state(now: Present, recent: Recent) -> None:
    found = {a.kind: a for a in advise(now, recent, P)}
    if now.room_c >= P.warm_c:
        assert "heat" not in found
    drier = now.drier_outside_g_m3
    if drier is None or drier < P.drier_g_m3 or (now.wind_m_s is not None and now.wind_m_s >= P.gale_m_s):
        assert "airing" not in found
        assert not any("pen a window wide" in a.sentence for a in found.values())
    if now.wall_pct() < P.limit_pct:
        assert not {"heat", "building"} & found.keys()
    assert "stay_below" in found


@settings(max_examples=50)
@given(presents(), recents)
def test_following_it_helps_as_much_as_it_says_and_the_most_useful_is_first(
    now: Present, recent: Recent
) -> None:
    found = advise(now, recent, P)
    effects = [a.effect_pct for a in found]
    assert effects == sorted(effects, reverse=True)
    assert all(e >= 0.0 for e in effects)
    for a in found:
        assert a.band.low <= a.band.middle <= a.band.high
        if a.kind == "heat":
            after = now.wall_pct(room_c=a.numbers["target_c"])
            assert a.numbers["target_c"] > now.room_c
            assert after < now.wall_pct()
            assert after < P.limit_pct or "not enough" in a.sentence
        if a.kind == "stay_below":
            assert replace(now, humidity_pct=a.numbers["humidity_limit_pct"]).wall_pct() < P.limit_pct


@settings(max_examples=50)
@given(presents(), recents)
def test_sentences_are_short_and_blame_nobody(now: Present, recent: Recent) -> None:
    for a in advise(now, recent, P):
        assert max(len(part.split()) for part in a.sentence.split(".")) <= 25
        assert not any(
            word in a.sentence.lower() for word in ("mould", "should", "fault", "vapour", "ventilat")
        )
