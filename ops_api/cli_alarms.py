"""``cityops alarms``: the alarm desk for the night shift, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.wiring_desk import DeskDoor
    from rules.core.desk.model import Command

app = group("Alarms: see what is wrong, take it in hand, give it to somebody, put it away.")

_SPAN = re.compile(r"^(\d{1,6})\s*(m|min|h|d)$")
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86_400}

AlarmId = Annotated[int, typer.Argument(min=1, metavar="ID", help="From `cityops alarms list`.")]
AlarmIds = Annotated[list[int], typer.Argument(min=1, metavar="ID...", help="From `cityops alarms list`.")]
By = Annotated[
    str,
    typer.Option(envvar="CITYOPS_OPERATOR", help="Who you are; CITYOPS_OPERATOR, else the login's name."),
]
Note = Annotated[str, typer.Option(help="A remark for the timeline.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command(
    "list",
    epilog=examples(
        "cityops alarms list                    # active ones, those that wait for somebody first",
        "cityops alarms list --waiting --json",
        "cityops alarms list --state all --rule winter.ice",
    ),
)
def list_alarms(
    state: Annotated[
        Literal["active", "cleared", "all"], typer.Option(help="Whether the condition holds.")
    ] = "active",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that nobody has in hand.")] = False,
    rule: Annotated[str | None, typer.Option(help="Only of this rule, e.g. winter.ice.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Only assigned to this person.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest to look at.")] = 200,
    as_json: AsJson = False,
) -> None:
    """List alarms. Exit code 0, however many there are."""
    from ops_api import alarms_text
    from ops_api.queries.alarms import ANY_ALARM

    wanted: dict[str, Any] = {"rule": rule, "assignee": assignee, "limit": limit}
    wanted["active"] = None if state == "all" else state == "active"
    if waiting:
        wanted |= {"active": True, "acknowledged": False, "shelved": False, "closed": False}

    async def look(door: DeskDoor) -> tuple[Any, DeskDoor]:
        return await door.db.rows("alarms", **{**ANY_ALARM, **wanted}), door

    rows, door = _at_desk(look)
    if as_json:
        typer.echo(_json([alarms_text.document(r) for r in rows]))
    else:
        typer.echo("\n".join(alarms_text.list_lines(rows, door.zone, door.now)))


@app.command(epilog=examples("cityops alarms show 17", "cityops alarms show 17 --json"))
def show(alarm_id: AlarmId, as_json: AsJson = False) -> None:
    """Print one alarm: what it is, who has it, and its members."""
    from ops_api import alarms_text
    from ops_api.queries.alarms import members_of

    async def look(door: DeskDoor) -> Any:
        row = await _found(door, alarm_id)
        return row, (await members_of(door.db, [alarm_id])).get(alarm_id, []), door

    row, members, door = _at_desk(look)
    if as_json:
        document = alarms_text.document(row) | {"members": [alarms_text.document(m) for m in members]}
        typer.echo(_json(document))
    else:
        typer.echo("\n".join(alarms_text.show_lines(row, members, door.zone, door.now)))


@app.command(epilog=examples("cityops alarms timeline 17"))
def timeline(alarm_id: AlarmId, as_json: AsJson = False) -> None:
    """Print everything that happened to an alarm, a sentence a line, in local time."""
    from ops_api import alarms_text

    async def look(door: DeskDoor) -> Any:
        await _found(door, alarm_id)
        return await door.desk.timeline(alarm_id), door

    entries, door = _at_desk(look)
    if as_json:
        typer.echo(_json([alarms_text.entry_document(e, door.zone, door.now) for e in entries]))
    else:
        typer.echo("\n".join(alarms_text.timeline_lines(entries, door.zone, door.now)))


@app.command(
    epilog=examples("cityops alarms ack 17", 'cityops alarms ack 17 18 --by Ada --note "crew is out"')
)
def ack(alarm_ids: AlarmIds, by: By = "", note: Note = "", as_json: AsJson = False) -> None:
    """Take alarms in hand: nobody else is told any more. The first who does it keeps it."""
    from rules.core.desk.model import Acknowledge

    _do(alarm_ids, lambda _: Acknowledge(by=_name(by), via="cli", note=note), "acknowledged", as_json)


@app.command(epilog=examples("cityops alarms unack 17"))
def unack(alarm_ids: AlarmIds, by: By = "", note: Note = "", as_json: AsJson = False) -> None:
    """Give alarms back: their escalation begins again."""
    from rules.core.desk.model import Unacknowledge

    _do(alarm_ids, lambda _: Unacknowledge(by=_name(by), via="cli", note=note), "given back", as_json)


@app.command(epilog=examples("cityops alarms assign 17 --to Bob"))
def assign(
    alarm_ids: AlarmIds,
    to: Annotated[str, typer.Option(help="Who is to see to it.")],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Give alarms to a person, who is told."""
    from rules.core.desk.model import Assign

    _do(alarm_ids, lambda _: Assign(by=_name(by), to=to, via="cli"), f"assigned to {to}", as_json)


