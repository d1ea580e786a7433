"""``cityops fleet``: settings of devices. What they are told, what they say, and who wanted it so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from ops_api.cli_desk import AsJson, By, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from devices.contract.settings.model import Value
    from ingest.fleet.core.layers import Scope
    from ingest.fleet.desk import Preview
    from ingest.fleet.ports import OneDevice
    from ops_api.wiring_fleet import FleetDoor

app = group("Settings of devices: what they are told, what they say, and who wanted it so.")
groups_app = group("Groups of devices that are set together.")
app.add_typer(groups_app, name="groups")
Result = TypeVar("Result")

Device = Annotated[str, typer.Argument(metavar="DEVICE", help="Its name in the registry.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Of all devices of this kind.")]
Group = Annotated[str | None, typer.Option("--group", help="Of all devices of this group.")]
Every = Annotated[bool, typer.Option("--all", help="Of all devices.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it, where more than one device is told something else.")]
Note = Annotated[str, typer.Option("--note", help="Why.")]


@app.command("run", epilog=examples("CITYOPS_FLEET__MQTT_USERNAME=fleet cityops fleet run"))
def run_service() -> None:
    """Tell devices their settings and answer what they ask, for ever. One of several works, the others wait."""
    from ops_api.cli_run import serve
    from ops_api.wiring_fleet import run_fleet

    serve(run_fleet, service="fleet")


@app.command(epilog=examples("cityops fleet status", "cityops fleet status --json"))
def status(as_json: AsJson = False) -> None:
    """Say which devices need somebody because of their settings, and how many stand how."""
    from ops_api import settings_text

    rows = _at(lambda door: door.desk.book.standings())
    now = _now()
    if as_json:
        from ingest.fleet.core.drift import counted, judge

        typer.echo(to_json(counted(judge(s.facts, now) for s in rows)))
        return
    typer.echo("\n".join(settings_text.status_lines(rows, now)))


@app.command(epilog=examples("cityops fleet drift", "cityops fleet drift --json"))
def drift(as_json: AsJson = False) -> None:
    """List the devices that are not as they are told, those that need somebody first."""
    from ingest.fleet.core.drift import judge
    from ops_api import settings_text

    rows, now = _at(lambda door: door.desk.book.standings()), _now()
    if as_json:
        found = [{**asdict(s), "drift": judge(s.facts, now).drift} for s in rows]
        typer.echo(to_json([f for f in found if f["drift"] not in ("in_step", "as_installed")]))
        return
    typer.echo("\n".join(settings_text.drift_lines(rows, now, _zone())))


@app.command(epilog=examples("cityops fleet show frog-0001"))
def show(device: Device, as_json: AsJson = False) -> None:
    """Print a device: what it is told beside what it says; ! marks what differs."""
    from ops_api import settings_text

    one = _device(device)
    typer.echo(
        to_json(asdict(one)) if as_json else "\n".join(settings_text.device_lines(one, _now(), _zone()))
    )


@app.command("diff", epilog=examples("cityops fleet diff frog-0001"))
def show_diff(device: Device) -> None:
    """Print what a device has otherwise than it is told; exit status 1 where there is something."""
    from devices.contract.settings.model import shown

    one = _device(device)
    has = {} if one.report is None else one.report.settings
    passed_over = set() if one.report is None else {*one.report.unknown, *one.report.unused}
    names = [n for n, v in sorted(one.desired.items()) if has.get(n) != v and n not in passed_over]
    for name in names:
        typer.echo(f"{name}: told {shown(one.desired[name])}, has {shown(has.get(name))}")
    if names:
        raise typer.Exit(1)
    typer.echo(f"{device} is as it is told")


@app.command(
    "set",
    epilog=examples(
        "cityops fleet set frog-0001 cadence_s=120 --note 'looks at a shower'",
        "cityops fleet set frog-0001 cadence_s=            # as its groups and kind set it again",
        "cityops fleet set --kind frog eyes.dark_from_h=21 eyes.dark_until_h=8 --yes",
        "cityops fleet set --all broker.host=mqtt2.example broker.ca=@ca.pem --dry-run",
    ),
)
def set_settings(
    words: Annotated[list[str], typer.Argument(metavar="[DEVICE] KEY=VALUE...", help="KEY= takes it back.")],
    kind: Kind = None,
    group_id: Group = None,
    every: Every = False,
    note: Note = "",
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    by: By = "",
) -> None:
    """Set something of a device, a kind, a group or all, after showing what it would do."""
    scope, target, pairs = _layer(words, kind, group_id, every)

    async def work(door: FleetDoor) -> int | None:
        from devices.contract.settings.declared import settings_of_any
        from ops_api import settings_text

        seen = await door.desk.preview(scope, target, _wanted(pairs, settings_of_any(door.kinds.values())))
        if not dry_run:
            return await _made(door, seen, "fleet set", note, yes=yes, by=by)
        typer.echo("\n".join(settings_text.preview_lines(seen)))
        raise typer.Exit(1 if seen.wrong else 0)

    _told(_at(work))


@app.command(epilog=examples("cityops fleet revert 12   # the layer sets again what it did after change 12"))
def revert(
    change: Annotated[int, typer.Argument(min=1, max=2**62, help="From `cityops fleet history`.")],
    note: Note = "",
    yes: Yes = False,
    by: By = "",
) -> None:
    """Have a layer set again exactly what it did after an earlier change."""

    async def work(door: FleetDoor) -> int | None:
        seen = await door.desk.back_to(change)
        return await _made(door, seen, "fleet revert", note or f"as after change {change}", yes=yes, by=by)

    _told(_at(work))


@app.command(epilog=examples("cityops fleet history", "cityops fleet history frog-0001"))
def history(
    device: Annotated[
        str, typer.Argument(metavar="[DEVICE]", help="Its versions; without: all changes.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Print what was told when, by whom and why, the newest first."""
    from ops_api import settings_text

    if device:
        versions = _at(lambda door: door.desk.book.versions(device, limit))
        lines = (
            to_json([asdict(v) for v in versions])
            if as_json
            else settings_text.version_lines(versions, _zone())
        )
    else:
        changes = _at(lambda door: door.desk.book.changes(None, None, limit))
        lines = (
            to_json([asdict(c) for c in changes]) if as_json else settings_text.change_lines(changes, _zone())
        )
    typer.echo(lines if isinstance(lines, str) else "\n".join(lines))


