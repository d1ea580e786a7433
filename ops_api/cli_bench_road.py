"""``cityops bench road``: the road-surface forecast on a street's nights, against METRo, and its speed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_help import examples

EXAMPLES = examples(
    "cityops bench road meteorology_2010H2.txt",
    "cityops bench road meteorology_2010H2.txt --metro ./metro --segments 0 --json",
    "cityops bench road my_street.txt --fit my_street.toml    # a parameter set of one's own",
    "cityops bench road next_winter.txt --parameters my_street.toml",
)
MISSED = 1


def road(
    file: Annotated[Path, typer.Argument(help="Hourly observations of a street in NORTRIP's format.")],
    parameters: Annotated[
        str, typer.Option(help="Parameter set: a name of this version, or a .toml file.")
    ] = "hornsgatan",
    start: Annotated[str, typer.Option(help="Parameter set where fits begin.")] = "hornsgatan_start",
    metro: Annotated[
        Path | None, typer.Option(help="Folder of METRo's cases; ../metro beside the file's folder without.")
    ] = None,
    segments: Annotated[
        int, typer.Option(min=0, help="Roads of the speed's town; 0 = not measured.")
    ] = 10_000,
    cross_fit: Annotated[
        bool, typer.Option(help="Judge nights of the fit by parameters fitted to other months, too.")
    ] = True,
    fit: Annotated[
        Path | None, typer.Option(help="Fit to the file instead, and write the set there.", metavar="TOML")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Judge the forecast of a street's nights, with what costs nothing beside it. Exit code 1 where it is worse than wanted.

    A slow machine fails nothing.
    It starts at 17 h, with the weather that was observed; seconds are CPU seconds of one core.
    """
    import msgspec

    from ops_api import bench_text
    from rules.road_data import bench, sets, street_bench

    first = sets.load(start)
    if fit is not None:
        fitted = street_bench.fit_file(file, first, fit.stem)
        fit.write_text(sets.to_toml(fitted), encoding="utf-8")
        typer.echo(f"{fit}: {fitted.source}")
        return
    report = bench.bench(file, sets.load(parameters), first, metro, segments, cross_fit)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        typer.echo("\n".join(bench_text.road_lines(report)))
    if report.failed:
        raise typer.Exit(MISSED)
