"""``cityops incidents``: what is going on, who has it, and everything that people do with it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, RequestId, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.incident_desk import IncidentDesk
    from rules.core.incidents.model import Incident

app = group(
    "Incidents: what goes wrong at one place in several services, as one case that somebody has in hand."
)

Ref = Annotated[str, typer.Argument(metavar="REF", help="From `cityops incidents list`, e.g. I3.")]
Role = Annotated[str, typer.Option(envvar="CITYOPS_ROLE", help="As what you say it; CITYOPS_ROLE.")]
Seen = Annotated[
    int | None,
    typer.Option(min=0, help="The version that you looked at: not done where another has changed it since."),
]
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

        whole = await desk.whole(number, names=True, most=None)
        typer.echo(
            to_json(text.whole_document(whole)) if as_json else "\n".join(text.whole_lines(whole, desk.zone))
        )

    at_incidents(run)


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
        from ops_api.terminal_text import escaped
        from rules.core.incidents.handover import text_lines

        found = await desk.handover(now_s, span, names=True)
        if pdf is not None:
            pdf.write_bytes(handover_pdf(found, desk.zone))
            typer.echo(f"{pdf} is written", err=True)
        elif as_json:
            typer.echo(to_json(handover_document(found, names=True).model_dump()))
        else:
            typer.echo("\n".join(escaped(line) for line in text_lines(found, desk.zone)))

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


def at_incidents(work: Callable[[IncidentDesk, float], Awaitable[Any]]) -> Any:
    """Do something at the desk of the settings' database, and return what it returns."""
    from ops_api.wiring_incidents import incidents_of
    from rules.core.incidents.commands import IncidentRefusedError

    return through(incidents_of, lambda door: work(*door), (IncidentRefusedError,))


Fields = Mapping[str, Any]
Says = Callable[..., Fields | None]


def act(kind: str, *lines: str, name: str | None = None) -> Callable[[Says], Says]:
    """Make a command of what people say of an incident: it is done, and the incident printed. Exit code 1 where it is refused.

    What is decorated has ``ref`` and the fields of ``kind``, a class of :mod:`rules.core.incidents.commands`. Where it reads
    them otherwise it returns them; one that is a function is given the town's zone. Who asks, as what and the rest
    that all of them take is added here.
    """

    def command(says: Says) -> Says:
        own, shared = inspect.signature(says, eval_str=True), inspect.signature(_shared, eval_str=True)
        added = [p for p in shared.parameters.values() if p.name != "seen" or kind != "Open"]

        @wraps(says)
        def run(*, by: str, role: str, as_json: bool, **typed: Any) -> None:
            mine = {n: typed.pop(n) for n in own.parameters}
            read = says(**mine)
            ref = mine.pop("ref")
            who = {"by": name_of(by), "role": role, "via": "cli", **typed}
            number = None if ref is None else number_of(ref)
            _do(kind, {**(mine if read is None else read), **who, "incident_id": number}, as_json)

        every = [*own.parameters.values(), *added]
        run.__signature__ = own.replace(parameters=every, return_annotation=None)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in every}
        app.command(name, epilog=examples(*lines))(run)
        return says

    return command


def _shared(
    by: By = "", role: Role = ROLE, seen: Seen = None, request_id: RequestId = None, as_json: AsJson = False
) -> None:
    """What every act is told."""


def _do(kind: str, fields: Fields, as_json: bool) -> None:
    from ops_api import incidents_text as text
    from rules.core.incidents import commands

    async def run(desk: IncidentDesk, now_s: float) -> Incident:
        read = {n: v(desk.zone) if callable(v) else v for n, v in fields.items()}
        return await desk.book.act(getattr(commands, kind)(**read), now_s)

    found: Incident = at_incidents(run)
    typer.echo(to_json(text.document(found)) if as_json else "\n".join(text.one_lines(found)))
