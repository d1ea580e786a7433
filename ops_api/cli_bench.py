"""``cityops bench``: what this machine does, and how far results are from references."""

from __future__ import annotations

from ops_api import (
    cli_bench_bins,
    cli_bench_carp,
    cli_bench_damp,
    cli_bench_fleet,
    cli_bench_road,
    cli_bench_vrp,
)
from ops_api.cli_help import group

bench_app = group("Measure, on this machine, what cityops claims.")


@bench_app.callback()
def bench() -> None:
    """Measure, on this machine, what cityops claims."""


bench_app.command(epilog=cli_bench_bins.EXAMPLES)(cli_bench_bins.bins)
bench_app.command(epilog=cli_bench_carp.EXAMPLES)(cli_bench_carp.carp)
bench_app.command(epilog=cli_bench_damp.EXAMPLES)(cli_bench_damp.damp)
bench_app.command(epilog=cli_bench_fleet.EXAMPLES)(cli_bench_fleet.fleet)
bench_app.command(epilog=cli_bench_road.EXAMPLES)(cli_bench_road.road)
bench_app.command(epilog=cli_bench_vrp.EXAMPLES)(cli_bench_vrp.vrp)
