"""The benchmark of filters asks what is answered, and what is refused."""

from __future__ import annotations

from bench.__main__ import parser
from bench.door import filter as door_filter


def test_what_is_measured_is_what_it_says() -> None:
    report = door_filter.run(parser().parse_args(["filter", "--repeats", "1"]))
    assert report["correct"]
    figures = report["figures"]
    assert len(figures["usual"]) == len(figures["baseline_earley"]["ratio"]) == len(door_filter.USUAL)
    assert figures["highest_accepted_ms"] > 0
    assert all(one["refused"] for one in figures["refused"])
