"""``cityops devices``: how devices come to be known: labels, credentials, copied identities, the broker's logins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_desk import AsJson, By, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from ops_api.provisioning.desk import Label
    from ops_api.provisioning.ports import Changes
    from ops_api.wiring_provisioning import DeviceCommands

app = group("Devices: register, label, revoke, quarantine; the broker's logins.")

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Devices.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A device.")]
Why = Annotated[str, typer.Option("--why", help="For the device's history.")]


@app.command(
    "add",
    epilog=examples(
        "cityops devices add frog-0042 --kind frog", "cityops devices add bin-1 bin-2 --kind bin --label"
    ),
)
def add(
    names: Names,
    kind: Annotated[str, typer.Option(help="One of `cityops kinds`.")],
    cadence_s: Annotated[
        int | None,
        typer.Option(
            "--cadence-s", min=1, max=86_400, help="Seconds between readings; as its kind has it without."
        ),
    ] = None,
    label_too: Annotated[bool, typer.Option("--label", help="Print their claim codes, too.")] = False,
    by: By = "",
) -> None:
    """Register devices. Each comes in once it has claimed its name with a label, or a program sends SenML for it."""

    async def run(d: DeviceCommands) -> list[Label]:
        labels = []
        for name in names:
            made = await d.desk.add(name, kind, name_of(by), cadence_s)
            await _note(d, "devices add", made["device_id"])
            if label_too:
                labels.append(await _labelled(d, name, None, by))
        return labels

    labels = _with_devices(run)
    typer.echo(f"{len(names)} registered", err=True)
    _tell(labels, as_json=False)


@app.command(
    "label",
    epilog=examples(
        "cityops devices label frog-0042",
        "cityops devices label frog-0042 --qr                        # with a QR code in the terminal",
        "cityops devices label frog-0042 frog-0043 --sheet labels.pdf  # for the printer; or .svg",
    ),
)
def label(
    names: Names,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Opens for so many days.")] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Write sheets of 24 labels on A4: a .pdf, or an .svg (several: -1, -2, …)."),
    ] = None,
    qr: Annotated[bool, typer.Option("--qr", help="Draw each QR code in the terminal.")] = False,
    as_json: AsJson = False,
    by: By = "",
) -> None:
    """Make claim codes and print them, this once: only their hashes are stored. A device's label before is void."""
    from datetime import timedelta

    if sheet is not None and sheet.suffix not in (".svg", ".pdf"):
        raise ConfigurationError(f"--sheet {sheet}: a .pdf or an .svg")
    life = None if days is None else timedelta(days=days)

    async def run(d: DeviceCommands) -> tuple[list[Label], Any]:
        return [await _labelled(d, name, life, by) for name in dict.fromkeys(names)], d.settings

    labels, settings = _with_devices(run)
    _tell(labels, as_json=as_json)
    if qr:
        _draw(labels, settings.api.public_url)
    if sheet is not None:
        for path in _write_sheets(labels, sheet, settings.api.council, settings.api.public_url):
            typer.echo(f"written: {path}", err=True)


@app.command(
    "list",
    epilog=examples(
        "cityops devices list",
        "cityops devices list --state quarantined",
        "cityops devices list frog- --json",
    ),
)
def list_devices(
    part: Annotated[str, typer.Argument(metavar="[PART]", help="Of their names.")] = "",
    state: Annotated[str | None, typer.Option(help="unclaimed, active, quarantined or retired.")] = None,
    as_json: AsJson = False,
) -> None:
    """List devices with the state of their identity."""
    from ops_api.provisioning.desk import STATES

    if state is not None and state not in STATES:
        raise ConfigurationError(f"--state {state}: one of {', '.join(STATES)}")

    async def run(d: DeviceCommands) -> list[dict[str, Any]]:
        return await d.desk.listed(limit=100_000, q=part, state=state)

    rows = _with_devices(run)
    if as_json:
        typer.echo(to_json(rows))
        return
    for row in rows:
        said = f"{row['name']:<24} {row['kind']:<10} {row['state']:<12} {row['credential'] or '-':<6}"
        typer.echo(f"{said} {row['reason']}".rstrip())
    if not rows:
        typer.echo("no devices; `cityops devices add` registers one")


