"""The parts of the bins' outlook against closed forms: services, the week, the gamma process, chances put right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import gamma as gamma_law

from rules.catalogue.loader import load
from rules.core.bin_outlook import chances, gamma
from rules.core.bin_outlook.services import coming, next_services
from rules.core.bin_outlook.telling import times
from rules.core.bin_outlook.week import course, hours_of_week
from rules.core.effects import iso
from tests.fakes.rules_town import ZONE

P = load().outlook.parameters
SERVICE = P.service
HOUR_S = 3600.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def local(times_s: tuple[float, ...]) -> list[str]:
    return [f"{datetime.fromtimestamp(t, ZONE):%a %d %b %H:%M}" for t in times_s]


def test_services_keep_the_clocks_hour_and_leave_sundays_and_closed_dates_out() -> None:
    assert local(next_services(at("2026-12-23T12:00"), ZONE, SERVICE, 3)) == [
        "Thu 24 Dec 06:00", "Mon 28 Dec 06:00", "Tue 29 Dec 06:00",
    ]  # fmt: skip
    assert next_services(at("2026-12-24T06:00"), ZONE, SERVICE, 1) == (at("2026-12-28T06:00"),)
    extra = msgspec.structs.replace(SERVICE, extra=("2026-12-27",))
    assert next_services(at("2026-12-24T07:00"), ZONE, extra, 1) == (at("2026-12-27T06:00"),)


def test_services_across_the_change_of_the_clocks() -> None:
    spring = next_services(at("2026-03-27T12:00"), ZONE, SERVICE, 2)
    assert spring == (utc("2026-03-28T06:00"), utc("2026-03-30T05:00"))
    autumn = next_services(at("2026-10-23T12:00"), ZONE, SERVICE, 2)
    assert autumn == (utc("2026-10-24T05:00"), utc("2026-10-26T06:00"))
    on_sunday = msgspec.structs.replace(SERVICE, weekdays=(6,), hour=1.5)
    assert next_services(utc("2026-03-28T12:00"), ZONE, on_sunday, 1) == (utc("2026-03-29T01:30"),)
    assert next_services(utc("2026-10-24T12:00"), ZONE, on_sunday, 1) == (utc("2026-10-25T00:30"),)


def test_a_service_in_the_last_half_minute_of_a_day_is_that_day_s() -> None:
    late = msgspec.structs.replace(SERVICE, hour=23.995)
    assert local(next_services(at("2026-12-22T12:00"), ZONE, late, 1)) == ["Tue 22 Dec 23:59"]


@pytest.mark.parametrize(
    ("now", "service", "then"),
    [
        ("2026-05-04T05:00", "2026-05-04T06:00", "2026-05-05T06:00"),
        ("2026-05-04T13:59", "2026-05-04T06:00", "2026-05-05T06:00"),
        ("2026-05-04T14:00", "2026-05-05T06:00", "2026-05-06T06:00"),
        ("2026-05-09T05:00", "2026-05-09T06:00", "2026-05-11T06:00"),
        ("2026-05-10T05:00", "2026-05-11T06:00", "2026-05-12T06:00"),
    ],
)
def test_a_bin_that_is_left_out_waits_for_the_round_after_the_one_that_is_open(
    now: str, service: str, then: str
) -> None:
    assert coming(at(now), ZONE, SERVICE) == (at(service), at(then))


def test_a_closed_month_is_passed_over_and_after_the_last_service_nothing_is_awaited() -> None:
    mondays = [date(2026, 5, 4) + timedelta(weeks=w) for w in range(70)]
    may = tuple(d.isoformat() for d in mondays[:4])
    closed = msgspec.structs.replace(SERVICE, weekdays=(0,), closed=may)
    assert coming(at("2026-05-01T00:00"), ZONE, closed) == (at("2026-06-01T06:00"), at("2026-06-08T06:00"))
    last = msgspec.structs.replace(
        closed, closed=tuple(d.isoformat() for d in mondays), extra=("2026-05-02",)
    )
    assert coming(at("2026-05-01T00:00"), ZONE, last) == (at("2026-05-02T06:00"), None)
    assert coming(at("2026-05-03T00:00"), ZONE, last) == (None, None)


def test_hours_of_the_week_are_what_the_clock_shows() -> None:
    hour = int(utc("2026-10-25T00:00") // HOUR_S)  # 01:00 BST; at 02:00 BST it is 01:00 GMT
    assert hours_of_week(hour, 3, ZONE).tolist() == [145, 145, 146]
    hour = int(utc("2026-03-29T00:00") // HOUR_S)
    assert hours_of_week(hour, 3, ZONE).tolist() == [144, 146, 147]


def test_a_course_adds_up_parts_of_hours_and_finds_them_again() -> None:
    shape = np.stack([np.ones(168), np.repeat([0.5, 1.5], 84)])
    begin = utc("2026-01-05T00:00")
    ahead = course(shape, begin, begin + 168 * HOUR_S, ZONE)
    place = np.array([0, 1, 1])
    at_s = begin + np.array([1.5, 83.5, 84.5]) * HOUR_S
    assert ahead.upto(place, at_s) == pytest.approx([1.5, 41.75, 42.75])
    zero = np.full(3, begin)
    assert ahead.reaches(place, zero, ahead.upto(place, at_s)) == pytest.approx(at_s)
    later = ahead.reaches(place, zero, np.array([168.0, 168.0 + 41.75, 10 * 168.0]))
    assert (later - begin) / HOUR_S == pytest.approx([168.0, 168.0 + 83.5, 1680.0])


def test_the_chance_is_the_gamma_laws_where_the_fill_is_exact() -> None:
    missing, mean, spread = np.array([5.0, 20.0, 60.0]), np.array([10.0, 10.0, 40.0]), 6.0
    zero = np.zeros(3)
    found = gamma.p_reaches(missing, zero, zero, mean, spread * mean)
    assert found == pytest.approx(gamma_law.sf(missing, mean / spread, scale=spread))


@pytest.mark.parametrize(("sd", "cell"), [(2.0, 0.0), (0.0, 20.0), (1.0, 1.5)])
def test_the_chance_is_a_mean_over_what_the_sensor_leaves_open(sd: float, cell: float) -> None:
    rng = np.random.default_rng(1)
    fill = 70.0 + rng.normal(0.0, sd, 400_000) + rng.uniform(-cell / 2.0, cell / 2.0, 400_000)
    exact = gamma_law.sf(100.0 - fill, 20.0 / 6.0, scale=6.0).mean()
    one = np.ones(1)
    found = gamma.p_reaches(30.0 * one, sd * one, cell * one, 20.0 * one, 120.0 * one)
    assert found[0] == pytest.approx(exact, rel=0.01)


def test_what_was_at_least_so_much_is_expected_as_the_law_says() -> None:
    drawn = np.random.default_rng(2).gamma(2.0 / 5.0, 5.0, 2_000_000)
    kept = drawn[drawn > 6.0]
    mean, variance = gamma.at_least(np.array([6.0]), np.array([2.0]), np.array([5.0]))
    assert mean[0] == pytest.approx(kept.mean(), rel=0.01)
    assert variance[0] == pytest.approx(kept.var(), rel=0.03)
    far, _ = gamma.at_least(np.array([5000.0]), np.array([2.0]), np.array([5.0]))
    assert far[0] == pytest.approx(5005.0)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_mean_at_which_a_level_is_passed(p: float) -> None:
    missing, spread = np.array([0.5, 5.0, 80.0]), np.array([6.0, 2.0, 6.0])
    mean = gamma.mean_to_pass(p, missing, spread)
    assert gamma_law.sf(missing, mean / spread, scale=spread) == pytest.approx(np.full(3, p), abs=2e-3)


def test_chances_that_are_off_are_put_right_and_those_that_are_not_stay() -> None:
    rng = np.random.default_rng(3)
    told = expit(rng.normal(-2.0, 1.5, 4000))
    true = expit(chances.odds_of(told) + 0.8)
    came = (rng.uniform(size=4000) < true).astype(np.float64)
    sums = chances.counted(told, told, came)
    by = chances.righting(sums, P.watch)
    assert by.is_used
    assert np.abs(chances.right(told, by) - true).mean() < 0.25 * np.abs(told - true).mean()
    fair = (rng.uniform(size=4000) < told).astype(np.float64)
    same = chances.right(told, chances.righting(chances.counted(told, told, fair), P.watch))
    assert np.abs(same - told).max() < 0.06


def test_nothing_is_put_right_by_little_and_the_order_of_chances_never_changes() -> None:
    told = np.linspace(0.01, 0.99, 30)
    few = chances.counted(told, told, np.zeros(30))
    assert chances.righting(few, P.watch) == chances.NONE
    assert chances.right(told, chances.NONE).tolist() == told.tolist()
    # High chances that never come true, low ones that always do: as flat as may be, not turned round.
    perverse = chances.counted(
        np.tile(told, 90), np.tile(told, 90), np.tile(told < 0.5, 90).astype(np.float64)
    )
    by = chances.righting(perverse, P.watch)
    assert by.is_used
    assert np.all(np.diff(chances.right(told, by)) > 0.0)
    assert chances.right(np.array([0.0, 1.0]), by).tolist() == [0.0, 1.0]


def test_what_is_watched_of_the_chances() -> None:
    told = np.array([0.1] * 100 + [0.8] * 50)
    came = np.array([1.0] * 10 + [0.0] * 90 + [1.0] * 40 + [0.0] * 10)
    good = chances.watched(chances.counted(told, told, came), P.watch)
    assert good is not None
    assert (good.n, good.came, good.told) == (150.0, 50.0, pytest.approx(50.0))
    assert good.brier == pytest.approx(((told - came) ** 2).mean())
    assert good.brier_usual == pytest.approx(2.0 / 9.0)
    assert good.ece == pytest.approx(0.0, abs=1e-12)
    assert not good.drifts
    bad = chances.watched(chances.counted(told / 4.0, told / 4.0, came), P.watch)
    assert bad is not None
    assert bad.drifts
    assert bad.ece == pytest.approx(37.5 / 150.0)
    # As many come as are told, but of other bins: the number tells nothing, the squares do.
    elsewhere = chances.watched(chances.counted(told, told, came[::-1].copy()), P.watch)
    assert elsewhere is not None
    assert (elsewhere.came, elsewhere.told) == (50.0, pytest.approx(50.0))
    assert elsewhere.drifts
    assert chances.watched(np.zeros((len(chances.SUMS), chances.BINS)), P.watch) is None


def test_times_are_told_to_the_minute() -> None:
    at_s = utc("2026-05-04T06:00") + np.array([0.0, 29.0, np.nan])
    assert times(at_s) == [iso(at_s[0]), iso(at_s[0]), None]
