"""``cityops privacy``: how long what is kept, what is kept of somebody, forgetting, and whether anything is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import By, name_of, through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.privacy.leftovers import Left
    from ops_api.wiring_privacy import PrivacyDoor

app = group("Privacy: ages of what is kept, what is kept of somebody, forgetting, leftovers.")

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Home = Annotated[str | None, typer.Option(metavar="HOME", help="The home's code in the registry.")]
MemberId = Annotated[str | None, typer.Option(metavar="ID", help="From `cityops homes members`.")]


def _door(work: Any) -> Any:
    from ops_api.wiring_privacy import privacy_of

    return through(privacy_of, work)


@app.command(epilog=examples("cityops privacy report", "cityops privacy report --json"))
def report(as_json: AsJson = False) -> None:
    """Say how long what is kept, and what the last looks have dropped."""
    from ops_api.privacy.report import as_text

    async def run(door: PrivacyDoor) -> Any:
        return door.ages, await door.runs()

    ages, runs = _door(run)
    if as_json:
        told = {
            "days": {age.what: age.days for age in ages},
            "dropped": [{"at": run.at.isoformat(), **run.dropped} for run in runs],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(as_text(ages, runs))


@app.command(
    epilog=examples(
        "cityops privacy export ada.highways --out ada.zip    # what an officer is owed when she asks what is kept of her",
        "cityops privacy export mo@example.org --out mo.zip   # an address for reminders of bin days",
        "cityops privacy export --home knt-wxp-dfr --member 0d5e… --out ann.zip    # a resident who asks by letter",
    )
)
def export(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The zip to write; it must not be there yet.")],
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="As it stands in logs, or an address for reminders.")
    ] = None,
    home: Home = None,
    member: MemberId = None,
    by: By = "",
) -> None:
    """Write all that is kept of a member of staff, under an address, or of a resident, as a zip that only you can read.

    A resident can take the same from her page, "My data". The household's log says that a copy was made.
    """
    if (home is None) != (member is None) or (home is None) == (name is None):
        raise ConfigurationError("say NAME, or --home HOME with --member ID")
    who = name_of(by)

    async def run(door: PrivacyDoor) -> str:
        if home is not None and member is not None:
            return f"{await door.export_home(home, member, out, who)} bytes"
        counts = await door.export(name or "", out, who)
        return f"{sum(counts.values())} rows of {len(counts)} tables"

    try:
        told = _door(run)
    except FileExistsError as error:
        raise ConfigurationError(f"{out} is there already; name another file") from error
    typer.echo(f"{told} in {out}")


@app.command(
    epilog=examples(
        "cityops privacy erase --home knt-wxp-dfr --member 0d5e… --yes    # who asks by letter",
        "cityops privacy erase --reminders mo@example.org --yes           # reminders of bin days",
    )
)
def erase(
    home: Home = None,
    member: MemberId = None,
    reminders: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where somebody is reminded.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="It can't be undone.")] = False,
    by: By = "",
) -> None:
    """Forget a resident of a home with all that was measured in her stay, or an address for reminders."""
    if (home is None) != (member is None) or (home is None) == (reminders is None):
        raise ConfigurationError("say --home HOME with --member ID, or --reminders ADDRESS")
    if not yes:
        raise ConfigurationError("it can't be undone: say --yes")
    who = name_of(by)

    async def run(door: PrivacyDoor) -> Any:
        if reminders is not None:
            return {"reminders": await door.forget_address(reminders, who)}
        assert home is not None
        assert member is not None
        return await door.forget(home, member, who)

    for what, rows in _door(run).items():
        if rows > 0:
            typer.echo(f"{rows:>8} {what.replace('_', ' ')}")


@app.command(
    epilog=examples(
        "cityops privacy leftovers 'Zyx Quor'             # after somebody was forgotten",
        "cityops privacy leftovers mo@example.org --json",
    )
)
def leftovers(
    mark: Annotated[
        str, typer.Argument(metavar="TEXT", help="A name, an address, a code: at least three characters.")
    ],
    as_json: AsJson = False,
    by: By = "",
) -> None:
    """Look for a text in every column of every table and in the data folder. Exit code 1 where it is.

    Pages of the database's own files are left out: what was deleted is in them until it is overwritten (vacuum).
    """
    who = name_of(by)

    async def run(door: PrivacyDoor) -> list[Left]:
        return await door.leftovers(mark, who)

    found: list[Left] = _door(run)
    if as_json:
        typer.echo(
            json.dumps([{"where": x.where, "column": x.column, "rows": x.rows} for x in found], indent=2)
        )
    else:
        for left in found:
            typer.echo(f"{left.rows:>8} {left.where} {left.column}".rstrip())
        if not found:
            typer.echo("nowhere")
    if found:
        raise typer.Exit(1)
