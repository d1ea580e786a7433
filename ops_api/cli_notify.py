"""``cityops notify``: send, try a channel, look into the outbox."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError, TransientError
from ops_api.cli_desk import through
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from cityops.settings import Settings
    from rules.core.notify.model import Notification, Sent
    from rules.notify.ports import Channel

app = group("Notifications: send them, try a channel, look into the outbox.")

STATES = ("pending", "sending", "sent", "delivered", "failed", "unknown", "expired", "suppressed", "bundled")
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
_DSN = "CITYOPS_DB__DSN=postgresql://cityops@db.example:5432/cityops"


@app.command(epilog=examples(f"{_DSN} cityops notify run"))
def run() -> None:
    """Send what is in the outbox, for ever. Stops after what is being sent is recorded."""
    from ops_api.cli_run import serve
    from ops_api.wiring_notify import run_notify

    serve(lambda settings, stop: run_notify(settings, stop.event))


@app.command(epilog=examples("cityops notify channels", "cityops notify channels --json"))
def channels(as_json: AsJson = False) -> None:
    """List the configured channels and what each can tell; no address and no secret is shown."""
    found = [
        {
            "channel": name,
            "type": type(c).__name__.removesuffix("Channel"),
            "tells_delivery": c.tells,
            "knows_repeats": c.knows_repeats,
        }
        for name, c in sorted(_channels().items())
    ]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for row in found:
        told = (
            "tells whether it was delivered"
            if row["tells_delivery"]
            else "can't tell whether it was delivered"
        )
        typer.echo(f"{row['channel']:<20} {row['type']:<12} {told}")


@app.command(
    "test",
    epilog=examples(
        "cityops notify test ops_chat                # a team's channel",
        "cityops notify test govuk_sms --to amira    # one of a person's channels",
    ),
)
def try_channel(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="From `cityops notify channels`.")],
    to: Annotated[
        str | None, typer.Option(help="Somebody of `cityops people list` with that channel.")
    ] = None,
) -> None:
    """Send a test message now, past the outbox, and say what the channel answered.

    Exit code 1 where it did not take it.
    """
    found = _channels()
    if channel not in found:
        raise ConfigurationError(
            f"no channel {channel!r} is configured; there are {', '.join(sorted(found))}"
        )
    if channel == "webhook":
        raise ConfigurationError(
            "a webhook is tried with POST /api/v1/notifications/test (docs/notifications.md)"
        )
    said = _send(found[channel], _test_message(channel, to))
    typer.echo(f"{channel}: {said.verdict}" + (f", {said.error}" if said.error else ""))
    if said.verdict not in ("sent", "delivered"):
        raise typer.Exit(1)


@app.command(
    epilog=examples("cityops notify outbox", "cityops notify outbox --state failed --limit 100 --json")
)
def outbox(
    state: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(STATES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List what was sent and what waits, the newest first."""
    if state is not None and state not in STATES:
        raise ConfigurationError(f"--state {state!r} is unknown; states: {', '.join(STATES)}")
    rows = _with_outbox(lambda box: box.listed(state, limit))
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=lambda at: at.isoformat()))
        return
    for r in rows:
        line = f"{r['notification_id']:>8}  {r['state']:<10} {r['severity']:<8} {r['channel']:<14} {r['recipient']}"
        typer.echo(f"{line}  {r['title']}")
        if r["suppressed_why"]:
            typer.echo(f"          not sent: {r['suppressed_why']}")
        if r["last_error"]:
            typer.echo(f"          after {_times(r['attempts'])}: {r['last_error']}")
    if not rows:
        typer.echo("nothing is in the outbox" + ("" if state is None else f" that is {state}"))


@app.command(epilog=examples("cityops notify retry 4711"))
def retry(
    notification_id: Annotated[
        int, typer.Argument(min=1, max=2**63 - 1, metavar="ID", help="From `cityops notify outbox`.")
    ],
) -> None:
    """Send one again that failed, expired or may not have arrived."""
    state = _with_outbox(lambda box: box.try_again(notification_id, time.time()))
    if state is None:
        raise ConfigurationError(f"there is no notification {notification_id}")
    if state != "pending":
        raise ConfigurationError(f"notification {notification_id} is {state}: it is not sent again")
    typer.echo(
        f"notification {notification_id} is sent again; `cityops notify outbox` shows what became of it"
    )


def _times(n: int) -> str:
    return "1 attempt" if n == 1 else f"{n} attempts"


def _channels() -> dict[str, Channel]:
    from cityops.clock import SystemClock
    from cityops.settings import load_settings
    from ops_api.wiring_notify import channels_of

    return channels_of(load_settings().notify, SystemClock())


def _send(channel: Channel, message: Notification) -> Sent:
    """Send in a daemon thread: a channel that hangs must not keep the command."""
    import asyncio

    from cityops.settings import load_settings
    from rules.notify.channels.hide import silence
    from rules.notify.threads import HungError, Threads

    silence()
    timeout_s = load_settings().notify.timeout_s

    async def run() -> Sent:
        return await Threads(channel.name).run(lambda: channel.send(message, timeout_s), 2 * timeout_s + 2)

    try:
        return asyncio.run(run())
    except HungError as error:
        raise TransientError(str(error)) from None


def _test_message(channel: str, to: str | None) -> Notification:
    from rules.core.notify.model import Notification
    from rules.core.notify.words import AlarmText, message

    said = message("test", AlarmText(alarm_id=0, title=f"channel {channel}", reason="", severity="info"))
    now_s = time.time()
    return Notification(
        key=f"test:{int(now_s * 1000)}:{to or channel}",
        recipient=to or f"team:{channel}",
        channel=channel,
        address="" if to is None else _address(to, channel),
        kind="test",
        severity="info",
        title=said.title,
        body=said.body.splitlines()[0],
        not_before_s=now_s,
        expires_s=now_s + 600,
    )


def _address(person: str, channel: str) -> str:
    import asyncio

    from cityops.settings import load_settings
    from ops_api.wiring_notify import people_of

    async def look(settings: Settings) -> str:
        async with people_of(settings) as known:
            people = {p.person: p for p in await known.people()}
        if person not in people:
            raise ConfigurationError(f"nobody is called {person!r}; see `cityops people list`")
        found = [c.address for c in people[person].contacts if c.channel == channel]
        if not found:
            raise ConfigurationError(f"{person} has no contact over {channel}")
        return found[0]

    return asyncio.run(look(load_settings()))


def _with_outbox(work: Any) -> Any:
    from ops_api.wiring_notify import outbox_of

    return through(outbox_of, work)
