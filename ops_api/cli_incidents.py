"""``cityops incidents``: what is going on, who has it, and everything that people do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, RequestId, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.incident_desk import IncidentDesk
    from rules.core.incidents.commands import Command
    from rules.core.incidents.model import Incident

app = group(
    "Incidents: what goes wrong at one place in several services, as one case that somebody has in hand."
)

Ref = Annotated[str, typer.Argument(metavar="REF", help="From `cityops incidents list`, e.g. I3.")]
Role = Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")]
Reason = Annotated[str, typer.Option(help="Why: it is part of the record.")]
ROLE = "operations"


@app.command(
    "list",
    epilog=examples(
        "cityops incidents list             # what is open or proposed, what needs somebody first",
        "cityops incidents list --since 24h --json",
    ),
)
def list_incidents(
    since: Annotated[
        str | None, typer.Option(metavar="12h", help="Also those that changed in this time: 90m, 12h, 3d.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is going on and who has it. Exit code 0, however many there are."""
    span = None if since is None else a_span(since, "--since")

    async def run(desk: IncidentDesk, now_s: float) -> None:
        from ops_api import incidents_text as text
        from rules.core.incidents.words import ranked

        since_s = None if span is None else now_s - span.total_seconds()
        found = ranked(await desk.book.incidents(since_s=since_s))
        typer.echo(
            to_json([text.document(i) for i in found])
            if as_json
            else "\n".join(text.list_lines(found, desk.zone))
        )

    at_incidents(run)


@app.command(epilog=examples("cityops incidents show I3", "cityops incidents show I3 --json"))
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Print an incident: what to do, tasks, links, what it is made of, and all that happened."""
    number = number_of(ref)

    async def run(desk: IncidentDesk, _: float) -> None:
        from ops_api import incidents_text as text

        whole = await desk.whole(number, names=True)
        typer.echo(
            to_json(text.whole_document(whole)) if as_json else "\n".join(text.whole_lines(whole, desk.zone))
        )

    at_incidents(run)


@app.command(
    "open",
    epilog=examples(
        'cityops incidents open I3 --reason "water on the road, seen on CCTV"',
        'cityops incidents open --title "Flood at the ford" --place "Mill Lane" --at 51.4501,-2.5879',
    ),
)
def open_incident(
    ref: Annotated[
        str | None, typer.Argument(metavar="[REF]", help="A proposal; without it a new one.")
    ] = None,
    title: Annotated[str, typer.Option(help="What it is, in a few words.")] = "",
    place: Annotated[str, typer.Option(help="Where, in words.")] = "",
    at: Annotated[str | None, typer.Option(metavar="LAT,LON", help="Where, in degrees.")] = None,
    reason: Annotated[str, typer.Option(help="What you know of it.")] = "",
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Take up a proposal, or open an incident that nobody proposed: who opens it has it."""
    lat, lon = (None, None) if at is None else _place(at)

    def make() -> Command:
        from rules.core.incidents.commands import Open

        number = None if ref is None else number_of(ref)
        return Open(
            incident_id=number, title=title, place=place, latitude_deg=lat, longitude_deg=lon, reason=reason,
            **who_of(by, role, request_id),
        )  # fmt: skip

    do(make, as_json)


@app.command(epilog=examples("cityops incidents claim I3 --by Ada"))
def claim(
    ref: Ref, by: By = "", role: Role = ROLE, request_id: RequestId = None, as_json: AsJson = False
) -> None:
    """Have it in hand from now on. Exit code 1 where that is not possible."""

    def make() -> Command:
        from rules.core.incidents.commands import Claim

        return Claim(incident_id=number_of(ref), **who_of(by, role, request_id))

    do(make, as_json)


