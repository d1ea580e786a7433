"""``cityops people`` and ``cityops rota``: who can be told, and who is on call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from rules.core.notify.model import Person, Shift
    from rules.notify.people_store import PostgresPeople

people_app = group("Who can be told: people, roles, channels, quiet hours.")
rota_app = group("Who is on call: the rota from an iCalendar.")

_ABOUT_DAYS = 60


@people_app.command("load", epilog=examples("cityops people load people.toml"))
def load(file: Annotated[Path, typer.Argument(help="TOML file, see docs/notifications.md.")]) -> None:
    """Make the people of FILE the ones that can be told; whoever is not in it is told no more."""
    from rules.notify.people_file import read_people

    people = read_people(file)
    left = _with_people(lambda known: known.put_people(people))
    typer.echo(f"{len(people)} people can be told" + (f"; no longer: {', '.join(left)}" if left else ""))


@people_app.command("list", epilog=examples("cityops people list"))
def list_people() -> None:
    """List people, roles and channels in the order in which they are tried; addresses are shortened."""
    for p in _with_people(lambda known: known.people()):
        typer.echo(f"{p.person:<16} {p.label}: {', '.join(p.roles) or 'no role'}{_quiet(p)}")
        for c in p.contacts:
            least = "" if c.least_severity == "info" else f", {c.least_severity} and above"
            typer.echo(f"  {c.channel:<14} …{c.address[-3:]}{least}")


@rota_app.command(
    "load",
    epilog=examples(
        "cityops rota load rota.ics",
        "CITYOPS_NOTIFY__ROTA=https://calendar.example/rota.ics cityops rota load",
    ),
)
def load_rota(
    place: Annotated[
        str | None, typer.Argument(metavar="FILE|URL", help="Without it what CITYOPS_NOTIFY__ROTA says.")
    ] = None,
) -> None:
    """Replace the rota by an iCalendar's, from two days ago until 60 days ahead.

    Run it again each day, or set CITYOPS_NOTIFY__ROTA: then the sender reads it each hour.
    """
    from zoneinfo import ZoneInfo

    from cityops.settings import load_settings
    from rules.notify import rota_source

    given = load_settings().notify
    chosen = place or (None if given.rota is None else given.rota.get_secret_value())
    if chosen is None:
        raise ConfigurationError("say which: a file, an https address, or set CITYOPS_NOTIFY__ROTA")
    zone, now_s = ZoneInfo(given.time_zone), datetime.now(UTC).timestamp()
    n = _with_people(lambda known: rota_source.load_rota(chosen, known, zone, now_s))
    typer.echo(f"{n} shifts until {_ABOUT_DAYS} days ahead")


@rota_app.command("show", epilog=examples("cityops rota show", "cityops rota show --at 2026-12-24T22:00Z"))
def show(
    at: Annotated[str | None, typer.Option(help="Time, e.g. 2026-12-24T22:00Z; now without.")] = None,
) -> None:
    """Say who is on call for each role, and until when."""
    from zoneinfo import ZoneInfo

    from cityops.settings import load_settings

    when = _time(at)
    zone = ZoneInfo(load_settings().notify.time_zone)
    shifts = _with_people(lambda known: known.shifts(when.timestamp(), when.timestamp() + 1e-3))
    typer.echo(
        "\n".join(rota_lines(shifts, when, zone)) or "nobody is on call; `cityops rota load` reads a rota"
    )


def rota_lines(shifts: list[Shift], at: datetime, zone: Any) -> list[str]:
    """Return a line for each role: who is on call at ``at``, and until when."""
    from rules.core.notify.rota import on_call

    lines = []
    for role in sorted({s.role for s in shifts}):
        for person in on_call(shifts, role, at.timestamp()):
            until_s = max(s.to_s for s in shifts if (s.role, s.person) == (role, person))
            until = datetime.fromtimestamp(until_s, zone)
            lines.append(f"{role:<20} {person:<16} until {until:%a %d %b %H:%M %Z}")
    return lines


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--at {text!r} is no time: write 2026-12-24T22:00Z") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _quiet(person: Person) -> str:
    begin, end = person.quiet_from_min, person.quiet_to_min
    if begin is None or end is None:
        return ""
    return f", quiet {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


def _with_people(work: Callable[[PostgresPeople], Awaitable[Any]]) -> Any:
    from ops_api.wiring_notify import people_of

    return through(people_of, work)
