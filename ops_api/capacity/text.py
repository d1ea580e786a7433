"""A plan in words and as a table of Markdown. Pure."""

from __future__ import annotations

from ops_api.capacity.costs import COSTS
from ops_api.capacity.plan import Line, Plan

HEAD = (
    "| kind | devices | every | messages/s | rows/day | GB/day as rows | GB/year as rows | GB/year as columns |"
    " GB/year of aggregates |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def number(value: float) -> str:
    """Return a number with two digits that count, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def table(plan: Plan) -> str:
    """Return what each kind makes, as Markdown."""
    return "\n".join([HEAD, *(_row(line) for line in plan.lines)])


def as_text(plan: Plan, years: float) -> str:
    """Return all of a plan."""
    lines = {
        "messages": f"{number(plan.messages_per_s)} a second, {number(plan.batch)} in a batch",
        "CPU": f"ingest {number(plan.ingest_cores)}, database {number(plan.database_cores)}, broker "
        f"{number(plan.broker_cores)}, rules {number(plan.rules_cores)} of a core",
        "cores": f"{plan.cores} (half busy, and one for the rest)",
        "memory": f"{number(plan.memory_gb)} GB: broker {number(plan.broker_gb)} for connections and "
        f"{number(plan.hour_queued_gb)} for an hour without ingester; {number(plan.newest_gb)} GB of newest readings, half cached",
        "disk": f"{number(years)} years: {number(plan.timescaledb_gb)} GB on TimescaleDB, {number(plan.plain_gb)} GB "
        "on plain PostgreSQL; keep a third free",
        "log": f"{number(plan.wal_gb_day)} GB a day of WAL to archive or replicate",
        "back-up": f"{number(plan.backup_gb)} GB at most each; back from it in some {number(plan.restore_min)} minutes",
        "not counted": "roads: the rules' work on streets grows with their length, not with readings (docs/benchmarks.md)",
    }
    return "\n".join([table(plan), "", *(f"{name:<12} {words}" for name, words in lines.items())])


def sources() -> str:
    """Return the figures behind it with where they were measured, as Markdown."""
    rows = [f"| `{name}` | {cost.value:g} {cost.unit} | {cost.source} |" for name, cost in COSTS.items()]
    return "\n".join(["| figure | value | measured |", "| --- | --- | --- |", *rows])


def _row(line: Line) -> str:
    cells = (
        line.messages_per_s, line.rows_per_day, line.rows_gb_day, line.rows_gb_year, line.columns_gb_year,
        line.aggregates_gb_year,
    )  # fmt: skip
    return (
        f"| {line.kind} | {line.devices:,} | {line.cadence_s:g} s | "
        + " | ".join(number(value) for value in cells)
        + " |"
    )
