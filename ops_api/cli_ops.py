"""``cityops ops``: what closing a road would do, and the quickest way for an emergency vehicle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, RequestId, name_of, through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.wiring_ops_tools import OpsDoor

app = group("The operations centre: what if a road is closed, and how an emergency vehicle gets there.")
what_if_app = group("What would happen. Nothing changes, unless a note is asked for.")
app.add_typer(
    what_if_app,
    name="what-if",
    epilog=examples("cityops ops what-if close --street 'Mill Road'", "cityops ops what-if show 3"),
)

OFFICER = "duty officer"
Role = Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")]
Segments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SEGMENT]...", help="Stretches, as `cityops network show --street NAME` names them."
    ),
]
Streets = Annotated[
    list[str] | None,
    typer.Option(
        "--street",
        help="All stretches of a street by its whole name, or of a road's number; may be given again.",
    ),
]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="2026-01-12T09:30, the town's; now without.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="The same; without it until it is opened.")
]


@what_if_app.command(
    "close",
    epilog=examples(
        "cityops ops what-if close s118 s119 --until 2026-01-12T09:30",
        "cityops ops what-if close --street 'Mill Road' --json",
        "cityops ops what-if close --street 'Mill Road' --keep 'gas leak, which side to close' --by Ada",
    ),
)
def close(
    segments: Segments = None,
    street: Streets = None,
    from_: From = None,
    until: Until = None,
    reason: Annotated[str, typer.Option(help="As it would be said to drivers.")] = "what if",
    iterations: Annotated[
        int | None, typer.Option(min=0, max=200_000, help="Of each search; 0: only build.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    vehicle: Annotated[str, typer.Option(help="Kind of emergency vehicle.")] = "fire-engine",
    keep: Annotated[
        str | None, typer.Option(metavar="NOTE", help="Keep the answer as a note with an address.")
    ] = None,
    by: By = "",
    role: Role = OFFICER,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Say what closing roads would do to gritting, bin rounds and emergency vehicles, compared with the roads as they are.

    Gritting and rounds are planned twice from where lorries are now, with the same search. Nothing is stored without --keep.
    """

    async def run(door: OpsDoor) -> None:
        import msgspec

        from ops_api.ops_text import what_if_lines
        from rules.what_if.service import USUAL_ITERATIONS, Question

        names = await stretches(door, segments, street)
        from_s, until_s = times(door, from_, until)
        usual = USUAL_ITERATIONS if iterations is None else iterations
        question = Question(names, from_s, until_s, reason, door.now_s, usual, seed, vehicle)
        found = await door.tools.what_if.close(question)
        kept = None
        if keep is not None:
            from rules.closing.ports import NewWhatIf

            kept = await door.tools.notes.keep(
                NewWhatIf(
                    at_s=door.now_s, by=name_of(by), role=role, via="cli", note=keep, document=msgspec.to_builtins(found), request_id=request_id,
                )
            )  # fmt: skip
        if as_json:
            number = {"what_if_id": None if kept is None else kept.what_if_id}
            typer.echo(_json(number | msgspec.to_builtins(found)))
            return
        typer.echo("\n".join(what_if_lines(found, door.zone)))
        if kept is not None:
            typer.echo(f"\nkept as /ops/what-if/{kept.what_if_id}")

    at_ops(run)


@what_if_app.command(
    "show", epilog=examples("cityops ops what-if show 3", "cityops ops what-if show 3 --json")
)
def show(
    number: Annotated[int, typer.Argument(help="Of a note that was kept.")], as_json: AsJson = False
) -> None:
    """Show a note that was kept."""

    async def run(door: OpsDoor) -> None:
        import msgspec

        from ops_api.ops_text import kept_lines

        kept = await door.tools.notes.what_if(number)
        typer.echo(_json(msgspec.to_builtins(kept)) if as_json else "\n".join(kept_lines(kept, door.zone)))

    at_ops(run)


@app.command(
    epilog=examples(
        "cityops ops way --to 52.2053,0.1218",
        "cityops ops way --to s118 --vehicle ambulance",
        "cityops ops way --to '12 Mill Road' --json",
    )
)
def way(
    to: Annotated[
        str, typer.Option(metavar="PLACE", help="Latitude,longitude; a stretch; an address; a street.")
    ],
    vehicle: Annotated[str, typer.Option(help="fire-engine, ambulance, car.")] = "fire-engine",
    exempt: Annotated[
        bool,
        typer.Option(
            "--exempt", help="One-way streets and turn bans do not bind it: where the order says so."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the quickest way to a place as roads are now: from which station, how sure, what is icy, the next best.

    Exit status 1 where no way leads there.
    """

    async def run(door: OpsDoor) -> int:
        import msgspec

        from ops_api.ops_places import place_of
        from ops_api.ops_text import way_lines

        asked = await place_of(door.tools.ways, door.tools.addresses, to, vehicle, exempt=exempt)
        found = await door.tools.ways.find(asked, door.now_s)
        if as_json:
            typer.echo(_json(msgspec.to_builtins(found)))
        else:
            typer.echo("\n".join(way_lines(found)))
        return 0 if found.best is not None else 1

    if status := at_ops(run):
        raise typer.Exit(status)


@app.command(
    epilog=examples("cityops ops stations", "cityops ops stations stations.toml --reason 'new station north'")
)
def stations(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="TOML: [[station]] with id, label, latitude_deg, longitude_deg, vehicles."
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it changes.")] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Print where emergency vehicles stand, or write other stations from FILE: they count at once."""

    async def run(door: OpsDoor) -> None:
        import msgspec

        from ops_api.fleet_files import decoded
        from rules.core.emergency.roster import EmergencyRoster

        ways = door.tools.ways
        if file is not None:
            try:
                await ways.put_roster(decoded(file, EmergencyRoster), name_of(by), reason)
            except ValueError as error:
                raise ConfigurationError(f"{file}: {error}") from error
        roster, said = await ways.roster()
        if as_json:
            typer.echo(_json(msgspec.to_builtins(roster)))
            return
        for s in roster.station:
            typer.echo(
                f"{s.id}: {s.label}, {s.latitude_deg:.5f}, {s.longitude_deg:.5f}, {', '.join(s.vehicles) or 'all vehicles'}"
            )
        if said:
            typer.echo(said)

    at_ops(run)


async def stretches(door: OpsDoor, segments: list[str] | None, streets: list[str] | None) -> list[str]:
    """Return the stretches that are named; ConfigurationError where there are none, or a street is unknown."""
    from ops_api.ops_places import stretches_of

    return stretches_of((await door.tools.ways.ground()).network, segments or [], streets or [])


def times(door: OpsDoor, from_: str | None, until: str | None) -> tuple[float, float | None]:
    """Return from when until when [s since 1970]; ConfigurationError where they are no times or out of order."""
    from datetime import UTC, datetime

    from ops_api.ops_asking import span_of

    return span_of(from_ or "", until or "", datetime.fromtimestamp(door.now_s, UTC), door.zone)


def _json(document: Any) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def at_ops(work: Callable[[OpsDoor], Awaitable[Any]]) -> Any:
    """Do something with the tools, and return what it returns; refusals end with status 1."""
    from ops_api.wiring_ops_tools import ops_of
    from rules.closing.ports import ClosureRefusedError

    return through(ops_of, work, (ClosureRefusedError,))
