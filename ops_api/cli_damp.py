"""``cityops damp``: what is known of damp in homes, worked out again where asked, offsets of sensors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of
from ops_api.cli_help import examples, group
from ops_api.cli_looks import Purpose, looked

if TYPE_CHECKING:
    from datetime import date

    from ops_api.wiring_damp import DampDoor

app = group("Damp in homes: what is known of one, the list by risk, work days out again, offsets of sensors.")

LOOK = "To see how this home's damp is worked out"

Risk = Literal["high", "raised", "low", "unknown"]
FieldName = Literal["temperature_c", "humidity_pct", "wall_temperature_c"]
How = Literal["side_by_side", "salt", "reference", "self_heating", "other"]


@app.command(
    epilog=examples(
        "cityops damp home 3KX9-QM             # by its code, or its number from `cityops damp list`",
        "cityops damp home 3KX9-QM --days 90",
        "cityops damp home 3KX9-QM --json | jq .finding.evidence",
    )
)
def home(
    code: Annotated[str, typer.Argument(help="The home's code or number.")],
    days: Annotated[int, typer.Option(min=1, max=400, help="Days and events to show.")] = 14,
    by: By = "",
    purpose: Purpose = LOOK,
    as_json: AsJson = False,
) -> None:
    """Print what is known of damp in a home, with its quality and limits."""
    from datetime import timedelta

    from ops_api import damp_text
    from ops_api.queries.damp import damp_document, home_of, span_of

    async def look(door: DampDoor) -> tuple[Any, Any]:
        row = await home_of(door.db, code)
        if row is None:
            raise ConfigurationError(f"there is no home {code!r}; `cityops damp list` has their numbers")
        await looked(
            door.db, row["home_id"], name_of(by), f"damp: days, events and advice of {days} days", purpose
        )
        since, until = span_of(row, None, None, door.now, timedelta(days=days))
        found = await damp_document(door.db, row, since=since, until=until, now=door.now)
        return found, door.rules.zone

    document, zone = _with_damp(look)
    typer.echo(_json(document) if as_json else "\n".join(damp_text.home_lines(document, zone)))


@app.command(
    "list", epilog=examples("cityops damp list", "cityops damp list --risk high", "cityops damp list --json")
)
def list_homes(
    risk: Annotated[Risk | None, typer.Option(help="Only homes of this risk.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Homes to list.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List homes by risk, the worst first, by their numbers: codes and addresses are the households'."""
    from ops_api import damp_text
    from ops_api.queries.damp import damp_list

    async def look(door: DampDoor) -> Any:
        return await damp_list(door.db, risk, limit)

    rows = _with_damp(look)
    typer.echo(_json(rows) if as_json else "\n".join(damp_text.list_lines(rows)))


