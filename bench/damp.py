"""Damp: dew points and mould risk indices on one core, beside a plain loop, with how far they are from references; the resident's page.

The measuring is in ``ops_api.measure``, for ``cityops bench damp`` does the same where only the package is installed.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.stack import say
from cityops.settings import Settings
from ops_api.measure.damp_report import report
from ops_api.measure.page_speed import page_figures, town_of

BESIDE = Path(__file__).parents[2] / "shared" / "data"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench damp``."""
    # Read here: the environment's settings are left behind before a benchmark runs.
    data = Path(os.environ.get("CITYOPS_REAL_DATA", BESIDE))
    parser.add_argument("--values", type=int, default=4_000_000, help="dew points of a pass")
    parser.add_argument("--homes", type=int, default=10_000, help="of the mould risk index")
    parser.add_argument("--hours", type=int, default=8760, help="of each home")
    parser.add_argument("--repeats", type=int, default=3, help="passes; figures are medians")
    page = argparse.BooleanOptionalAction
    parser.add_argument("--page", action=page, default=True, help="measure the resident's page")
    parser.add_argument("--page-requests", type=int, default=300, help="of each page")
    parser.add_argument("--real-data", type=Path, default=data, help="folder with the real data sets")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report; see docs/benchmarks.md."""
    say(f"damp: {options.homes:,} homes × {options.hours:,} h, {options.repeats} passes")
    real_data = options.real_data if options.real_data.is_dir() else None

    def page() -> dict[str, Any]:
        say("damp: the resident's page, in a database of its own")
        return page_figures(town_of(365, 300, 30), options.page_requests, Settings().data_dir)

    measured = page if options.page else None
    found = report(options.values, options.homes, options.hours, options.repeats, real_data, measured)
    return found | {"machine": machine()}
