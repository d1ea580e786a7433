"""``cityops winter``: the duty officer's desk on the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, RequestId, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ops_api.wiring_winter import WinterDoor
    from rules.core.winter_orders.model import Case, Command

app = group("Winter service: what the rules propose, what the duty officer makes of it, how the night did.")

Ref = Annotated[str, typer.Argument(metavar="REF", help="From `cityops winter list`, e.g. P17 or O3.")]
Role = Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")]
Reason = Annotated[str, typer.Option(help="Why: it is part of the record.")]
Rate = Annotated[float | None, typer.Option("--rate", metavar="G_M2", help="Salt of a pass [g/m²].")]
Passes = Annotated[int | None, typer.Option("--passes", help="Passes over each stretch.")]
Segments = Annotated[
    str | None, typer.Option("--segments", metavar="ID,ID,…", help="Which stretches of the route.")
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start", metavar="TIME", help="When the lorry leaves by the town's clock, e.g. 2026-01-09T21:40."
    ),
]
DoneBy = Annotated[
    str | None, typer.Option("--done-by", metavar="TIME", help="When the salt must be on the road.")
]
OFFICER = "duty officer"
HOUR_S = 3600.0


@app.command(
    "list",
    epilog=examples(
        "cityops winter list                      # the last 24 hours, what waits for an answer first",
        "cityops winter list --night 2026-01-09 --route route-4 --json",
    ),
)
def list_orders(
    night: Annotated[
        str | None, typer.Option(metavar="DAY", help="The night that began on this day, noon to noon.")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.1, max=2000.0, help="Or the last hours.")] = 24.0,
    route: Annotated[str | None, typer.Option(help="Only of this route.")] = None,
    as_json: AsJson = False,
) -> None:
    """List proposals and orders. Exit code 0, however many there are."""
    from ops_api import winter_text
    from ops_api.moments import a_day
    from rules.core.winter_nights import span_s

    async def run(door: WinterDoor) -> None:
        since_s, until_s = door.now_s - hours * HOUR_S, door.now_s + HOUR_S
        if night is not None:
            since_s, until_s = span_s(a_day(night, "--night"), door.zone)
        found = await door.desk.cases(since_s, until_s, route)
        lines = winter_text.list_lines(found, door.zone)
        typer.echo(to_json(winter_text.documents(found)) if as_json else "\n".join(lines))

    at_winter(run)


@app.command(epilog=examples("cityops winter show P17", "cityops winter show P17 --json"))
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Print a proposal or order: what was asked, who said what, and what was on the desk then (--json)."""

    async def run(door: WinterDoor) -> None:
        _print(await door.desk.case(ref), door.zone, as_json)

    at_winter(run)


