"""The report of ``cityops bench bins`` in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report in words."""
    yield from _daily(found) if found["kind"] == "daily levels" else _emptyings(found)


def _daily(found: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{found['file']}: {found['bins']} bins, {found['days']} days, {found['faults']} faults,"
        f" {found['repeated_days']} repeated days; judged {found['judged']}, of which {found['came']:.1%} were full the next day"
    )
    tomorrow = found["next_day"]
    yield from _chances("full tomorrow", tomorrow)
    drift = tomorrow["drift"]
    yield (
        f"calibration drifted in {drift['gamma process']} of {drift['months']} months as the gamma process has it,"
        f" in {drift['put right']} put right"
    )
    wanted = tomorrow["wanted"]
    yield f"{_met(tomorrow)}: Brier at most {wanted['brier']:g}, off by at most {wanted['calibration_error']:g}"
    yield from _time(found["time_to_full"])
    yield from _new(found["new_bin"]["own_days"])
    if found.get("policies"):
        yield from _policies(found["policies"])


def _chances(title: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"{title:<32}{'Brier':>8}{'off by':>8}"
    for name, row in part["ways"].items():
        yield f"{name:<32}{row['brier']:>8.4f}{row['calibration_error']:>8.4f}"
    yield "said      came    times"
    for band in part["reliability"]:
        yield f"{band['said']:>5.1%}  {band['came']:>7.1%}  {band['times']:>7}"


def _time(part: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"time until full: {part['judged']} times, {_h(part['mean_h'])} h on average"
    yield f"{'':<52}{'MAE h':>8}{'median':>8}{'<= 7 d':>8}"
    for name, row in part["ways"].items():
        yield f"{name:<52}{_h(row['mae_h']):>8}{_h(row['median_h']):>8}{_h(row['mae_week_h']):>8}"
    for name, row in part["near_definitions"].items():
        errors = ", ".join(f"{way} {_h(mae)}" for way, mae in row["mae_h"].items())
        yield f"{name}: {row['judged']} times, {_h(row['mean_h'])} h; {errors}"
    yield f"{_met(part)}: MAE at most {part['wanted']['mae_h']:g} h"


def _new(rows: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{'days of its own':<18}{'Brier':>8}{'MAE h':>8}   (gamma process, not put right)"
    for own, row in rows.items():
        brier = "" if row["brier"] is None else f"{row['brier']:.4f}"
        yield f"{own:<18}{brier:>8}{_h(row['mae_h']):>8}"


def _policies(part: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    if part.get("too_short"):
        yield "policies: the file is too short to tune on"
        return
    for name, service in part["services"].items():
        yield f"{'service ' + name:<44}{'a bin-week':>11}{'overflow %':>11}{'fill %':>8}{'wasted %':>9}"
        yield from _rows(service["as_is"], "")
        yield from _rows(service["tuned"], "tuned to 0.5 %: ")
        like = service["tuned_like_threshold"]
        yield from _rows(
            {k: v for k, v in like.items() if k != "overflow_before_pct"},
            f"tuned to {service['reference']}: ",
        )
    yield f"stricter trace: {part['stricter_trace']['definition']}"
    for name, rows in part["stricter_trace"]["services"].items():
        yield from _rows(rows, f"{name}: ")
    wanted = part["wanted"]
    yield (
        f"{_met(part)}: at most {wanted['collections_bin_week']:g} collections of a bin in a week at {wanted['overflow_pct']:g} %"
        " overflow with daily service, and fewer than the threshold with irregular service"
    )


def _rows(rows: Mapping[str, Any], before: str) -> Iterator[str]:
    for name, row in rows.items():
        figures = f"{row['collections_bin_week']:>11.2f}{row['overflow_pct']:>11.2f}{row['fill_pct']:>8.0f}{row['wasted_pct']:>9.0f}"
        yield f"{before + name:<44}{figures}"


def _emptyings(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['file']}: {found['bins']} bins, {found['emptyings']} emptyings, {found['intervals']} intervals"
    time, over = found["time_to_fill"], found["overfull"]
    yield f"time to the fill found: {time['judged']} times, {time['mean_h']} h on average"
    yield f"{'':<44}{'MAE h':>8}{'median':>8}"
    for name, row in time["ways"].items():
        yield f"{name:<44}{row['mae_h']:>8.2f}{row['median_h']:>8.1f}"
    yield f"{_met(time)}: MAE at most {time['wanted']['mae_h']:g} h"
    if over is not None:
        yield ""
        yield f"overfull when emptied: {over['judged']} times, {over['came']:.1%} were"
        yield from _chances("overfull", over)


def _met(part: Mapping[str, Any]) -> str:
    return "not judged" if part["met"] is None else "met" if part["met"] else "MISSED"


def _h(hours: float | None) -> str:
    return "" if hours is None else f"{hours:.1f}"
