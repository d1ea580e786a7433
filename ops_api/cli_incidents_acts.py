"""What people do with an incident: the acts of ``cityops incidents``. A parameter is a field of the command that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_incidents import Fields, Ref, act, app, number_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["app"]

Reason = Annotated[str, typer.Option(help="Why: it is part of the record.")]
Title = Annotated[str, typer.Option(help="What it is, in a few words.")]
Where = Annotated[str, typer.Option(help="Where, in words.")]


@act(
    "Open",
    'cityops incidents open I3 --reason "water on the road, seen on CCTV"',
    'cityops incidents open --title "Flood at the ford" --place "Mill Lane" --at 51.4501,-2.5879',
    name="open",
)
def open_incident(
    ref: Annotated[
        str | None, typer.Argument(metavar="[REF]", help="A proposal; without it a new one.")
    ] = None,
    title: Title = "",
    place: Where = "",
    at: Annotated[str | None, typer.Option(metavar="LAT,LON", help="Where, in degrees.")] = None,
    reason: Annotated[str, typer.Option(help="What you know of it.")] = "",
) -> Fields:
    """Take up a proposal, or open an incident that nobody proposed: who opens it has it."""
    where = {} if at is None else _degrees(at)
    return {"title": title, "place": place, "reason": reason, **where}


@act("Claim", "cityops incidents claim I3 --by Ada")
def claim(ref: Ref) -> None:
    """Have it in hand from now on. Exit code 1 where that is not possible."""


@act(
    "HandOver",
    'cityops incidents hand-over I3 --to Bob --note "water company is on site"',
    name="hand-over",
)
def hand_over(
    ref: Ref,
    to: Annotated[str, typer.Option(help="Who has it from now on.")],
    to_role: Annotated[str, typer.Option(help="As what.")] = "",
    note: Annotated[str, typer.Option(help="What they need to know.")] = "",
) -> None:
    """Give it to somebody else."""


@act("Place", "cityops incidents place I3 51.4501,-2.5879 --place 'Mill Lane'")
def place(
    ref: Ref,
    at: Annotated[str, typer.Argument(metavar="LAT,LON", help="Where, in degrees.")],
    place: Where = "",
) -> Fields:
    """Say where it is: what goes wrong near there belongs to it from now on."""
    return {"place": place, **_degrees(at)}


@act("AddTask", 'cityops incidents task I3 "close Mill Lane" --who highways --due 2026-01-09T21:40')
def task(
    ref: Ref,
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    who: Annotated[str, typer.Option(help="Who does it.")] = "",
    due: Annotated[str | None, typer.Option(metavar="TIME", help="By when, by the town's clock.")] = None,
) -> Fields:
    """Have something done."""
    from ops_api.moments import a_time

    def due_s(zone: ZoneInfo) -> float | None:
        return None if due is None else a_time(due, zone, "--due").timestamp()

    return {"text": text, "who": who, "due_s": due_s}


@act("DoneTask", 'cityops incidents done I3 1 --note "signs are up"')
def done(
    ref: Ref,
    number: Annotated[int, typer.Argument(min=1, help="Of the task.")],
    note: Annotated[str, typer.Option(help="What was done.")] = "",
) -> None:
    """Say that a task is done."""


@act("Note", 'cityops incidents log I3 "police have closed the junction"')
def log(ref: Ref, text: Annotated[str, typer.Argument(help="What happened.")]) -> None:
    """Write something into its log, which is never changed afterwards."""


@act(
    "AddLink",
    'cityops incidents link I3 order O12 "15 g/m² on Mill Lane" --href /winter/route-4/orders',
    'cityops incidents link I3 what_if W7 "Mill Lane closed until six" --href /ops/what-if/7',
)
def link(
    ref: Ref,
    kind: Annotated[str, typer.Argument(help="order, route, round, document, what_if, alarm or other.")],
    name: Annotated[str, typer.Argument(help="What it is called where it comes from.")],
    title: Annotated[str, typer.Argument(help="In words.")],
    href: Annotated[str, typer.Option(help="Where it is looked at.")] = "",
) -> Fields:
    """Tie an order, a route, a round, a document or a what-if to it."""
    return {"kind": kind, "ref": name, "title": title, "href": href}


@act("Contain", 'cityops incidents contain I3 --reason "the water is off"')
def contain(ref: Ref, reason: Reason) -> None:
    """Say that it gets no worse."""


@act(
    "Close",
    'cityops incidents close I3 --reason "mended, road open"',
    'cityops incidents close I4 --reason "a test of the fire sensors"    # a proposal that is none',
)
def close(
    ref: Ref,
    reason: Reason,
    even_so: Annotated[bool, typer.Option("--even-so", help="Though tasks are not done.")] = False,
) -> None:
    """Say that it is over, or that a proposal was none. Exit code 1 where tasks are not done."""


@act("Reopen", 'cityops incidents reopen I3 --reason "it leaks again"')
def reopen(ref: Ref, reason: Reason) -> None:
    """Say that it is not contained, or not over, after all."""


@act("Merge", 'cityops incidents merge I5 --into I3 --reason "the same water"')
def merge(
    ref: Ref, into: Annotated[str, typer.Option(metavar="REF", help="Which goes on.")], reason: Reason
) -> Fields:
    """Make it a part of another, with its alarms, tasks and links."""
    return {"into": number_of(into), "reason": reason}


@act(
    "SplitOff",
    'cityops incidents split I3 --key alarm:12 --key alarm:13 --reason "a power cut" --title "Power cut"',
)
def split(
    ref: Ref,
    key: Annotated[list[str], typer.Option(metavar="KEY", help="Of its signals, as `show` names them.")],
    reason: Reason,
    title: Title = "",
) -> Fields:
    """Make some of it an incident of its own, which you have then."""
    return {"keys": tuple(key), "reason": reason, "title": title}


def _degrees(text: str) -> dict[str, float]:
    try:
        lat, lon = (float(p) for p in text.split(","))
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no place: write LAT,LON, e.g. 51.4501,-2.5879") from error
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise ConfigurationError(f"{text!r}: a latitude is within 90, a longitude within 180 degrees")
    return {"latitude_deg": lat, "longitude_deg": lon}
