"""``cityops network`` for roads that are closed for a time: close, open, closures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ops_api.cli_desk import AsJson, By, RequestId, name_of, to_json
from ops_api.cli_help import examples
from ops_api.cli_ops import OFFICER, From, Role, Segments, Streets, Until, at_ops, stretches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from ops_api.wiring_ops_tools import OpsDoor
    from rules.core.closing.model import Closure
    from rules.core.network.network import Network

Why = Annotated[str, typer.Option(help="Why: drivers read it on their cards.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog=examples(
            "cityops network close s118 s119 --until 2026-01-12T09:30 --reason 'burst main' --by Ada",
            "cityops network close --street 'Mill Road' --reason flooded",
        )
    )(close)
    app.command(
        "open",
        epilog=examples(
            "cityops network open --street 'Mill Road' --reason mended",
            "cityops network open --closure 3 --reason mended",
        ),
    )(open_)
    app.command(epilog=examples("cityops network closures", "cityops network closures --json"))(closures)


def close(
    reason: Why,
    segments: Segments = None,
    street: Streets = None,
    from_: From = None,
    until: Until = None,
    by: By = "",
    role: Role = OFFICER,
    request_id: RequestId = None,
    as_json: AsJson = False,
) -> None:
    """Close roads for a time: gritters, bin lorries and the emergency way go round them.

    Plans that are being driven through them are made again by the rules service within a minute.
    """

    async def run(door: OpsDoor) -> None:
        from datetime import UTC, datetime

        from ops_api.ops_asking import Typed, closure_of

        names = await stretches(door, segments, street)
        typed, now = (
            Typed(names, "", from_ or "", until or "", reason),
            datetime.fromtimestamp(door.now_s, UTC),
        )
        new = await closure_of(door.tools, typed, now, door.zone, (name_of(by), role), "cli", request_id)
        await _say(door, [await door.tools.closures.close(new)], as_json)

    at_ops(run)


def open_(
    segments: Segments = None,
    street: Streets = None,
    reason: Annotated[str, typer.Option(help="What was done.")] = "",
    closure: Annotated[
        int | None,
        typer.Option(help="Only this closure, all of it where no road is named; others stay."),
    ] = None,
    by: By = "",
    role: Role = OFFICER,
    as_json: AsJson = False,
) -> None:
    """Open roads now, before the time that was said; by whichever closures they are closed, or of one closure alone."""

    async def run(door: OpsDoor) -> None:
        from ops_api.ops_asking import opened

        named = bool(segments or street) or closure is None
        names = await stretches(door, segments, street) if named else []
        who = (name_of(by), role)
        found = await opened(door.tools, door.now_s, names, who, "cli", reason, closure)
        await _say(door, found, as_json)

    at_ops(run)


def closures(as_json: AsJson = False) -> None:
    """Say which roads are closed now or will be, from when until when, and why."""

    async def run(door: OpsDoor) -> None:
        import math

        found = await door.tools.closures.between(door.now_s, math.inf)
        if not found and not as_json:
            typer.echo("no road is closed, and none will be")
            return
        await _say(door, found, as_json)

    at_ops(run)


async def _say(door: OpsDoor, found: Sequence[Closure], as_json: bool) -> None:
    import msgspec

    network = (await door.tools.ways.ground()).network
    if as_json:
        typer.echo(to_json([msgspec.to_builtins(c) for c in found]))
        return
    for c in found:
        typer.echo("\n".join(_lines(c, network, door.now_s, door.zone)))


def _lines(c: Closure, network: Network, now_s: float, zone: tzinfo) -> Iterator[str]:
    from rules.core.closing.model import clock, until_words

    index = network.graph.segment_index
    streets = dict.fromkeys(network.segments[index[s]].street or s for s in c.segments if s in index)
    until = until_words(c.from_s, c.until_s, zone)
    yield f"closure {c.closure_id}: {', '.join(streets) or 'no road that is left'}, from {clock(c.from_s, zone)} {until}: {c.reason} (by {c.by})"
    yield f"  stretches: {', '.join(c.segments)}"
    for o in c.opened:
        words = f" ({o.reason})" if o.reason else ""
        yield f"  opened {clock(o.at_s, zone)} by {o.by}{words}: {', '.join(o.segments)}"
    now = [s for s in c.segments if c.closes(s, now_s, now_s)]
    yield f"  closed now: {', '.join(now) or 'none'}"