@app.command(epilog=examples('cityops alarms comment 17 "the crew has salted the bridge"'))
def comment(
    alarm_id: AlarmId,
    text: Annotated[str, typer.Argument(help="The remark.")],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Add a remark to an alarm's timeline."""
    from rules.core.desk.model import Comment

    _do([alarm_id], lambda _: Comment(by=_name(by), text=text, via="cli"), "commented", as_json)


@app.command(epilog=examples('cityops alarms shelve 17 --for 2h --reason "salted, waiting for it to work"'))
def shelve(
    alarm_ids: AlarmIds,
    reason: Annotated[str, typer.Option(help="Why nobody needs to be told.")],
    span: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")] = "1h",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Have nobody told of alarms for a while, at most as long as their escalation allows."""
    from rules.core.desk.model import Shelve

    for_s = seconds(span)

    def make(now: datetime) -> Command:
        return Shelve(by=_name(by), until_s=now.timestamp() + for_s, reason=reason, via="cli")

    _do(alarm_ids, make, f"shelved for {span}", as_json)


@app.command(epilog=examples("cityops alarms unshelve 17"))
def unshelve(alarm_ids: AlarmIds, by: By = "", as_json: AsJson = False) -> None:
    """Take alarms back from the shelf before their time."""
    from rules.core.desk.model import Unshelve

    _do(alarm_ids, lambda _: Unshelve(by=_name(by), via="cli"), "back from the shelf", as_json)


@app.command(
    epilog=examples(
        'cityops alarms close 17 --reason "road salted and dry"',
        'cityops alarms close 18 --reason "a cow at the sensor" --verdict false_alarm',
    )
)
def close(
    alarm_ids: AlarmIds,
    reason: Annotated[str, typer.Option(help="What came of it.")],
    verdict: Annotated[
        Literal["true", "false_alarm", "test"],
        typer.Option(help="What it was; an active one only as a false alarm or a test."),
    ] = "true",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Put alarms away."""
    from rules.core.desk.model import Close

    _do(
        alarm_ids, lambda _: Close(by=_name(by), reason=reason, verdict=verdict, via="cli"), "closed", as_json
    )


def seconds(span: str) -> float:
    """Return the length of a time such as ``30m``, ``2h`` or ``1d`` [s].

    Raises:
        ConfigurationError: it is none.
    """
    found = _SPAN.match(span.strip())
    if found is None:
        raise ConfigurationError(f"--for {span!r} is no length of time: write 30m, 2h or 1d")
    return float(int(found[1]) * _SECONDS[found[2]])


def _name(by: str) -> str:
    """Return who asks: what was given, else the name of the login."""
    import getpass

    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError) as e:
        raise ConfigurationError("who are you? Give --by NAME or set CITYOPS_OPERATOR") from e


def _do(alarm_ids: list[int], make: Callable[[datetime], Command], done: str, as_json: bool) -> None:
    """Do it for each alarm by itself and say what became of it; exit code 1 where one was refused."""

    async def ask(door: DeskDoor) -> Any:
        return await door.desk.bulk(alarm_ids, make(door.now), door.now.timestamp())

    outcomes = _at_desk(ask)
    if as_json:
        documents = [
            {"alarm_id": o.alarm_id, "done": o.alarm is not None, "refused": o.refused} for o in outcomes
        ]
        typer.echo(_json(documents))
    else:
        for o in outcomes:
            said = o.refused if o.alarm is None else f"alarm {o.alarm_id}: {done} ({o.alarm.title})"
            typer.echo(said, err=o.alarm is None)
    if any(o.alarm is None for o in outcomes):
        raise typer.Exit(1)


async def _found(door: DeskDoor, alarm_id: int) -> Any:
    from ops_api.queries.alarms import one_alarm

    row = await one_alarm(door.db, alarm_id)
    if row is None:
        raise ConfigurationError(f"there is no alarm {alarm_id}; `cityops alarms list --state all` has them")
    return row


def _at_desk(work: Callable[[DeskDoor], Awaitable[Any]]) -> Any:
    import asyncio

    from cityops.settings import load_settings
    from ops_api.wiring_desk import desk_of

    async def run() -> Any:
        async with desk_of(load_settings()) as door:
            return await work(door)

    return asyncio.run(run())


def _json(document: Any) -> str:
    def moment(value: object) -> str:
        assert isinstance(value, datetime)
        return value.astimezone(UTC).isoformat()

    return json.dumps(document, indent=2, ensure_ascii=False, default=moment)
