"""``cityops dead-letters``: what was set aside, why, and into the tables after all."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ingest.core.letters import LetterFilter
    from ingest.ports import LetterStore
    from ingest.replay_letters import LetterReplay

app = group("Messages that were set aside: list them, look at one, store them after all.")

LARGEST = 2**63 - 1
_SPAN = re.compile(r"^(\d{1,6})\s*([smhdw])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

Reason = Annotated[str | None, typer.Option(help="Only of this reason, e.g. unknown_device.")]
Device = Annotated[str | None, typer.Option(help="Only of this device.")]
Kind = Annotated[str | None, typer.Option(help="Only of devices of this kind.")]
Since = Annotated[str | None, typer.Option(help="Only those since: 2026-11-25T14:00Z, or 30m, 12h, 7d ago.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command(
    "list",
    epilog=examples(
        "cityops dead-letters list",
        "cityops dead-letters list --reason unknown_device --since 7d --limit 100",
        "cityops dead-letters list --device road-007 --json",
    ),
)
def list_letters(
    reason: Reason = None,
    device: Device = None,
    kind: Kind = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="How many of the newest to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Count by reason, then the newest. Counts include what was counted and not kept."""
    from ops_api import letters_text

    wanted = chosen(reason, device, kind, since)

    async def look(letters: LetterStore, _: LetterReplay) -> tuple[Any, Any]:
        return await letters.summary(wanted), await letters.newest(wanted, limit)

    summary, newest = _with_letters(look)
    if not as_json:
        typer.echo("\n".join(letters_text.list_lines(summary, newest)))
        return
    document = {
        "reasons": [letters_text.summary_document(s) for s in summary],
        "letters": [letters_text.letter_document(letter, payload=False) for letter in newest],
    }
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@app.command(epilog=examples("cityops dead-letters show 4711", "cityops dead-letters show 4711 --json"))
def show(
    letter_id: Annotated[
        int, typer.Argument(min=1, max=LARGEST, metavar="ID", help="From `cityops dead-letters list`.")
    ],
    as_json: AsJson = False,
) -> None:
    """Print everything of one: why, what to do, and what was sent.

    Also what a home sent, which the web pages withhold: whoever has the database's login may read it. Mind whom you
    show it to.
    """
    from ingest.core.letters import LetterFilter
    from ops_api import letters_text

    async def look(letters: LetterStore, replay: LetterReplay) -> Any:
        found = await letters.newest(LetterFilter(letter_ids=(letter_id,)), 1)
        return (found[0], await replay.judge(found[0])) if found else None

    answer = _with_letters(look)
    if answer is None:
        raise ConfigurationError(
            f"there is no dead letter {letter_id}; they go after CITYOPS_INGEST__DEAD_LETTER_DAYS"
        )
    letter, obstacle = answer
    if not as_json:
        typer.echo("\n".join(letters_text.show_lines(letter, obstacle)))
        return
    stays = None if obstacle is None else asdict(obstacle)
    document = letters_text.letter_document(letter, payload=True) | {"stays": stays}
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@app.command(
    epilog=examples(
        "cityops dead-letters replay 4711 4712",
        "cityops dead-letters replay --reason unknown_device --dry-run",
        "cityops dead-letters replay --device road-007 --since 7d",
        "cityops dead-letters replay --all",
    )
)
def replay(
    letter_ids: Annotated[
        list[int] | None,
        typer.Argument(min=1, max=LARGEST, metavar="ID", help="Numbers from `cityops dead-letters list`."),
    ] = None,
    reason: Reason = None,
    device: Device = None,
    kind: Kind = None,
    since: Since = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
) -> None:
    """Store what is acceptable now: the device was registered since, its kind mended, its clock known, a limit widened.

    Each is stored once, however often and from wherever this is run, and marked as replayed. The others stay as they are,
    and it is said why. Exit code 1 where one that was named by number stays.
    """
    from dataclasses import replace as changed

    from ops_api import letters_text

    ids = tuple(letter_ids or ())
    filters = (reason, device, kind, since)
    if not (ids or everything or any(given is not None for given in filters)):
        raise ConfigurationError("say which: numbers, --reason, --device, --kind, --since, or --all")
    if everything and (ids or any(given is not None for given in filters)):
        raise ConfigurationError("--all means every letter that waits: give it alone")
    wanted = changed(chosen(*filters), letter_ids=ids or None)

    async def play(letters: LetterStore, replay: LetterReplay) -> Any:
        named = await letters.page(wanted, 0, len(ids)) if ids else []
        return named, await replay.run(wanted, dry_run=dry_run)

    named, report = _with_letters(play)
    lines = [*_not_waiting(ids, named), *letters_text.report_lines(report, dry_run)]
    typer.echo("\n".join(lines))
    if ids and (report.replayed + report.taken < report.letters or len(named) < len(set(ids))):
        raise typer.Exit(1)


def chosen(reason: str | None, device: str | None, kind: str | None, since: str | None) -> LetterFilter:
    """Return the filter that the options describe.

    Raises:
        ConfigurationError: an unknown reason, or a time that can't be read.
    """
    from ingest.core.letters import LetterFilter
    from ingest.core.reasons import Reason

    known = [str(r) for r in Reason]
    if reason is not None and reason not in known:
        raise ConfigurationError(f"--reason {reason!r} is unknown; reasons: {', '.join(known)}")
    at = None if since is None else since_time(since, datetime.now(UTC))
    return LetterFilter(reason_code=reason, device=device, kind=kind, since=at)


def since_time(text: str, now: datetime) -> datetime:
    """Return the time that ``text`` means: ISO 8601 (UTC where it names no offset), or so long before ``now``.

    Raises:
        ConfigurationError: neither.
    """
    span = _SPAN.match(text.strip())
    try:
        if span is not None:
            return now - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise ConfigurationError(
            f"--since {text!r} is no time: write 2026-11-25T14:00Z, or a span such as 30m, 12h, 7d"
        ) from e


def _with_letters(work: Callable[[LetterStore, LetterReplay], Awaitable[Any]]) -> Any:
    from ops_api.wiring_letters import letters_of

    return through(letters_of, lambda both: work(*both))


def _not_waiting(ids: tuple[int, ...], named: list[Any]) -> list[str]:
    """Return a line for each letter asked for that is not there or was replayed before."""
    from ops_api.letters_text import moment

    there = {letter.letter_id for letter in named}
    lines = [f"there is no dead letter {n} that fits" for n in dict.fromkeys(ids) if n not in there]
    lines += [
        f"{d.letter_id} was replayed before, {moment(d.replayed_at)}"
        for d in named
        if d.replayed_at is not None
    ]
    return lines
