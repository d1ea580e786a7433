"""``cityops bench``: figures that anyone can measure again."""

from __future__ import annotations

from ops_api import cli_bench_road
from ops_api.cli_help import group

app = group("Measure the engines on published data.")
app.command("road", epilog=cli_bench_road.EXAMPLES)(cli_bench_road.road)