@app.command("show", epilog=examples("cityops devices show frog-0042"))
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a device's identity: its state, what was done to it, and the cards that showed themselves under its name."""

    async def run(d: DeviceCommands) -> dict[str, Any]:
        device = await d.desk.of(name)
        acts, lives = await d.desk.history(device["device_id"])
        return {"device": device, "acts": acts, "lives": lives}

    found = _with_devices(run)
    if as_json:
        typer.echo(to_json(found))
        return
    device = found["device"]
    typer.echo(f"{name}: {device['state']}{': ' + device['reason'] if device['reason'] else ''}")
    typer.echo(
        f"  {device['kind']}, shard {device['shard']:02x}, credential {device['credential'] or 'none that we know of'}"
    )
    for life in found["lives"]:
        first, last = (f"{life[seen]:%Y-%m-%d %H:%M:%S}" for seen in ("first_seen", "last_seen"))
        again = "" if first == last else f", last {last}"
        typer.echo(f"  card {life['install']} start {life['boot']}: connected {first}{again}")
    for act in found["acts"]:
        typer.echo(
            f"  {act['at']:%Y-%m-%d %H:%M} {act['act']} by {act['by']}{': ' + act['detail'] if act['detail'] else ''}"
        )


@app.command("revoke", epilog=examples("cityops devices revoke frog-0042 --why 'stolen'"))
def revoke(names: Names, why: Why, by: By = "") -> None:
    """End devices' credentials and labels: they are out at once, and come in again with a new label only."""
    _each(
        names,
        "revoke",
        lambda d, name: d.desk.revoke(name, name_of(by), why),
        "out; a new label lets it in again",
    )


@app.command("quarantine", epilog=examples("cityops devices quarantine frog-0042 --why 'odd readings'"))
def quarantine(names: Names, why: Why, by: By = "") -> None:
    """Keep devices out until somebody has looked. Their credentials are kept, what they send is set aside."""
    _each(names, "quarantine", lambda d, name: d.desk.quarantine(name, name_of(by), why), "quarantined")


@app.command(
    "release",
    epilog=examples(
        "cityops devices release frog-0042 --keep 4f2d0c9a6b7e   # `devices show` has the cards",
        "cityops devices release frog-0042 --new-label           # the whole card was copied",
    ),
)
def release(
    name: Name,
    keep: Annotated[
        str | None, typer.Option(metavar="INSTALL", help="The only card that is believed from now on.")
    ] = None,
    new_label: Annotated[
        bool, typer.Option("--new-label", help="End the credential, too, and print a label.")
    ] = False,
    by: By = "",
) -> None:
    """End a quarantine. What was set aside meanwhile can be played again: `cityops dead-letters replay`."""

    async def run(d: DeviceCommands) -> Label | None:
        made = await d.desk.release(name, name_of(by), keep=keep, new_label=new_label)
        await _note(d, "devices release", (await d.desk.of(name))["device_id"])
        await _told(d)
        return made

    made = _with_devices(run)
    if made is not None:
        _tell([made], as_json=False)
    else:
        typer.echo(f"{name} may come in again")


@app.command("retire", epilog=examples("cityops devices retire frog-0042 --why 'broken'"))
def retire(names: Names, why: Why, by: By = "") -> None:
    """Take devices out of service for good."""
    _each(names, "retire", lambda d, name: d.desk.retire(name, name_of(by), why), "retired")


@app.command(
    "sync",
    epilog=examples("cityops devices sync     # after the broker's files were lost, or changed by hand"),
)
def sync() -> None:
    """Make the broker's logins what the database says. Logins that only the broker knew are taken over. Safe to repeat."""

    async def run(d: DeviceCommands) -> Changes:
        from ops_api.provisioning.keeping import sync as make_so
        from ops_api.wiring_provisioning import adopts

        if d.access is None:
            raise ConfigurationError(
                "the broker's logins are not kept from here: set CITYOPS_PROVISIONING__LOGIN_FILE to its password file, "
                "or run this where the ingester runs"
            )
        return await make_so(d.db, d.access, adopt=adopts(d.settings))

    changes = _with_devices(run)
    for what in ("added", "changed", "removed"):
        for name in getattr(changes, what):
            typer.echo(f"{what} {name}")
    if not changes:
        typer.echo("the broker's logins are as they should be")


