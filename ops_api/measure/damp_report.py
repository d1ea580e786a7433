"""The report of ``cityops bench damp``: as data, and in words."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ops_api.measure.damp_agreement import Agreement, agreements
from ops_api.measure.damp_rates import MOULD_HOMES, MOULD_HOURS, Rate, rates


def report(
    values: int,
    homes: int,
    hours: int,
    repeats: int,
    real_data: Path | None,
    page: Callable[[], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Measure, and return the figures and the agreement as plain data.

    Args:
        values: dew points of a pass.
        homes: of the mould risk index.
        hours: of each home.
        repeats: passes; figures are medians.
        real_data: folder with the real data sets; None without.
        page: measures the resident's page; None leaves that out.
    """
    agreed = list(agreements(real_data))
    return {
        "benchmark": "damp",
        "correct": all(a.holds is not False for a in agreed),
        "conditions": {
            "values": values,
            "homes": homes,
            "hours": hours,
            "repeats": repeats,
            "real_data": real_data is not None,
            "cores": os.cpu_count(),
            "load_average": [round(x, 1) for x in os.getloadavg()],
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "figures": [_figure(r) for r in rates(values, homes, hours, repeats)],
        "agreement": [_agreement(a) for a in agreed],
        "page": None if page is None else dict(page()),
    }


def _figure(r: Rate) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": r.name,
        "per_cpu_second": round(r.per_s),
        "spread": [round(r.lowest), round(r.highest)],
        "of": r.of,
        "baseline": r.baseline,
        "baseline_per_cpu_second": None if r.baseline_per_s is None else round(r.baseline_per_s),
        "ratio": None if r.ratio is None else round(r.ratio, 1),
    }
    if r.of == "hours of homes" and r.wanted_per_s is not None:
        found["year_of_10000_homes_cpu_s"] = round(MOULD_HOMES * MOULD_HOURS / r.per_s, 2)
    if r.wanted_per_s is not None:
        found |= {"wanted_per_cpu_second": round(r.wanted_per_s), "reached": r.reached}
    return found


def _agreement(a: Agreement) -> dict[str, Any]:
    found = {"name": a.name, "largest_error": a.error, "limit": a.limit, "unit": a.unit, "holds": a.holds}
    return found if a.missing is None else found | {"not_measured": a.missing}


def as_text(found: Mapping[str, Any]) -> str:
    """Return the report for a person, the answer first."""
    lines = [_headline(found), "", "Rates, per second of CPU time on one core:"]
    lines += [_figure_line(f) for f in found["figures"]]
    lines += ["", "Largest difference:"]
    lines += [_agreement_line(a) for a in found["agreement"]]
    lines += [] if found["page"] is None else ["", *_page_lines(found["page"])]
    return "\n".join(lines)


def _headline(found: Mapping[str, Any]) -> str:
    wrong = [a["name"] for a in found["agreement"] if a["holds"] is False]
    missing = sum(a["holds"] is None for a in found["agreement"])
    slow = [f["name"] for f in found["figures"] if f.get("reached") is False]
    slow += ["resident page"] if found["page"] is not None and not found["page"]["reached"] else []
    parts = [f"does not agree: {', '.join(wrong)}" if wrong else "all that was compared agrees"]
    parts += [f"{missing} not compared"] if missing else []
    parts.append(f"slower than wanted here: {', '.join(slow)}" if slow else "as fast as wanted")
    return "; ".join(parts)


def _figure_line(f: Mapping[str, Any]) -> str:
    wanted = f" (wanted {f['wanted_per_cpu_second']:,})" if "wanted_per_cpu_second" in f else ""
    year = f.get("year_of_10000_homes_cpu_s")
    told = "" if year is None else f"; 10,000 homes × 1 year in {year:g} s"
    ratio = "" if f["ratio"] is None else f", {f['ratio']:g} × {f['baseline']}"
    return f"  {f['name']:<44} {f['per_cpu_second']:>12,} {f['of']}{wanted}{ratio}{told}"


def _page_lines(page: Mapping[str, Any]) -> list[str]:
    """Return how long the resident's page takes, beside the same page of a home without readings."""
    lines = [
        (
            f"Whole answer of {page['requests']} requests each, with {page['readings']:,} readings in the database"
            f" ({page['rooms']} rooms × {page['days']} days, {page['other_homes']} other homes × {page['other_homes_days']} days):"
        )
    ]
    for name, p in page["pages"].items():
        wanted = f" (wanted p95 {page['wanted_p95_ms']:g})" if name == "resident page" else ""
        lines.append(
            f"  {name:<44} p50 {p['p50_ms']:g}, p95 {p['p95_ms']:g}, p99 {p['p99_ms']:g} ms{wanted}; {p['server_cpu_ms']:g} ms CPU, {p['bytes']:,} bytes"
        )
    return lines


def _agreement_line(a: Mapping[str, Any]) -> str:
    if a["holds"] is None:
        return f"  {a['name']:<58} not measured: {a['not_measured']}"
    mark = "" if a["holds"] else "  TOO LARGE"
    return f"  {a['name']:<58} {a['largest_error']:.2g} {a['unit']} (claimed {a['limit']:g}){mark}"