@app.command(
    "settings",
    epilog=examples("cityops fleet settings --kind frog", "cityops fleet settings --kind frog --schema"),
)
def list_settings(
    kind: Annotated[str, typer.Option(help="Of this kind.")] = "frog",
    schema: Annotated[bool, typer.Option("--schema", help="As JSON Schema.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the page of all kinds to this file: docs/device-settings.md.")
    ] = None,
) -> None:
    """List the settings that there are."""
    import json

    from cityops.errors import ConfigurationError
    from cityops.settings import load_settings
    from devices.contract.settings.declared import settings_of
    from devices.contract.settings.model import shown
    from devices.contract.settings.reference import page
    from devices.contract.settings.schema import json_schema
    from ops_api.wiring import kinds_of

    known = kinds_of(load_settings())
    if markdown is not None:
        markdown.write_text(page(known.values()), encoding="utf-8")
        return
    if kind not in known:
        raise ConfigurationError(f"--kind {kind!r}: there are {', '.join(known)}")
    if schema:
        typer.echo(json.dumps(json_schema(known[kind]), indent=2, ensure_ascii=False))
        return
    for s in settings_of(known[kind]).values():
        default = "as installed" if s.default is None else shown(s.default)
        typer.echo(f"{s.name:<38} {default:<13} {s.allowed()}")


@groups_app.command("list", epilog=examples("cityops fleet groups list"))
def list_groups() -> None:
    """List groups and how many devices each has."""
    from ops_api import settings_text

    typer.echo("\n".join(settings_text.group_lines(_at(lambda door: door.desk.book.groups()))))


@groups_app.command("make", epilog=examples("cityops fleet groups make north --label 'North of the river'"))
def make_group(
    group_id: str, label: Annotated[str, typer.Option(help="For people.")] = "", by: By = ""
) -> None:
    """Make a group, or give it another label."""

    async def work(door: FleetDoor) -> None:
        await door.desk.make_group(group_id, label, name_of(by))
        await _note(door, "fleet groups make", f"device_group:{group_id}")

    _at(work)
    typer.echo(f"group {group_id}")