@app.command(
    epilog=examples(
        "cityops damp recompute --home 3KX9-QM",
        "cityops damp recompute --from 2026-01-01          # all homes",
        "cityops damp recompute --home 3KX9-QM --now       # here, not by the rules",
    )
)
def recompute(
    home: Annotated[str | None, typer.Option(help="Only this home, by its code or number.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, e.g. 2026-01-09.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Work it out here and wait for it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Work days out again from the readings: the same readings give the same rows.

    Needed after another catalogue, or another temperature factor of a home, is to count for the past too.
    """

    async def ask(door: DampDoor) -> dict[str, Any]:
        from ops_api.queries.damp import home_of

        row = None if home is None else await home_of(door.db, home)
        if home is not None and row is None:
            raise ConfigurationError(f"there is no home {home!r}; `cityops damp list` has their numbers")
        from_day = None if start is None else _day(start)
        homes = await door.store.recompute(None if row is None else row["code"], from_day, door.rules)
        if not now:
            return {"homes": homes, "changed": None}
        return {"homes": homes, "changed": await _work(door)}

    found = _with_damp(ask)
    if as_json:
        typer.echo(_json(found))
        return
    one = found["homes"] == 1
    count = f"{found['homes']} home{'' if one else 's'}"
    if found["changed"] is None:
        typer.echo(
            f"{count} {'is' if one else 'are'} due: the rules take {'it' if one else 'them'} within a minute"
        )
    else:
        typer.echo(f"{count} worked out: {found['changed']} rows changed")


@app.command(
    epilog=examples(
        "cityops damp calibrate frog-0004 humidity_pct -- -2.1   # reads 2.1 % high",
        "cityops damp calibrate frog-0004 temperature_c --self-heating --from 2026-01-09 -- -1.4",
    )
)
def calibrate(
    device: Annotated[str, typer.Argument(help="The frog box.")],
    field: Annotated[FieldName, typer.Argument(help="What of it.")],
    offset: Annotated[float, typer.Argument(help="Added to what it reads, in °C or %.")],
    start: Annotated[str, typer.Option("--from", help="From this local day on.")],
    end: Annotated[str | None, typer.Option("--to", help="Up to this local day, not in it.")] = None,
    how: Annotated[How, typer.Option(help="How it was found.")] = "side_by_side",
    self_heating: Annotated[
        bool, typer.Option("--self-heating", help="The box warms itself: its vapour pressure is right.")
    ] = False,
    evidence: Annotated[str, typer.Option(help="Where the figures are.")] = "",
    by: By = "",
) -> None:
    """Keep an offset of a sensor. It is applied when readings are read; they stay as they came."""
    from rules.damp.ports import NewCalibration

    if self_heating and field != "temperature_c":
        raise ConfigurationError("--self-heating is an offset of temperature_c: humidity follows from it")

    async def keep(door: DampDoor) -> int:
        new = NewCalibration(
            device=device, field=field, offset=offset, keeps_vapour=self_heating,
            from_s=_day_s(door, start), to_s=None if end is None else _day_s(door, end),
            how="self_heating" if self_heating else how, by=name_of(by), evidence=evidence,
        )  # fmt: skip
        if new.to_s is not None and new.to_s <= new.from_s:
            raise ConfigurationError(f"--to {end} must be after --from {start}")
        return await door.store.calibrate(new, door.rules)

    number = _with_damp(keep)
    typer.echo(
        f"calibration {number}: {field} of {device} {offset:+g} from {start} on; its days are due again"
    )


@app.command(epilog=examples("cityops damp calibrations", "cityops damp calibrations --withdraw 3"))
def calibrations(
    withdraw: Annotated[int | None, typer.Option(min=1, help="Apply this one no longer.")] = None,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """List offsets of sensors, with dates and who; or withdraw one."""
    from ops_api import damp_text

    async def look(door: DampDoor) -> Any:
        if withdraw is not None and not await door.store.withdraw(withdraw, name_of(by), door.rules):
            raise ConfigurationError(f"there is no calibration {withdraw} that is applied")
        return await door.db.rows("damp_calibrations", home_id=None)

    rows = _with_damp(look)
    typer.echo(_json(rows) if as_json else "\n".join(damp_text.calibration_lines(rows)))


async def _work(door: DampDoor) -> int:
    progress = await door.store.mark(door.rules, 500)
    while progress.more:
        progress = await door.store.mark(door.rules, 500)
    return 0 if progress.event_s is None else await door.analyst.work(door.rules, progress.event_s)


def _day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise ConfigurationError(f"{text!r} is no day; write it as 2026-01-09") from e


def _day_s(door: DampDoor, text: str) -> float:
    from rules.core.analyst.days import begins_s

    return begins_s(_day(text), door.rules.zone)


def _with_damp(work: Callable[[DampDoor], Awaitable[Any]]) -> Any:
    import asyncio

    from cityops.settings import load_settings
    from ops_api.wiring_damp import damp_of

    async def run() -> Any:
        async with damp_of(load_settings()) as door:
            try:
                return await work(door)
            except LookupError as e:
                raise ConfigurationError(str(e.args[0])) from e

    return asyncio.run(run())


def _json(document: Any) -> str:
    import json
    from datetime import UTC, date, datetime

    def moment(value: object) -> str:
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat()
        assert isinstance(value, date)
        return value.isoformat()

    return json.dumps(document, indent=2, ensure_ascii=False, default=moment)
