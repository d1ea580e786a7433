"""Never more salt than the passes themselves leave, than rain leaves, or than the forecast has; and never less by spreading more."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.loader import load
from rules.core.coat import CELLS, WORST, Coat, coat
from rules.core.planned import Need
from rules.core.residual import left_g_m2
from rules.core.road_surface.salt import kept_in_rain, left_of_one
from rules.core.route_plan import _enough, missing
from rules.core.salt_layers import UNTOLD_S, Known
from rules.core.treatment import Pass

P = load().gritting.parameters
T = P.treatment
HOUR = 3600.0
NOT_MORE = 1e-9
HOURS = st.one_of(st.sampled_from([0.0, 0.5, 2.0, 6.0]), st.floats(0.0, 15.0))
RAIN_MM = st.one_of(st.sampled_from([0.0, 0.0, 0.3, 0.7, 3.0]), st.floats(0.0, 2.5))
ENDS = st.sampled_from([(0.0, 1.0)] * 4 + [(0.0, 0.5), (0.5, 1.0), (0.0, 0.8), (0.2, 1.0), (1.0, 1.0)])
RATES = st.sampled_from([2.0, 8.0, 10.0, 16.0, 20.0, 40.0])


@dataclass(frozen=True)
class Case:
    """Passes in order of time; the rain now and the time, what a forecast has, and the road's traffic."""

    passes: list[Pass]
    rain_mm: float
    at_s: float
    known: Known | None
    traffic: float

    def coat(self, more_mm: float = 0.0, known: bool = True, first: int | None = None) -> Coat:
        """Return the salt now, with more rain, without the forecast, or of the first passes only."""
        said = self.known if known else None
        return coat(self.passes[:first], self.rain_mm + more_mm, T, self.traffic, self.at_s, said)

    def truth(self, at_s: float, rain_mm: float, from_s: float = -1.0) -> list[float]:
        """Return what is left in each tenth of the passes after a time, each for itself."""
        return [
            sum(
                one.g_m2
                * left_of_one((at_s - one.at_s) / HOUR, self.traffic)
                * kept_in_rain(rain_mm - one.rain_mm)
                for one in self.passes
                if one.low <= (k + 0.5) / CELLS <= one.high
                and one.at_s > from_s
                and rain_mm - one.rain_mm <= T.rain_mm
            )
            for k in range(CELLS)
        ]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    at_s = rain_mm = 0.0
    passes = []
    for _ in range(draw(st.integers(1, 4))):
        at_s, rain_mm = at_s + HOUR * draw(HOURS), rain_mm + draw(RAIN_MM)
        low, high = draw(ENDS)
        passes.append(Pass(at_s, draw(RATES), low, high, "g", at_s - 60.0, at_s, rain_mm))
    now_s, known = at_s + HOUR * draw(HOURS), None
    if draw(st.booleans()):
        issued_s = draw(st.floats(0.0, now_s))
        then = max((one.rain_mm for one in passes if one.at_s <= issued_s), default=0.0)
        known = Known(issued_s, draw(st.sampled_from([0.0, 0.5, 3.0, 9.0, 30.0])), then)
    return Case(passes, rain_mm + draw(RAIN_MM), now_s, known, draw(st.sampled_from([1.0, 0.5, 0.05])))


@given(cases(), HOURS)
def test_no_more_is_left_than_of_the_passes_one_by_one(c: Case, later_h: float) -> None:
    at_s = c.at_s + HOUR * later_h
    truth = sorted(c.truth(at_s, c.rain_mm))[WORST]
    left = c.coat().left_g_m2(at_s)
    assert 0.0 <= left <= truth + NOT_MORE
    if c.known is None:
        assert abs(left - truth) < NOT_MORE or c.coat().g_m2 == 0.0


@given(cases(), st.floats(0.0, 3.0), HOURS)
def test_more_rain_leaves_no_more_whether_it_has_fallen_or_is_to_come(
    c: Case, more_mm: float, later_h: float
) -> None:
    dry, wet, at_s = c.coat(), c.coat(more_mm), c.at_s + HOUR * later_h
    assert wet.left_g_m2(at_s) <= dry.left_g_m2(at_s) + NOT_MORE
    assert wet.g_m2 <= dry.g_m2 + NOT_MORE or wet.until_s <= c.at_s
    coming = left_g_m2(dry, more_mm, later_h, c.at_s, P)
    sure = left_g_m2(c.coat(max(0.0, more_mm - 1e-6)), 0.0, later_h, c.at_s, P)
    assert coming <= sure + 1e-3


@given(cases(), HOURS)
def test_what_a_forecast_knows_gone_never_comes_back(c: Case, later_h: float) -> None:
    if c.known is None:
        return
    at_s = max(c.at_s, c.known.at_s) + HOUR * later_h
    since = max(c.truth(at_s, c.rain_mm, c.known.at_s - UNTOLD_S))
    assert c.coat().left_g_m2(at_s) <= c.known.g_m2 + since + NOT_MORE
    assert c.coat().left_g_m2(at_s) <= c.coat(known=False).left_g_m2(at_s) + NOT_MORE
    assert c.coat().g_m2 <= c.coat(known=False).g_m2 + NOT_MORE


def asked_g_m2(need: Need, here: Coat, at_s: float) -> float:
    if _enough(need, here, at_s, P):
        return 0.0
    rate, passes = missing(need, here, at_s, P)
    return rate * passes


@given(cases(), st.sampled_from([8.0, 16.0, 20.0]), st.sampled_from([1, 2]), st.floats(0.0, 30.0))
def test_a_stretch_that_is_spread_on_again_needs_no_more_salt(
    c: Case, g_m2: float, passes: int, ago_h: float
) -> None:
    """By a pass since the forecast was issued: of one before it, the forecast's amount has it in already."""
    if c.known is not None and c.passes[-1].at_s <= c.known.at_s:
        return
    need = Need(g_m2, passes, c.at_s, c.at_s - HOUR * ago_h)
    before, after = (asked_g_m2(need, c.coat(first=k), c.at_s) for k in (len(c.passes) - 1, None))
    assert after <= before
    assert c.coat(first=len(c.passes) - 1).left_g_m2(c.at_s) <= c.coat().left_g_m2(c.at_s) + NOT_MORE
