"""``cityops network``: a town's roads from a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.network_map import Made, Wanted

app = group("The road network: from a map into the registry, checked and shown.")
FAILED = 1

MapFile = Annotated[
    Path,
    typer.Argument(help="OpenStreetMap (.pbf, GeoJSON), OS Open Roads (.gpkg, GeoJSON) or a registry file."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format", help="osm-pbf, osm-geojson, os-geopackage, os-geojson or registry; found out without."
    ),
]
AreaText = Annotated[
    str | None,
    typer.Option("--area", metavar="S,W,N,E", help="Only roads that touch this rectangle in degrees."),
]
Longest = Annotated[
    float, typer.Option("--longest-m", help="Longer stretches are cut into equal pieces [m].")
]
Snap = Annotated[float, typer.Option("--snap-m", help="How far from a road a sensor may be [m].")]
Altitude = Annotated[float, typer.Option("--altitude-m", help="Of all roads that no survey tells of [m].")]
Service = Annotated[bool, typer.Option("--service", help="Service roads are roads, too (OpenStreetMap).")]
Restricted = Annotated[
    bool, typer.Option("--restricted", help="Roads of restricted access are roads, too (OS Open Roads).")
]
Survey = Annotated[
    Path | None,
    typer.Option(
        "--survey",
        help="CSV: latitude_deg, longitude_deg and any of sky_view_factor, altitude_m, horizon_deg of places on roads.",
    ),
]
Devices = Annotated[
    Path | None, typer.Option("--devices", help="Registry file whose road sensors are put on the roads.")
]
Assume = Annotated[
    Path | None,
    typer.Option("--assume", metavar="TOML", help="Sky view, widths by class where the map does not say."),
]
Depots = Annotated[
    list[str] | None,
    typer.Option(
        "--depot", metavar="ID=LAT,LON", help="A depot, put at the nearest junction; may be given again."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


def _wanted(
    file: Path,
    kind: str | None,
    area: str | None,
    numbers: tuple[float, float, float],
    flags: tuple[bool, bool],
    survey: Path | None,
    devices: Path | None,
    depots: list[str] | None,
    assume: Path | None,
) -> Wanted:
    from cityops.errors import ConfigurationError
    from devices.registry import load
    from ops_api.network_map import Wanted
    from rules.core.network.defaults import NetworkSettings
    from rules.network_files.area import area_of
    from rules.network_files.assumptions import read_assumptions
    from rules.network_files.survey import read_survey

    longest_m, snap_m, altitude_m = numbers
    try:
        settings = NetworkSettings(
            longest_m=longest_m, snap_m=snap_m, altitude_m=altitude_m, service=flags[0], restricted=flags[1]
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return Wanted(
        file=file,
        settings=settings if assume is None else read_assumptions(assume, settings),
        kind=kind,
        area=None if area is None else area_of(area),
        survey=() if survey is None else read_survey(survey),
        devices=() if devices is None else load(devices).devices,
        depots=depots or (),
    )


@app.command(
    "import",
    epilog=examples(
        "cityops network import cambridge.geojson --name cambridge --depot north=52.2310,0.1160",
        "cityops network import oproad_gb.gpkg --name ourtown --area 52.15,0.05,52.25,0.20",
        "cityops network import map.osm.pbf --name ourtown --out ourtown.json   # a registry file, no database",
    ),
)
def import_network(
    file: MapFile,
    name: Annotated[str, typer.Option(help="Name of the network; another import of it replaces this one.")],
    out: Annotated[
        Path | None, typer.Option(help="Write a registry file; the database is left alone.", metavar="JSON")
    ] = None,
    kind: Format = None,
    area: AreaText = None,
    longest_m: Longest = 500.0,
    snap_m: Snap = 25.0,
    altitude_m: Altitude = 100.0,
    service: Service = False,
    restricted: Restricted = False,
    survey: Survey = None,
    devices: Devices = None,
    depot: Depots = None,
    assume: Assume = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Import in spite of errors that are found.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Clean a map's roads, join and connect them, and put them into the registry.

    Without --out into the database: segments keep their gritting routes, road sensors that are registered are put on
    the segments that they lie on, and what the former import of that name had and this has not is removed.
    Exit code 1, and nothing is changed, where errors are found.
    """
    from ops_api.network_import import import_map

    wanted = _wanted(
        file,
        kind,
        area,
        (longest_m, snap_m, altitude_m),
        (service, restricted),
        survey,
        devices,
        depot,
        assume,
    )
    import_map(wanted, name, out, anyway=anyway, as_json=as_json, say=typer.echo)


@app.command(
    epilog=examples(
        "cityops network check cambridge.geojson",
        "cityops network check town.json        # a registry file",
        "cityops network check                  # what is in the database",
    )
)
def check(
    file: Annotated[
        Path | None, typer.Argument(help="As for import; without it the database is checked.")
    ] = None,
    kind: Format = None,
    area: AreaText = None,
    longest_m: Longest = 500.0,
    snap_m: Snap = 25.0,
    altitude_m: Altitude = 100.0,
    service: Service = False,
    restricted: Restricted = False,
    survey: Survey = None,
    devices: Devices = None,
    depot: Depots = None,
    assume: Assume = None,
    as_json: AsJson = False,
) -> None:
    """Say what a map would become, or what the registry has, and what is wrong with it. Changes nothing.

    Exit code 1 where there are errors.
    """
    import msgspec

    from ops_api.network_import import of_database
    from ops_api.network_map import make
    from ops_api.network_text import as_json as report
    from ops_api.network_text import report_lines

    if file is None:
        made = of_database()
    else:
        numbers = (longest_m, snap_m, altitude_m)
        made = make(_wanted(file, kind, area, numbers, (service, restricted), survey, devices, depot, assume))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(report(made)), indent=2).decode())
    else:
        typer.echo("\n".join(report_lines(made)))
    if made.failed:
        raise typer.Exit(FAILED)


@app.command(
    epilog=examples(
        "cityops network show                                  # networks of the database",
        "cityops network show cambridge.geojson --street 'Mill Road'",
        "cityops network show town.json --geojson town.geojson   # to be looked at on a map",
    )
)
def show(
    file: Annotated[Path | None, typer.Argument(help="As for import; the database without.")] = None,
    street: Annotated[
        str | None, typer.Option(help="Segments of streets with this in their name, or of this number.")
    ] = None,
    geojson: Annotated[Path | None, typer.Option(help="Write the segments there.", metavar="FILE")] = None,
    kind: Format = None,
    area: AreaText = None,
    longest_m: Longest = 500.0,
    service: Service = False,
    restricted: Restricted = False,
) -> None:
    """Show a network: its numbers, the segments of a street, or all of it as GeoJSON."""
    from ops_api.network_import import of_database
    from ops_api.network_map import make

    if file is None:
        made = of_database(typer.echo)
    else:
        flags = (service, restricted)
        made = make(_wanted(file, kind, area, (longest_m, 25.0, 100.0), flags, None, None, None, None))
    _show(made, street, geojson)


def _show(made: Made, street: str | None, geojson: Path | None) -> None:
    import msgspec

    from cityops.errors import ConfigurationError
    from ops_api.network_text import as_geojson, count_lines, street_lines
    from rules.core.network.counts import counts

    if geojson is not None:
        geojson.write_bytes(msgspec.json.encode(as_geojson(made.network)))
    if street is None:
        typer.echo("\n".join(count_lines(counts(made.network))))
        return
    lines = list(street_lines(made.network, street))
    if not lines:
        raise ConfigurationError(f"there is no street with {street!r} in its name")
    typer.echo("\n".join(lines))
