"""``cityops bin-days``: timetables and premises from files, changes of days, missed collections."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.wiring_bin_days import BinDaysDoor
    from rules.core.bin_days.model import Change
    from rules.core.bin_days.published import Timetable

T = TypeVar("T")
app = group("Bin days: timetables, premises, bank holidays, missed collections.")
changes_app = group("Days that are not as usual: moved, or not collected.")
app.add_typer(changes_app, name="exceptions", epilog=examples("cityops bin-days exceptions list"))

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Day = Annotated[str, typer.Argument(metavar="DAY", help="The usual day, e.g. 2026-12-28.")]
OfRound = Annotated[str | None, typer.Option("--round", help="Of this round alone.")]
OfStream = Annotated[str | None, typer.Option("--stream", help="Of this stream alone, e.g. food.")]


@app.command(
    "load",
    epilog=examples(
        "cityops bin-days load town.json          # rounds, changes and premises (docs/bin-days.md)",
        "cityops bin-days load premises.csv       # uprn,address,rounds,latitude_deg,longitude_deg",
        "cityops bin-days load bank-holidays.csv  # day,to,reason,round_id,stream",
    ),
)
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .json or .csv file.")],
    fewer: Annotated[
        bool, typer.Option("--fewer", help="More than a tenth of the premises go, with their reminders.")
    ] = False,
) -> None:
    """Put what is in a file in the place of what is there: all of it, or on the first error nothing.

    Parts that the file does not have stay. Calendars that people hold follow: where a day changes its sequence grows.
    """
    from ops_api.bin_days_load import load_file

    for line in _run(lambda door: load_file(door, file, fewer=fewer)):
        typer.echo(line)


@app.command("show", epilog=examples("cityops bin-days show 100010000012 --days 60"))
def show(
    uprn: Annotated[str, typer.Argument(metavar="UPRN", help="1 to 12 digits.")],
    days: Annotated[int, typer.Option(min=1, max=400, help="So many days ahead.")] = 28,
    as_json: AsJson = False,
) -> None:
    """Print the collections of premises."""
    from rules.core.bin_days.published import shown
    from rules.core.bin_days.search import uprn_of
    from rules.core.bin_days.words import why

    async def run(door: BinDaysDoor) -> tuple[str, list[dict[str, Any]]]:
        number = uprn_of(uprn)
        place = None if number is None else await door.days.premises(number)
        if place is None:
            raise ConfigurationError(f"there are no premises with the UPRN {uprn!r}")
        today = _today(door)
        found = shown(await door.days.timetable(), place.rounds, today, today + timedelta(days=days))
        return place.address, [
            {
                "day": None if c.day is None else c.day.isoformat(), "usual": c.original.isoformat(), "stream": c.service.stream,
                "container": c.service.container, "why": why(c), "sequence": c.sequence,
            }
            for c in found
        ]  # fmt: skip

    address, rows = _run(run)
    if as_json:
        typer.echo(json.dumps({"address": address, "collections": rows}, indent=2))
        return
    typer.echo(address)
    for r in rows:
        typer.echo(f"{r['day'] or 'cancelled':<10}  {r['container']:<20} {r['why']}".rstrip())


@app.command("missed", epilog=examples("cityops bin-days missed --days 7"))
def missed(
    days: Annotated[int, typer.Option(min=1, max=400, help="Reported in so many days.")] = 31,
    as_json: AsJson = False,
) -> None:
    """List missed collections that wait for somebody, the oldest first."""
    from rules.bin_days.missed_desk import verdict_of
    from rules.core.bin_days.words import answer

    async def run(door: BinDaysDoor) -> list[dict[str, Any]]:
        rows = []
        for report in await door.acts.open_missed(door.now_s - days * 86_400.0):
            verdict, place = verdict_of(report.act), await door.days.premises(report.uprn)
            rows.append(
                {
                    "reference": report.act.reference, "uprn": report.uprn, "address": "" if place is None else place.address,
                    "reported_at": datetime.fromtimestamp(report.act.at_s, door.zone).isoformat(timespec="minutes"),
                    "day": None if verdict.day is None else verdict.day.isoformat(), "outcome": verdict.outcome,
                    "return_by": None if verdict.return_by is None else verdict.return_by.isoformat(),
                    "answer": answer(verdict, str(report.act.seen["label"]), door.zone)[0],
                }
            )  # fmt: skip
        return rows

    rows = _run(run)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for r in rows:
        typer.echo(
            f"{r['reference']}  {r['reported_at']}  by {r['return_by']}  {r['address']} ({r['uprn']})\n    {r['answer']}"
        )
    if not rows:
        typer.echo("nobody waits for a lorry to come back")


@app.command("verify", epilog=examples("cityops bin-days verify"))
def verify() -> None:
    """Check that no act of a crew or resident was changed or left out since it was written: exit code 1 where one was."""
    from rules.core.collection_acts.chain import broken

    async def run(door: BinDaysDoor) -> tuple[int, tuple[int, ...]]:
        acts = await door.acts.chain()
        return len(acts), broken(acts)

    count, wrong = _run(run)
    if wrong:
        typer.echo(f"{count} acts; the chain does not follow at act {', '.join(map(str, wrong))}")
        raise typer.Exit(1)
    typer.echo(f"{count} acts, each follows the one before it")


@changes_app.command("list", epilog=examples("cityops bin-days exceptions list --json"))
def list_changes(as_json: AsJson = False) -> None:
    """List what is said of days."""

    async def run(door: BinDaysDoor) -> Sequence[Change]:
        return (await door.days.timetable()).changes

    _print(_run(run), as_json)


@changes_app.command(
    "propose",
    epilog=examples(
        "cityops bin-days exceptions propose --from 2026-12-01 --to 2027-01-10",
        "cityops bin-days exceptions propose --from 2026-12-01 --to 2027-01-10 --apply",
    ),
)
def propose(
    first: Annotated[str, typer.Option("--from", help="First day.")],
    last: Annotated[str, typer.Option("--to", help="Last day.")],
    apply: Annotated[bool, typer.Option("--apply", help="Put them in, where nothing is said yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Propose what weeks with a bank holiday move: one day later from the holiday on, Saturday included."""
    from ops_api.wiring_bin_days import bank_holidays
    from rules.core.bin_days.holidays import proposed, without

    begin, end = _day(first), _day(last)
    if not timedelta(0) <= end - begin <= timedelta(days=800):
        raise ConfigurationError(f"--to {last} is not within 800 days after --from {first}")
    found, left = proposed(bank_holidays(), begin, end)

    async def run(door: BinDaysDoor) -> Sequence[Change]:
        new = without((await door.days.timetable()).changes, found)
        if apply and new:
            await _edit(door, lambda table: [*table.changes, *new])
        return new

    _print(_run(run), as_json)
    for day in left:
        typer.echo(
            f"{day}: there is no free day left before Sunday; say yourself with `exceptions set`", err=True
        )