@app.command(
    "keep",
    epilog=examples(
        "cityops devices keep     # beside the broker, where the ingester does not reach its files"
    ),
)
def keep() -> None:
    """Keep the broker's logins as the database has them, until stopped. The ingester does the same where it reaches them."""
    import asyncio

    from cityops.runtime.stop import Stop
    from cityops.runtime.supervisor import run_services
    from cityops.settings import load_settings
    from ops_api.wiring_provisioning import keeper_alone

    services = keeper_alone(load_settings())

    async def run() -> None:
        stop = Stop()
        with stop.install_signals():
            await run_services(services, stop)

    asyncio.run(run())


def _each(
    names: list[str], what: str, act: Callable[[DeviceCommands, str], Awaitable[Any]], said: str
) -> None:
    async def run(d: DeviceCommands) -> bool:
        try:
            for name in dict.fromkeys(names):
                await act(d, name)
                await _note(d, f"devices {what}", (await d.desk.of(name))["device_id"])
        finally:  # one that does not exist must not leave those before it on the broker
            told = await _told(d)
        return told

    told = _with_devices(run)
    for name in dict.fromkeys(names):
        typer.echo(f"{name}: {said}")
    if not told:
        typer.echo("the broker is told by the ingester, where that keeps its logins", err=True)


async def _told(d: DeviceCommands) -> bool:
    """Tell the broker now, where it is kept from here: whoever is revoked must not wait for another process."""
    from ops_api.provisioning.keeping import sync as make_so
    from ops_api.wiring_provisioning import adopts

    if d.access is None:
        return False
    await make_so(d.db, d.access, adopt=adopts(d.settings))
    return True


async def _labelled(d: DeviceCommands, name: str, life: Any, by: str) -> Label:
    made = await d.desk.label(name, name_of(by), life)
    await _note(d, "devices label", (await d.desk.of(name))["device_id"])
    return made


async def _note(d: DeviceCommands, what: str, device_id: int) -> None:
    from ops_api.audit.by_command import note

    await note(d.db, what, f"device:{device_id}")


def _tell(labels: list[Label], *, as_json: bool) -> None:
    if as_json:
        rows = [{"name": one.device, "code": one.code, "expires_at": one.expires_at} for one in labels]
        typer.echo(to_json(rows))
        return
    for one in labels:
        typer.echo(f"{one.device}  {one.code}")
    if labels:
        typer.echo(f"until {labels[0].expires_at:%Y-%m-%d}; they are not shown again", err=True)


def _draw(labels: list[Label], public_url: str) -> None:
    import segno

    from ops_api.provisioning.labels import payload

    for one in labels:
        typer.echo(one.device)
        segno.make(payload(one.code, public_url), error="m").terminal(compact=True)


def _write_sheets(labels: list[Label], path: Path, council: str, public_url: str) -> list[Path]:
    from ops_api.provisioning.labels import sheets

    drawn = sheets(labels, council, public_url)
    if path.suffix == ".pdf":
        _write(path, _pdf(drawn, len(labels)))
        return [path]
    paths = [
        path if len(drawn) == 1 else path.with_stem(f"{path.stem}-{at}") for at in range(1, len(drawn) + 1)
    ]
    for one, text in zip(paths, drawn, strict=True):
        _write(one, text.encode())
    return paths


def _pdf(drawn: list[str], count: int) -> bytes:
    from datetime import UTC, datetime
    from importlib import resources

    from rules.evidence.pdf import set_pdf

    template = resources.files("ops_api.provisioning").joinpath("labels.typ").read_text(encoding="utf-8")
    pictures = {f"sheet-{at}.svg": text.encode() for at, text in enumerate(drawn)}
    listed = [
        {"file": name, "says": f"Labels of devices, sheet {at}"} for at, name in enumerate(pictures, start=1)
    ]
    document = {"title": f"{count} labels of devices", "sheets": listed}
    return set_pdf(template, document, pictures, datetime.now(UTC))


def _write(path: Path, content: bytes) -> None:
    import os

    try:  # codes are in it: for whoever makes it alone
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
    except OSError as e:
        raise ConfigurationError(f"--sheet {path} can't be written: {e.strerror}") from e


def _with_devices(work: Callable[[DeviceCommands], Awaitable[Any]]) -> Any:
    from ops_api.provisioning.ports import ProvisioningRefusedError
    from ops_api.wiring_provisioning import devices_of

    return through(devices_of, work, (ProvisioningRefusedError,))
