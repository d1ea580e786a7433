"""``cityops homes``: codes for the frogs' labels, who lives where, who moved out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import By, name_of, through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.households.people import People
    from ops_api.queries import Db

app = group("Homes: codes for labels, who lives there, moving out.")

HomeCode = Annotated[str, typer.Argument(metavar="HOME", help="The home's code in the registry.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command(
    "code",
    epilog=examples(
        "cityops homes code knt-wxp-dfr                 # after a change of tenant, or a lost cookie",
        "cityops homes code --all > labels.csv          # for the printer; each home's code before is void",
    ),
)
def code(
    home: Annotated[
        str | None, typer.Argument(metavar="HOME", help="The home's code in the registry.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="A new code for every home.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Opens for so many days; for ever without.")
    ] = None,
    uses: Annotated[
        int | None, typer.Option(min=1, help="So many may join with it; any number without.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Who joins sees what was measured from then, e.g. 2026-11-01, at most what the first of those who live "
            "there does. Without: what all who live there see; in an empty home since the last ones' leaving was told.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new code for a frog's label and print it, this once: only its hash is stored.

    The label's code before it is void. It is longer than anybody can guess.
    """
    if (home is None) != every:
        raise ConfigurationError("say which home, or --all")
    at = None if since is None else _time(since)

    from ops_api.audit.by_command import note

    async def run(db: Db, people: People) -> list[dict[str, str]]:
        rows = await db.rows("homes_of", code=home)
        if not rows and home is not None:
            raise ConfigurationError(f"there is no home {home!r} in the registry")
        labels = []
        for row in rows:
            made = await people.label(row["home_id"], days=days, uses=uses, from_at=at)
            await note(db, "homes code", f"home:{row['home_id']}")
            labels.append({"home": row["code"], "label": row["label"], "code": made})
        return labels

    made = _with_homes(run)
    typer.echo(json.dumps(made, indent=2) if as_json else _csv(made), nl=as_json)


@app.command("members", epilog=examples("cityops homes members knt-wxp-dfr"))
def members(
    home: HomeCode,
    past: Annotated[
        bool, typer.Option("--past", help="Who has moved out and is not forgotten yet, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List who lives in a home: who has joined and not moved out."""
    from ops_api.audit.by_command import note

    async def run(db: Db, people: People) -> list[dict[str, Any]]:
        home_id = await _home_id(db, home)
        await note(db, "homes members", f"home:{home_id}")
        return await db.rows("people_ever" if past else "people_of", home_id=home_id)

    rows = _with_homes(run)
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=str))
        return
    for row in rows:
        since = "the frog came" if row["from_at"] is None else f"{row['from_at']:%Y-%m-%d %H:%M}"
        left = row.get("to_at")
        seen = f"sees since {since}" if left is None else f"moved out {left:%Y-%m-%d}"
        typer.echo(f"{row['resident_id']}  {row['name']:<20} joined {row['joined_at']:%Y-%m-%d}, {seen}")
    if not rows:
        typer.echo("nobody has joined")


@app.command(
    "phone",
    epilog=examples(
        "cityops homes phone knt-wxp-dfr --member 0d5e…           # who has a new phone and no code",
        "cityops homes phone knt-wxp-dfr --member 0d5e… --lost    # the old one is lost: sign it out",
    ),
)
def phone(
    home: HomeCode,
    member: Annotated[str, typer.Option(metavar="ID", help="From `cityops homes members`.")],
    lost: Annotated[bool, typer.Option("--lost", help="Sign out all that she is signed in on now.")] = False,
    by: By = "",
) -> None:
    """Print a code, this once, by which somebody who lives there comes back on a new phone as who they are.

    It opens once, within a day. Hand it over yourself, to who it is for: the household's log says that it was made.
    """
    from datetime import UTC, datetime

    from ops_api.audit.by_command import note
    from ops_api.identity.phones import GIVEN_LIFE, PhoneCode, Phones
    from ops_api.identity.steps import Steps

    who = name_of(by)

    async def run(db: Db, people: People) -> PhoneCode:
        home_id, now = await _home_id(db, home), datetime.now(UTC)
        if member not in {str(row["resident_id"]) for row in await db.rows("people_of", home_id=home_id)}:
            raise ConfigurationError(
                f"{member!r} does not live there; `cityops homes members {home}` lists who does"
            )
        line = {
            "role": "operations",
            "what": "a code for a new phone",
            "purpose": "somebody who lives here asked for it",
        }
        await db.rows("access_add", home_id=home_id, who=who, **line)
        await note(db, "homes phone", f"home:{home_id}")
        if lost:
            await db.rows("sessions_end", resident_id=member, only_homeless=False)
        return await Phones(db, Steps(db)).code(member, now, GIVEN_LIFE)

    made = _with_homes(run)
    typer.echo(made.code)
    typer.echo(f"until {made.expires_at:%Y-%m-%d %H:%M} UTC; it is not shown again", err=True)


@app.command(
    "moved-out",
    epilog=examples(
        "cityops homes moved-out knt-wxp-dfr --all --at 2026-11-30   # the tenancy ended",
        "cityops homes moved-out knt-wxp-dfr --member 0d5e…          # one of them",
    ),
)
def moved_out(
    home: HomeCode,
    member: Annotated[str | None, typer.Option(help="From `cityops homes members`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everybody who lives there.")] = False,
    at: Annotated[str | None, typer.Option(help="When, e.g. 2026-11-30; now without. Not ahead.")] = None,
) -> None:
    """End stays in a home: access ends at once, retention begins, the label's code is void. Make a new code afterwards."""
    if (member is None) != every:
        raise ConfigurationError("say --member ID or --all")
    when = None if at is None else _time(at)

    from ops_api.audit.by_command import note

    async def run(db: Db, people: People) -> int:
        home_id = await _home_id(db, home)
        there = [str(row["resident_id"]) for row in await db.rows("people_of", home_id=home_id)]
        leaving = there if member is None else [one for one in there if one == member]
        if member is not None and not leaving:
            raise ConfigurationError(
                f"{member!r} does not live there; `cityops homes members {home}` lists who does"
            )
        ended = sum([await people.moved_out(home_id, one, when) for one in leaving])
        await note(db, "homes moved-out", f"home:{home_id}")
        return ended

    typer.echo(f"{_with_homes(run)} moved out; `cityops homes code {home}` makes the next label")


async def _home_id(db: Db, home: str) -> int:
    row = await db.row("homes_of", code=home)
    if row is None:
        raise ConfigurationError(f"there is no home {home!r} in the registry")
    return int(row["home_id"])


def _time(text: str) -> datetime:
    from datetime import UTC

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no time: write 2026-11-30 or 2026-11-30T12:00Z") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, ("home", "label", "code"), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _with_homes(work: Callable[[Db, People], Awaitable[Any]]) -> Any:
    from ops_api.wiring_homes import homes_of

    return through(homes_of, lambda both: work(*both))