@app.command(
    "hand-over", epilog=examples('cityops incidents hand-over I3 --to Bob --note "water company is on site"')
)
def hand_over(
    ref: Ref,
    to: Annotated[str, typer.Option(help="Who has it from now on.")],
    to_role: Annotated[str, typer.Option(help="As what.")] = "",
    note: Annotated[str, typer.Option(help="What they need to know.")] = "",
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Give it to somebody else."""

    def make() -> Command:
        from rules.core.incidents.commands import HandOver

        who = who_of(by, role, request_id)
        return HandOver(incident_id=number_of(ref), to=to, to_role=to_role, note=note, **who)

    do(make, as_json)


@app.command(
    epilog=examples('cityops incidents task I3 "close Mill Lane" --who highways --due 2026-01-09T21:40')
)
def task(
    ref: Ref,
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    who: Annotated[str, typer.Option(help="Who does it.")] = "",
    due: Annotated[str | None, typer.Option(metavar="TIME", help="By when, by the town's clock.")] = None,
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Have something done."""

    def make(desk: IncidentDesk) -> Command:
        from ops_api.moments import a_time
        from rules.core.incidents.commands import AddTask

        due_s = None if due is None else a_time(due, desk.zone, "--due").timestamp()
        return AddTask(
            incident_id=number_of(ref), text=text, who=who, due_s=due_s, **who_of(by, role, request_id)
        )

    _do_at(make, as_json)


@app.command(epilog=examples('cityops incidents done I3 1 --note "signs are up"'))
def done(
    ref: Ref,
    number: Annotated[int, typer.Argument(min=1, help="Of the task.")],
    note: Annotated[str, typer.Option(help="What was done.")] = "",
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Say that a task is done."""

    def make() -> Command:
        from rules.core.incidents.commands import DoneTask

        return DoneTask(incident_id=number_of(ref), number=number, note=note, **who_of(by, role, request_id))

    do(make, as_json)


@app.command(epilog=examples('cityops incidents log I3 "police have closed the junction"'))
def log(
    ref: Ref,
    text: Annotated[str, typer.Argument(help="What happened.")],
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Write something into its log, which is never changed afterwards."""

    def make() -> Command:
        from rules.core.incidents.commands import Note

        return Note(incident_id=number_of(ref), text=text, **who_of(by, role, request_id))

    do(make, as_json)


@app.command(
    epilog=examples(
        'cityops incidents link I3 order O12 "15 g/m² on Mill Lane" --href /winter/route-4/orders',
        'cityops incidents link I3 what_if W7 "Mill Lane closed until six" --href /ops/what-if/7',
    )
)
def link(
    ref: Ref,
    kind: Annotated[str, typer.Argument(help="order, route, round, document, what_if, alarm or other.")],
    name: Annotated[str, typer.Argument(help="What it is called where it comes from.")],
    title: Annotated[str, typer.Argument(help="In words.")],
    href: Annotated[str, typer.Option(help="Where it is looked at.")] = "",
    by: By = "",
    role: Role = ROLE,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Tie an order, a route, a round, a document or a what-if to it."""

    def make() -> Command:
        from rules.core.incidents.commands import AddLink

        who = who_of(by, role, request_id)
        return AddLink(incident_id=number_of(ref), kind=kind, ref=name, title=title, href=href, **who)

    do(make, as_json)


@app.command(
    epilog=examples(
        "cityops incidents handover --since 12h",
        "cityops incidents handover --since 8h --pdf handover.pdf",
        "cityops incidents handover --json | jq .tasks",
    )
)
def handover(
    since: Annotated[str, typer.Option(metavar="12h", help="How far back: 90m, 12h, 3d.")] = "12h",
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a PDF.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print what one shift tells the next: open incidents by owner, what changed, tasks due, routes and rounds."""
    span = a_span(since, "--since")

    async def run(desk: IncidentDesk, now_s: float) -> None:
        from ops_api.handover_text import handover_pdf
        from ops_api.routers.incident_handover import handover_document
        from rules.core.incidents.handover import text_lines

        found = await desk.handover(now_s, span, names=True)
        if pdf is not None:
            pdf.write_bytes(handover_pdf(found, desk.zone))
            typer.echo(f"{pdf} is written", err=True)
        elif as_json:
            typer.echo(to_json(handover_document(found, names=True).model_dump()))
        else:
            typer.echo("\n".join(text_lines(found, desk.zone)))

    at_incidents(run)


def a_span(text: str, name: str) -> timedelta:
    """Return a length of time written ``90m``, ``12h`` or ``3d``; ConfigurationError where it is none."""
    from ops_api.incident_desk import SINCE_MOST

    units = {"m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    try:
        span = timedelta(**{units[unit]: float(number)})
    except (KeyError, ValueError, OverflowError) as error:
        raise ConfigurationError(f"{name} {text!r}: write e.g. 90m, 12h or 3d") from error
    if not timedelta(0) < span <= SINCE_MOST:
        raise ConfigurationError(f"{name} {text!r}: from above 0 to {SINCE_MOST.days} days")
    return span


def number_of(ref: str) -> int:
    """Return the number of an incident; ConfigurationError where it is no such name."""
    from rules.core.incidents.words import parse_ref

    found = parse_ref(ref)
    if found is None:
        raise ConfigurationError(
            f"{ref!r} is no incident: write I and its number, from `cityops incidents list`"
        )
    return found


def _place(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        lat, lon = (float(p) for p in parts)
    except ValueError as error:
        raise ConfigurationError(f"--at {text!r}: write LAT,LON, e.g. 51.4501,-2.5879") from error
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise ConfigurationError(f"--at {text!r}: latitude within 90, longitude within 180 degrees")
    return lat, lon


def who_of(by: str, role: str, request_id: str | None) -> dict[str, Any]:
    """Return what every command says of who asks."""
    return {"by": name_of(by), "role": role, "via": "cli", "request_id": request_id}


def do(make: Callable[[], Command], as_json: bool) -> None:
    """Do what is asked and print the incident after it. Exit code 1 where it is refused."""
    _do_at(lambda _: make(), as_json)


def _do_at(make: Callable[[IncidentDesk], Command], as_json: bool) -> None:
    """Do what is asked and print the incident after it. Exit code 1 where it is refused."""

    async def run(desk: IncidentDesk, now_s: float) -> Incident:
        return await desk.book.act(make(desk), now_s)

    from ops_api import incidents_text as text

    found: Incident = at_incidents(run)
    typer.echo(to_json(text.document(found)) if as_json else "\n".join(text.one_lines(found)))


def at_incidents(work: Callable[[IncidentDesk, float], Awaitable[Any]]) -> Any:
    """Do something at the desk of the settings' database, and return what it returns."""
    from ops_api.wiring_incidents import incidents_of
    from rules.core.incidents.commands import IncidentRefusedError

    return through(incidents_of, lambda door: work(*door), (IncidentRefusedError,))