@groups_app.command("put", epilog=examples("cityops fleet groups put north frog-0001 frog-0002"))
def put(group_id: str, devices: list[str]) -> None:
    """Put devices into a group."""

    async def work(door: FleetDoor) -> int:
        added = await door.desk.book.put(group_id, devices)
        await _note(door, "fleet groups put", f"device_group:{group_id}")
        return added

    typer.echo(f"{_at(work)} more in {group_id}")


@groups_app.command("take", epilog=examples("cityops fleet groups take north frog-0001"))
def take(group_id: str, devices: list[str]) -> None:
    """Take devices out of a group."""

    async def work(door: FleetDoor) -> int:
        gone = await door.desk.book.take(group_id, devices)
        await _note(door, "fleet groups take", f"device_group:{group_id}")
        return gone

    typer.echo(f"{_at(work)} fewer in {group_id}")


@groups_app.command("drop", epilog=examples("cityops fleet groups drop north"))
def drop(group_id: str, by: By = "") -> None:
    """Remove a group: its devices are as if it had never set anything."""

    async def work(door: FleetDoor) -> None:
        await door.desk.drop_group(group_id, name_of(by))
        await _note(door, "fleet groups drop", f"device_group:{group_id}")

    _at(work)
    typer.echo(f"group {group_id} is gone")


# -- what they share -------------------------------------------------------------------


def _at(work: Callable[[FleetDoor], Awaitable[Result]]) -> Result:
    from ingest.fleet.ports import SettingsRefusedError
    from ops_api.wiring_fleet import fleet_of

    return through(fleet_of, work, (SettingsRefusedError,))


def _device(name: str) -> OneDevice:
    from cityops.errors import ConfigurationError

    one = _at(lambda door: door.desk.book.device(name))
    if one is None:
        raise ConfigurationError(f"device {name!r} is not registered")
    return one


async def _made(door: FleetDoor, seen: Preview, action: str, note: str, *, yes: bool, by: str) -> int | None:
    """Show what a change would do, and make it unless many devices would be changed and nobody said yes."""
    from ops_api import settings_text

    typer.echo("\n".join(settings_text.preview_lines(seen)))
    if len(seen.changed) > 1 and not yes and not seen.wrong:
        typer.echo(f"not done: {len(seen.changed)} devices; add --yes", err=True)
        raise typer.Exit(1)
    number = await door.desk.make(seen, name_of(by), note)
    await _note(door, action, f"setting:{seen.scope}:{seen.target}")
    return number


async def _note(door: FleetDoor, action: str, about: str) -> None:
    from ops_api.audit.by_command import note

    await note(door.db, action, about)


def _told(number: int | None) -> None:
    if number is not None:
        typer.echo(f"change {number}; `cityops fleet drift` shows who has not heard of it")


def _layer(
    words: list[str], kind: str | None, group_id: str | None, every: bool
) -> tuple[Scope, str, dict[str, str]]:
    from cityops.errors import ConfigurationError

    named = [w for w in words if "=" not in w]
    pairs = dict(w.split("=", 1) for w in words if "=" in w)
    chosen: list[tuple[Scope, str]] = [("device", n) for n in named]
    chosen += [("kind", kind)] if kind else []
    chosen += [("group", group_id)] if group_id else []
    chosen += [("fleet", "")] if every else []
    if len(chosen) != 1 or not pairs:
        raise ConfigurationError("name one device, or --kind, --group or --all; and at least one KEY=VALUE")
    return *chosen[0], pairs


def _wanted(pairs: Mapping[str, str], declared: Mapping[str, Any]) -> dict[str, Value | None]:
    """Return the values that were typed; ``@FILE`` is what stands in a file."""
    from cityops.errors import ConfigurationError
    from devices.contract.settings.check import read

    found: dict[str, Value | None] = {}
    for name, text in pairs.items():
        if name not in declared:
            raise ConfigurationError(f"{name}: there is no such setting; `cityops fleet settings` lists them")
        try:
            given = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
            found[name] = None if given == "" else read(declared[name], given)
        except (OSError, ValueError) as e:
            raise ConfigurationError(str(e)) from e
    return found


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _zone() -> ZoneInfo:
    from cityops.settings import load_settings

    return ZoneInfo(load_settings().api.time_zone)
