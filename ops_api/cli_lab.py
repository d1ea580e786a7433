"""``cityops sim fault``, ``sim load`` and ``sim record``: the device laboratory on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, at_desk, name_of, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.lab_desk import Lab
    from ops_api.wiring_desk import DeskDoor

app = group("Faults of the simulated town, switched while it plays. No real device is touched.")
FaultId = Annotated[
    int, typer.Argument(min=1, max=2**31 - 1, metavar="ID", help="From `cityops sim fault list`.")
]


@app.command("list", epilog=examples("cityops sim fault list", "cityops sim fault list --json"))
def list_faults(as_json: AsJson = False) -> None:
    """Say how the town stands, which faults are on, and which were."""
    from datetime import UTC, datetime

    from ops_api.lab_text import lab_lines

    now = datetime.now(UTC)

    async def look(door: DeskDoor) -> tuple[Lab, DeskDoor]:
        from ops_api.lab_desk import lab

        return await lab(door.db, now), door

    found, door = at_desk(look)
    if as_json:
        typer.echo(to_json({"town": found.town, "faults": found.faults}))
    else:
        typer.echo("\n".join(lab_lines(found, now, door.zone)))


@app.command(
    epilog=examples(
        "cityops sim fault on brown_out --device frog-0001 --share 0.3",
        "cityops sim fault on clock --device road-001 --value -7200 --hours 6",
        "cityops sim fault on drift --kind frog --count 5 --field humidity_pct --value 4",
    )
)
def on(
    fault: Annotated[
        str,
        typer.Argument(help="clock, drift, stuck, spike, dropout, sentinel, brown_out, uplink, card_full."),
    ],
    device: Annotated[list[str] | None, typer.Option(help="A device by name; repeatable.")] = None,
    kind: Annotated[str, typer.Option(help="Or so many (--count) of this kind.")] = "",
    count: Annotated[int, typer.Option(min=0, help="How many of the kind.")] = 0,
    field: Annotated[str, typer.Option(help="Only this value, e.g. temperature_c.")] = "",
    value: Annotated[
        float | None, typer.Option(help="By how much: seconds, units a day, the stuck value.")
    ] = None,
    share: Annotated[float, typer.Option(min=0, max=1, help="Of readings, or of the time.")] = 1.0,
    hours: Annotated[
        float, typer.Option(min=0.01, max=1000, help="For so many hours of the town's time.")
    ] = 24.0,
    by: By = "",
) -> None:
    """Switch a fault on; the town begins it within a second or two."""
    from pydantic import ValidationError

    from ops_api.lab_desk import NewFault, strike

    try:
        new = NewFault.model_validate(
            {"fault": fault, "devices": device or [], "kind": kind, "count": count, "field": field,
             "value": value, "share": share, "hours": hours}
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigurationError(
            f"{'.'.join(map(str, first['loc']))} is {first['input']!r}: {first['msg']}"
        ) from error

    number = at_desk(lambda door: strike(door.db, new, name_of(by)))
    typer.echo(f"fault {number} is switched on; `cityops sim fault list` says whom it struck")


@app.command(epilog=examples("cityops sim fault off 3", "cityops sim fault off-all"))
def off(fault_id: FaultId, by: By = "") -> None:
    """Switch a fault off."""
    from ops_api.lab_desk import NoFaultError, end

    async def act(door: DeskDoor) -> None:
        try:
            await end(door.db, fault_id, name_of(by))
        except NoFaultError as error:
            raise ConfigurationError(str(error).rstrip(".")) from error

    at_desk(act)
    typer.echo(f"fault {fault_id} is switched off")


@app.command("off-all", epilog=examples("cityops sim fault off-all"))
def off_all(by: By = "") -> None:
    """Switch all faults off."""
    from ops_api.lab_desk import end_all
    from ops_api.web.words import plural

    ended = at_desk(lambda door: end_all(door.db, name_of(by)))
    typer.echo(f"{plural(ended, 'fault')} switched off" if ended > 0 else "no fault was on")


def load(
    devices: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many frogs, load-00000 and so on.")
    ] = 100,
    rate: Annotated[float, typer.Option(min=0.1, help="Readings a second, of all together.")] = 100.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 10.0,
    connections: Annotated[int, typer.Option(min=1, max=10_000, help="Devices share these.")] = 16,
) -> None:
    """Load at protocol level: readings of many devices for little CPU, each accounted for.

    The devices are registered first where a database is configured. Ends with what was created,
    acknowledged by the broker and receipted by the platform; exit status 1 where something is missing.
    """
    import asyncio

    from cityops.settings import load_settings
    from ops_api.lab_load import LoadOrder, run_load

    order = LoadOrder(devices=devices, rate=rate, seconds=seconds, connections=connections)
    result = asyncio.run(run_load(load_settings(), order))
    typer.echo(to_json(result))
    if result["pending"]:
        raise typer.Exit(1)


LOAD_EXAMPLES = examples("cityops sim load --devices 1000 --rate 500 --seconds 60")


def record(
    device: Annotated[str, typer.Argument(help="Whose readings.")],
    file: Annotated[Path, typer.Argument(help="CSV file to write; it must not be there.")],
    hours: Annotated[
        float, typer.Option(min=0.01, max=87_660, help="The last so many hours that it measured.")
    ] = 24.0,
) -> None:
    """Write what a device measured as a trace, and say how it is played again.

    A trace of a device that somebody complained about can be played on a laptop, as often as it takes.
    """
    from ops_api.lab_trace import write_trace
    from ops_api.web.words import plural

    trace = at_desk(lambda door: write_trace(door.db, door.kinds, device, hours, file))
    typer.echo(
        f"{plural(trace.rows, 'reading')} of {device} in {file}; play {'it' if trace.rows == 1 else 'them'} with\n  {trace.command}"
    )


RECORD_EXAMPLES = examples("cityops sim record frog-0001 kitchen.csv --hours 48")