@app.command(epilog=examples("cityops winter confirm P17 --by Ada"))
def confirm(
    ref: Ref,
    note: Annotated[str, typer.Option(help="A remark for the record.")] = "",
    by: By = "",
    role: Role = OFFICER,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Have a proposal done as it is. Exit code 1 where that is not possible any more."""
    from rules.core.winter_orders.model import Confirm

    _do(
        lambda _: Confirm(ref=ref, by=name_of(by), role=role, note=note, via="cli", request_id=request_id),
        as_json,
    )


@app.command(
    epilog=examples(
        'cityops winter change P17 --rate 15 --reason "the bridge is wet"',
        'cityops winter change P17 --segments seg-0135,seg-0136 --start 2026-01-09T21:40 --reason "only the hill"',
    )
)
def change(
    ref: Ref,
    reason: Reason,
    rate: Rate = None,
    passes: Passes = None,
    segments: Segments = None,
    plough: Annotated[
        bool | None, typer.Option("--plough/--no-plough", help="Whether snow is cleared first.")
    ] = None,
    start: Start = None,
    done_by: DoneBy = None,
    by: By = "",
    role: Role = OFFICER,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Have it done otherwise, with a reason."""
    from rules.core.winter_orders.model import Change

    def make(door: WinterDoor) -> Command:
        return Change(
            ref=ref, by=name_of(by), role=role, reason=reason, via="cli", request_id=request_id, g_m2=rate,
            passes=passes, segments=_named(segments), start_s=_at(start, door, "--start"),
            by_s=_at(done_by, door, "--done-by"), plough=plough,
        )  # fmt: skip

    _do(make, as_json)


@app.command(
    epilog=examples('cityops winter cancel P17 --reason "cloud has come in, the forecast is withdrawn"')
)
def cancel(
    ref: Ref,
    reason: Reason,
    by: By = "",
    role: Role = OFFICER,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Have it not done, with a reason."""
    from rules.core.winter_orders.model import Cancel

    _do(
        lambda _: Cancel(ref=ref, by=name_of(by), role=role, reason=reason, via="cli", request_id=request_id),
        as_json,
    )


@app.command(
    epilog=examples(
        'cityops winter order route-4 --rate 10 --reason "burst main at Mill Lane" --segments seg-0135',
    )
)
def order(
    route: Annotated[str, typer.Argument(metavar="ROUTE", help="Which route.")],
    reason: Reason,
    rate: Annotated[float, typer.Option("--rate", metavar="G_M2", help="Salt of a pass [g/m²].")],
    passes: Annotated[int, typer.Option("--passes", help="Passes over each stretch.")] = 1,
    segments: Segments = None,
    plough: Annotated[bool, typer.Option("--plough", help="Snow is cleared first.")] = False,
    start: Start = None,
    done_by: DoneBy = None,
    by: By = "",
    role: Role = OFFICER,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Order a treatment that the rules did not propose, with a reason; without --segments on all of the route."""
    from rules.core.winter_orders.model import OrderOwn

    def make(door: WinterDoor) -> Command:
        return OrderOwn(
            route_id=route, by=name_of(by), role=role, reason=reason, via="cli", request_id=request_id, g_m2=rate,
            passes=passes, segments=_named(segments), start_s=_at(start, door, "--start"),
            by_s=_at(done_by, door, "--done-by"), plough=plough,
        )  # fmt: skip

    _do(make, as_json)


@app.command(
    epilog=examples(
        "cityops winter record 2026-01-09 -o night.zip         # the one that was kept when the night was over",
        "cityops winter record 2026-01-09 -o night.zip --again --why 'claim 26/0117, Mill Lane'",
        "cityops evidence verify night.zip         # whoever has it can check it",
    )
)
def record(
    night: Annotated[str, typer.Argument(metavar="NIGHT", help="The day on which the night began.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")],
    why: Annotated[str, typer.Option(help="What a new one is for; it is in the record.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Make a new one from what is stored now, with the kept one in it.")
    ] = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Write the record of a night as a signed pack: what was proposed and seen, who decided what, what was done.

    The service makes it itself when the night is over, and keeps it: that one is written. Where none is kept it is made now.
    Exit code 1 where the chain over the acts does not hold: somebody changed the tables.
    """
    import asyncio
    from datetime import UTC, datetime

    import msgspec

    from cityops.settings import load_settings
    from ops_api.moments import a_day
    from ops_api.wiring_winter import write_record
    from rules.core.winter_record import KeptRecord

    made = asyncio.run(
        write_record(load_settings(), a_day(night, "NIGHT"), by=name_of(by), why=why, file=out, again=again)
    )
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
    elif isinstance(made, KeptRecord):
        at = datetime.fromtimestamp(made.made_s, UTC).isoformat(" ", "seconds")
        typer.echo(
            f"{out}: record {made.pack_id}, as the service made and kept it {at}; SHA-256 {made.sha256}"
        )
    else:
        typer.echo(
            f"{out}: record {made.pack_id}, {made.cases} proposals and orders, {made.files} files, made now"
        )
    if not as_json:
        typer.echo(f"signed with key {made.key_id}; check it with: cityops evidence verify {out}")
    if not isinstance(made, KeptRecord) and made.broken:
        typer.echo(
            f"the chain is broken at acts {', '.join(map(str, made.broken))}: the tables were changed",
            err=True,
        )
        raise typer.Exit(1)


def _do(make: Callable[[WinterDoor], Command], as_json: bool) -> None:
    from rules.core.winter_orders.commands import OrderRefusedError

    async def run(door: WinterDoor) -> None:
        try:
            case = await door.desk.act(make(door), door.now_s)
        except OrderRefusedError as error:
            typer.echo(f"not done: {error}", err=True)
            raise typer.Exit(1) from None
        _print(case, door.zone, as_json)

    at_winter(run)


def _print(case: Case, zone: ZoneInfo, as_json: bool) -> None:
    from ops_api import winter_text

    typer.echo(
        to_json(winter_text.document(case, seen=True))
        if as_json
        else "\n".join(winter_text.show_lines(case, zone))
    )


def _named(segments: str | None) -> tuple[str, ...] | None:
    if segments is None:
        return None
    found = tuple(s.strip() for s in segments.split(",") if s.strip())
    if not found:
        raise ConfigurationError("--segments names none: write ids with commas between them")
    return found


def _at(text: str | None, door: WinterDoor, name: str) -> float | None:
    from ops_api.moments import a_time

    return None if text is None else a_time(text, door.zone, name).timestamp()


def at_winter(work: Callable[[WinterDoor], Awaitable[Any]]) -> Any:
    """Do something at the officer's desk of the settings' database, and return what it returns."""
    from ops_api.wiring_winter import winter_of

    return through(winter_of, work)