@changes_app.command(
    "set",
    epilog=examples(
        'cityops bin-days exceptions set 2026-12-28 --moved-to 2026-12-29 --reason "the bank holiday"',
        'cityops bin-days exceptions set 2027-01-18 --cancelled --reason "the snow" --round mon-a --stream food',
    ),
)
def set_change(
    day: Day,
    reason: Annotated[str, typer.Option(help='Goes after "because of", e.g. "the snow".')],
    to: Annotated[str | None, typer.Option("--moved-to", help="The day on which it is collected.")] = None,
    cancelled: Annotated[bool, typer.Option("--cancelled", help="It is not collected.")] = False,
    round_id: OfRound = None,
    stream: OfStream = None,
) -> None:
    """Move a day's collections, or cancel them; what was said before of the same is replaced."""
    if (to is None) != cancelled:
        raise ConfigurationError("say either --moved-to DAY or --cancelled")
    from ops_api.bin_days_load import change_from

    async def run(door: BinDaysDoor) -> int:
        table = await door.days.timetable()
        new = change_from(
            {"day": day, "to": to, "reason": reason, "round_id": round_id, "stream": stream}, [r.round_id for r in table.rounds]
        )  # fmt: skip
        return await _edit(door, lambda t: [*_others(t, new.day, round_id, stream), new])

    typer.echo(f"{_run(run)} collections of {day} are otherwise now")


@changes_app.command("unset", epilog=examples("cityops bin-days exceptions unset 2026-12-28"))
def unset(day: Day, round_id: OfRound = None, stream: OfStream = None) -> None:
    """Take back what was said of a day."""
    of = _day(day)

    async def run(door: BinDaysDoor) -> int:
        table = await door.days.timetable()
        if len(_others(table, of, round_id, stream)) == len(table.changes):
            raise ConfigurationError(
                f"nothing is said of {day} for that round and stream; see `exceptions list`"
            )
        return await _edit(door, lambda t: _others(t, of, round_id, stream))

    typer.echo(f"{_run(run)} collections of {day} are as usual again")


def _others(table: Timetable, day: date, round_id: str | None, stream: str | None) -> list[Change]:
    return [c for c in table.changes if (c.day, c.round_id, c.stream) != (day, round_id, stream)]


async def _edit(door: BinDaysDoor, changes: Callable[[Timetable], list[Change]]) -> int:
    """Put other changes in and return how many collections are on another day now."""
    from rules.core.bin_days.published import replaced

    before = await door.days.timetable()
    after = await door.days.replace(
        lambda t: replaced(t, t.rounds, changes(t), _today(door), door.now_s), None
    )
    known = {r.key: r.sequence for r in before.revisions}
    return sum(known.get(r.key, 0) != r.sequence for r in after.revisions)


def _print(found: Sequence[Change], as_json: bool) -> None:
    if as_json:
        import msgspec

        typer.echo(json.dumps([msgspec.to_builtins(c) for c in found], indent=2))
        return
    for c in found:
        of = " ".join(w for w in (c.round_id, c.stream) if w is not None) or "all"
        typer.echo(
            f"{c.day} {c.day:%a}  {'cancelled' if c.to is None else f'{c.to} {c.to:%a}':<14}  {of:<16} {c.reason}"
        )
    if not found:
        typer.echo("nothing: every day is as usual")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no day; write it as 2026-12-28") from error


def _today(door: BinDaysDoor) -> date:
    return datetime.fromtimestamp(door.now_s, door.zone).date()


def _run(work: Callable[[BinDaysDoor], Awaitable[T]]) -> T:
    from ops_api.wiring_bin_days import bin_days_of

    return through(bin_days_of, work)
