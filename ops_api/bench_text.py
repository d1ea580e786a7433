"""What ``cityops bench`` says in words and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.road_data.bench import Metro, Report, Speed
    from rules.road_data.street_bench import Judged

ROW = "{:>8} {:>7} {:>8} {:>12} {:>13} {:>8}"


def road_lines(report: Report) -> Iterator[str]:
    """Return the report of the road model, line by line."""
    street = report.street
    yield f"{street.file}: start {street.start_hour:.0f} h, observed weather, parameters {street.parameters}"
    for judged in street.judged:
        yield from _judged_lines(judged)
    for month, values in street.fits.items():
        told = ", ".join(f"{name} {value:g}" for name, value in values.items())
        yield f"fitted without month {month}: {told}"
    yield f"street: {street.left_out} nights left out for gaps, {street.cpu_s:.1f} CPU s"
    yield ""
    yield from _metro_lines(report.metro)
    if report.speed is not None:
        yield from _speed_lines(report.speed)
    yield ""
    for name, good in report.met.items():
        yield f"{'met   ' if good else 'MISSED'}  {name}"


def _judged_lines(judged: Judged) -> Iterator[str]:
    yield ""
    yield f"{judged.what}: {judged.nights} nights. RMSE [°C]"
    yield ROW.format("lead [h]", "hours", "model", "persistence", "air + offset", "bias")
    for one in judged.scores.leads if ", month" not in judged.what else judged.scores.leads[2::3]:
        errors = (f"{v:.2f}" for v in (one.model_c, one.persistence_c, one.air_offset_c, one.bias_c))
        yield ROW.format(one.lead_h, one.hours, *errors)
    m = judged.scores.minimum
    errors = (f"{v:.2f}" for v in (m.model_c, m.persistence_c, m.air_offset_c, m.bias_c))
    yield ROW.format("minimum", m.nights, *errors)
    yield (
        f"frost: {m.hits} hits, {m.misses} missed, {m.false_alarms} false alarms, {m.correct_negatives} rightly none"
    )


def _metro_lines(metro: Metro) -> Iterator[str]:
    if metro.skipped:
        yield f"METRo: skipped: {metro.skipped}"
        return
    cases = ", ".join(f"{name} {error:.2f}" for name, error in metro.cases.items())
    yield f"METRo, its own radiation, 12 h, RMSE [°C]: {cases}; median {metro.median_c:.2f}"


def _speed_lines(speed: Speed) -> Iterator[str]:
    yield (
        f"speed: {speed.segments} segments × {speed.hours} h × {speed.members} members, steps of "
        f"{speed.step_s / 60:.0f} min: {speed.cpu_s:.1f} CPU s; float32 against float64: at most {speed.float32_costs_c:.3f} °C"
        f"; an issue with two days of readings: {speed.issue_cpu_s:.1f} CPU s"
    )
