"""Which way observations are looked for, by what was asked; and what may not be asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ops_api.sensorthings.core.bounds import Bounds
from ops_api.sensorthings.core.cost import Budget, check_cost, estimated, limits, page_size, refusal
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.parse import parse, parse_orders
from ops_api.sensorthings.core.plan import (
    WINDOWS_MOST,
    ByDatastream,
    ByIdOrder,
    ByTime,
    Fleet,
    KindOfFleet,
    Nothing,
    Plan,
    Sorted,
    choose,
    windows,
)
from ops_api.sensorthings.core.schema import OBSERVATION
from ops_api.sensorthings.core.seek import behind, can_seek
from tests.fakes.sta_town import compiled

DAY_US = 86_400_000_000
FLEET = Fleet(
    kinds={"road": KindOfFleet(devices=100, datastreams=600, cadence_s=600.0)},
    first_us=0,
    last_us=100 * DAY_US,
)


def bounds(text: str) -> Bounds:
    return compiled(parse(text), (), OBSERVATION).bounds


def plan(orders: str = "", text: str = "", fleet: Fleet = FLEET) -> Plan:
    return choose(parse_orders(orders) if orders else (), bounds(text) if text else Bounds(), fleet, 101)


def test_without_an_order_and_a_datastream_ids_are_followed() -> None:
    assert plan() == ByIdOrder(descending=False)
    assert plan("id desc") == ByIdOrder(descending=True)
    assert plan(text="result gt 5 and phenomenonTime gt 1970-01-02T00:00:00Z") == ByIdOrder(descending=False)


def test_a_few_datastreams_are_read_by_their_index() -> None:
    found = plan("phenomenonTime desc", "Datastream/id eq 5 or Datastream/id eq 4")
    assert found == ByDatastream(
        datastream_ids=(4, 5), thing_ids=None, by_time=True, descending=True, sorted=False
    )
    found = plan("result", "Datastream/Thing/id eq 7 and result gt 1")
    assert found == ByDatastream(
        datastream_ids=None, thing_ids=(7,), by_time=False, descending=False, sorted=True
    )
    many = " or ".join(f"Datastream/id eq {i}" for i in range(51))
    assert plan(text=many) == ByIdOrder(descending=False)


def test_what_cannot_be_is_not_asked() -> None:
    for text in (
        "Datastream/id eq 1 and Datastream/id eq 2",
        "false",
        "id eq 99999999999999999",
        "phenomenonTime gt 2026-01-02T00:00:00Z and phenomenonTime le 2026-01-02T00:00:00Z",
    ):
        assert plan(text=text) == Nothing()
    assert plan("phenomenonTime", "phenomenonTime gt 2050-01-01T00:00:00Z") == Nothing()
    assert plan("phenomenonTime", fleet=Fleet(kinds={})) == Nothing()


def test_time_goes_by_windows_that_begin_where_the_reader_looks() -> None:
    newest = plan("phenomenonTime desc")
    assert isinstance(newest, ByTime)
    assert newest.descending
    assert newest.windows[0] == (100 * DAY_US + 1 - 202_000_000, 100 * DAY_US + 1)  # one observation a second
    oldest = plan("phenomenonTime", "phenomenonTime ge 1970-01-03T00:00:00Z")
    assert isinstance(oldest, ByTime)
    assert oldest.windows[0][0] == 2 * DAY_US


def test_the_past_of_many_devices_is_not_unpacked_by_time() -> None:
    town = {"road": KindOfFleet(devices=2_001, datastreams=10_000, cadence_s=600.0)}
    fleet = Fleet(kinds=town, first_us=0, last_us=100 * DAY_US, columnar_us=90 * DAY_US)
    assert isinstance(plan("phenomenonTime desc", fleet=fleet), ByTime)
    with pytest.raises(FilterError, match="name a datastream"):
        plan("phenomenonTime", fleet=fleet)
    assert isinstance(plan("phenomenonTime", "Datastream/id eq 1", fleet), ByDatastream)


def test_another_order_over_everything_is_a_sort() -> None:
    assert plan("result desc") == Sorted()
    assert plan("Datastream/name") == Sorted()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("per_s", [0.0, 1e-9, 0.5, 1e9])
@pytest.mark.parametrize(("since", "until"), [(0, 1), (0, 10 * DAY_US), (-5, 7)])
def test_windows_leave_nothing_out_and_nothing_twice(
    since: int, until: int, per_s: float, descending: bool
) -> None:
    found = list(windows(since, until, per_s, 101, descending))
    assert 1 <= len(found) <= WINDOWS_MOST
    inorder = found[::-1] if descending else found
    assert (inorder[0][0], inorder[-1][1]) == (since, until)
    assert all(a[1] == b[0] for a, b in pairwise(inorder))
    assert all(begin < end for begin, end in inorder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("phenomenonTime gt 1970-01-01T00:00:01Z", Bounds(since_us=1_000_001)),
        ("phenomenonTime ge 1970-01-01T00:00:01Z", Bounds(since_us=1_000_000)),
        ("1970-01-01T00:00:01Z ge phenomenonTime", Bounds(until_us=1_000_001)),
        ("phenomenonTime lt 1970-01-02", Bounds(until_us=DAY_US)),
        ("phenomenonTime eq 1970-01-01T00:00:01Z", Bounds(since_us=1_000_000, until_us=1_000_001)),
        ("date(phenomenonTime) eq 1970-01-02", Bounds(since_us=DAY_US, until_us=2 * DAY_US)),
        ("date(phenomenonTime) le 1970-01-01", Bounds(until_us=DAY_US)),
        ("during(phenomenonTime, 1970-01-01T00:00:00Z/PT1S)", Bounds(since_us=0, until_us=1_000_000)),
        ("phenomenonTime ne 1970-01-02T00:00:00Z", Bounds(exact=False)),
        ("not (phenomenonTime gt 1970-01-02T00:00:00Z)", Bounds(exact=False)),
        ("phenomenonTime lt 1970-01-02T00:00:00Z or Datastream/id eq 1", Bounds(exact=False)),
        ("phenomenonTime lt 1970-01-02T00:00:00Z or result gt 1", Bounds(exact=False)),
        (
            "phenomenonTime lt 1970-01-02T00:00:00Z and result gt 1 and Datastream/id eq 3",
            Bounds(until_us=DAY_US, datastream_ids=(3,), exact=False),
        ),
        ("Datastream/id eq 2 or Datastream/id eq 1", Bounds(datastream_ids=(1, 2))),
        ("(Datastream/id eq 2 or false) and true", Bounds(datastream_ids=(2,))),
        ("Datastream/Thing/id eq 2 or Datastream/Thing/@iot.id eq 1", Bounds(thing_ids=(1, 2))),
        ("Datastream/id gt 2", Bounds(exact=False)),
        ("Datastream/id eq 2.5", Bounds(exact=False)),
        ("FeatureOfInterest/id eq 2", Bounds(exact=False)),
    ],
)
def test_bounds_are_what_a_filter_can_be_true_of(text: str, expected: Bounds) -> None:
    assert bounds(text) == expected


def test_a_place_means_something_in_two_orders_only() -> None:
    good = ["", "id", "id desc", "id,result", "phenomenonTime", "phenomenonTime desc,id"]
    assert [can_seek(parse_orders(t) if t else ()) for t in good] == [True] * 6
    for text in ("result", "phenomenonTime,result", "phenomenonTime,id desc", "length('a')"):
        assert not can_seek(parse_orders(text))
        with pytest.raises(ValueError, match="means nothing"):
            behind(parse_orders(text), 1, 0, "o", "d")


def test_what_would_cost_too_much_is_refused_with_what_to_do() -> None:
    explained = [{"Plan": {"Node Type": "Limit", "Total Cost": 2000.5}}]
    assert estimated(explained) == 2000.5
    check_cost(explained, 2000.5)
    with pytest.raises(FilterError, match="name a datastream"):
        check_cost(explained, 2000.0)
    for wrong in (None, [], [{}], [{"Plan": {"Total Cost": "1"}}], [{"Plan": {"Total Cost": float("nan")}}]):
        with pytest.raises(ValueError, match="not an explanation"):
            estimated(wrong)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("57014", "longer than 5 s"),
        ("55P03", "longer"),
        ("22003", "larger"),
        ("22008", "larger"),
        ("54000", "larger"),
        ("54001", "deep"),
    ],
)
def test_what_the_server_gives_up_is_the_askers_to_mend(state: str, words: str) -> None:
    said = refusal(state, 5.0)
    assert said is not None
    assert words in said.message


def test_what_is_our_own_mistake_is_not_put_on_the_asker() -> None:
    assert [refusal(state, 5.0) for state in (None, "42501", "42703", "08006")] == [None] * 4


def test_one_answer_has_so_many_rows() -> None:
    budget = Budget(10)
    budget.spend(10)
    with pytest.raises(FilterError) as raised:
        budget.spend(1)
    assert raised.value.option == "$expand"
    assert [page_size(top, 100, 1000) for top in (None, 0, 5, 5000)] == [100, 0, 5, 1000]
    assert limits(0.25)["statement_timeout"] == "250ms"
