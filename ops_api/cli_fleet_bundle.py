"""``cityops fleet bundle``: keys, and bundles of the agent that devices take over the air."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops_api.cli_desk import AsJson, By, name_of, through, to_json
from ops_api.cli_help import examples, group

if TYPE_CHECKING:
    from devices.contract.update.manifest import Key, KeyList
    from ops_api.wiring_updates import UpdatesAtHand

app = group("Bundles of the agent for updates over the air: keys, build, verify, add. See docs/updates.md.")
PASSPHRASE = "CITYOPS_BUNDLE_PASSPHRASE"  # noqa: S105  name of a variable
DAY_S = 86_400

KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The release key's file.")]
KeysFile = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="The signed list of keys, as devices have it.")
]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")]


@app.command(
    epilog=examples(
        "cityops fleet bundle keygen --out release.pem",
        "CITYOPS_BUNDLE_PASSPHRASE=... cityops fleet bundle keygen --out /media/safe/root.pem   # never on a server",
    )
)
def keygen(out: Out) -> None:
    """Make an Ed25519 key. Print what is public of it, which lists of keys are made of."""
    from ingest.fleet.bundles.keys import make_key, write_key

    key = make_key()
    write_key(key, out, os.environ.get(PASSPHRASE, ""))
    typer.echo(key.key.public)
    typer.echo(f"key {key.key.key_id} is in {out}; above is its public part", err=True)


@app.command(
    epilog=examples(
        "cityops fleet bundle keys --root ROOT-PUBLIC --release RELEASE-PUBLIC --sign root.pem --serial 1 --out keys.json"
    )
)
def keys(
    root: Annotated[
        list[str], typer.Option(help="A public key that may sign the next list; may be given again.")
    ],
    release: Annotated[
        list[str], typer.Option(help="A public key that may sign bundles; may be given again.")
    ],
    sign: Annotated[list[Path], typer.Option(metavar="FILE", help="A root key's file; may be given again.")],
    serial: Annotated[int, typer.Option(min=1, help="Above that of the list before.")],
    out: Out,
) -> None:
    """Make the signed list of keys that devices are to believe: put on cards, and handed on by later bundles."""
    import msgspec

    from ingest.fleet.bundles.keys import make_list, read_key

    passphrase = os.environ.get(PASSPHRASE, "")
    signers = [read_key(path, passphrase) for path in sign]
    signed = make_list(serial, _made_at(), [_key(k) for k in root], [_key(k) for k in release], signers)
    out.write_bytes(msgspec.json.encode(signed) + b"\n")
    typer.echo(f"list {serial}: {len(root)} root, {len(release)} release, signed by {len(signers)}: {out}")


@app.command(
    epilog=examples(
        "cityops fleet bundle build --from cityops-1.4.0-py3-none-any.whl --serial 14 --key release.pem --out agent.bundle",
        "cityops fleet bundle build --from tree/ --version 1.4.0 --serial 14 --key release.pem --kind frog --out a.bundle",
    )
)
def build(
    source: Annotated[
        Path, typer.Option("--from", metavar="DIR|WHEEL", help="A tree with code/ and site/, or our wheel.")
    ],
    serial: Annotated[int, typer.Option(min=1, help="Above that of every bundle before.")],
    key: KeyFile,
    out: Out,
    version: Annotated[str, typer.Option(help="In words; of a wheel its own without.")] = "",
    wheel: Annotated[
        list[Path] | None,
        typer.Option("--wheel", help="A library's wheel that goes with it; may be given again."),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Of devices that it is for; all without.")
    ] = None,
    machine: Annotated[str, typer.Option(help="As uname -m says it, where libraries are compiled.")] = "any",
    min_serial: Annotated[
        int, typer.Option(min=0, help="Only devices that run this one or a newer take it.")
    ] = 0,
    rollback_to: Annotated[
        list[int] | None,
        typer.Option(help="Serial that a device may be taken back to from it; may be given again."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=3650, help="Days after which it is not taken any more.")
    ] = 180,
    keys_file: KeysFile = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="BUNDLE", help="Leave out files that this bundle has: for devices that run it."),
    ] = None,
    name: Annotated[str, typer.Option(help="Which line of bundles.")] = "agent",
) -> None:
    """Build and sign a bundle. The same input, serial, key and SOURCE_DATE_EPOCH give the same bytes."""
    from ingest.fleet.bundles.build import Wanted, read_bundle
    from ingest.fleet.bundles.build import build as make
    from ingest.fleet.bundles.keys import load_list, read_key
    from ingest.fleet.bundles.sources import from_folder, from_wheels

    signer = read_key(key, os.environ.get(PASSPHRASE, ""))
    contents = from_folder(source) if source.is_dir() else from_wheels(source, wheel or ())
    signed = None if keys_file is None else load_list(keys_file)
    base = None if against is None else read_bundle(against, _list_of(signed, signer.key))[0].manifest
    made_at = _made_at()
    wanted = Wanted(
        name=name,
        version=version or _version(source),
        serial=serial,
        made_at=made_at,
        expires_at=made_at + days * DAY_S,
        kinds=kind or (),
        machine=machine,
        min_serial=min_serial,
        rollback_to=rollback_to or (),
    )
    body = make(contents, wanted, signer, signed, base)
    out.write_bytes(body)
    typer.echo(f"{out}: {len(body)} bytes, {len(contents)} files, signed by {signer.key.key_id}")


@app.command(epilog=examples("cityops fleet bundle verify agent-1.4.0.bundle --keys update-keys.json"))
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE")],
    keys_file: Annotated[Path, typer.Option("--keys", metavar="FILE", help="The signed list of keys.")],
    as_json: AsJson = False,
) -> None:
    """Say what a bundle is, where a device with these keys would believe it. Exit status 2 where it would not."""
    from devices.contract.update.manifest import read_keys
    from ingest.fleet.bundles.build import read_bundle
    from ingest.fleet.bundles.keys import load_list

    opened, _ = read_bundle(bundle, read_keys(load_list(keys_file).text.encode()))
    manifest = opened.manifest
    if as_json:
        typer.echo(
            to_json(
                {
                    "bundle": opened.bundle_id,
                    "bytes": opened.size,
                    "key": opened.key_id,
                    "serial": manifest.serial,
                }
            )
        )
        return
    typer.echo(
        f"{manifest.name} {manifest.version}, serial {manifest.serial}, for {', '.join(manifest.kinds) or 'all kinds'}"
    )
    typer.echo(
        f"{len(manifest.files)} files, {manifest.unpacked_bytes} bytes on the device, {opened.size} to send"
    )
    typer.echo(f"signed by {opened.key_id}; id {opened.bundle_id}")


@app.command(epilog=examples("cityops fleet bundle add agent-1.4.0.bundle --keys update-keys.json"))
def add(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE")],
    keys_file: Annotated[Path, typer.Option("--keys", metavar="FILE", help="The signed list of keys.")],
    by: By = "",
) -> None:
    """Put a bundle into the database, verified: from there it is rolled out. Nothing goes to devices yet."""
    from devices.contract.update.manifest import read_keys
    from ingest.fleet.bundles.build import read_bundle
    from ingest.fleet.bundles.keys import load_list
    from ops_api.audit.by_command import note

    known = read_keys(load_list(keys_file).text.encode())
    opened, body = read_bundle(bundle, known)

    async def work(at: UpdatesAtHand) -> bool:
        await at.shelf.put_keys(known, name_of(by))
        new = await at.shelf.put(opened, body, name_of(by))
        await note(at.db, "fleet bundle add", f"bundle:{opened.bundle_id[:16]}")
        return new

    new = _at(work)
    typer.echo(
        f"{opened.manifest.version} (serial {opened.manifest.serial}) is {'added' if new else 'there already'}"
    )


@app.command(epilog=examples("cityops fleet bundle trust update-keys.json"))
def trust(
    keys_file: Annotated[Path, typer.Argument(metavar="KEYS", help="The signed list of keys.")],
    by: By = "",
) -> None:
    """Put the list of keys into the database: devices that claim from now on begin with it, and take updates."""
    from devices.contract.update.manifest import read_keys
    from ingest.fleet.bundles.keys import load_list
    from ops_api.audit.by_command import note

    known = read_keys(load_list(keys_file).text.encode())

    async def work(at: UpdatesAtHand) -> None:
        await at.shelf.put_keys(known, name_of(by))
        await note(at.db, "fleet bundle trust", f"list:{known.serial}")

    _at(work)
    typer.echo(
        f"list {known.serial}: {len(known.root)} root, {len(known.release)} release; devices that claim begin with it"
    )


@app.command("list", epilog=examples("cityops fleet bundle list", "cityops fleet bundle list --json"))
def list_bundles(as_json: AsJson = False) -> None:
    """List the bundles in the database, newest first."""
    rows = _at(lambda at: at.shelf.bundles())
    if as_json:
        typer.echo(to_json(list(rows)))
        return
    for row in rows:
        typer.echo(_line(row))
    if not rows:
        typer.echo("no bundles; add one: cityops fleet bundle add FILE --keys FILE")


@app.command(epilog=examples("cityops fleet bundle withdraw 1.4.0"))
def withdraw(
    bundle: Annotated[
        str, typer.Argument(metavar="BUNDLE", help="Its version, serial, or the beginning of its id.")
    ],
) -> None:
    """Give a bundle out no more. Devices that have it keep it; cancel its roll-outs, too."""
    from ops_api.audit.by_command import note

    async def work(at: UpdatesAtHand) -> str:
        bundle_id = await at.acts.bundle_id(bundle)
        await at.shelf.withdraw(bundle_id)
        await note(at.db, "fleet bundle withdraw", f"bundle:{bundle_id[:16]}")
        return bundle_id

    typer.echo(f"{_at(work)[:12]} is withdrawn")


def _at(work: Any) -> Any:
    from ops_api.wiring_updates import updates_of

    return through(updates_of, work)


def _line(row: dict[str, Any]) -> str:
    state = "withdrawn" if row["withdrawn_at"] else f"good until {row['expires_at']:%Y-%m-%d}"
    kinds = ", ".join(row["kinds"]) or "all kinds"
    return f"{row['bundle_id'][:12]}  {row['version']:<14} serial {row['serial']:<6} {row['bytes']:>10} bytes  {kinds}; {state}"


def _key(public: str) -> Key:
    from cityops.errors import ConfigurationError
    from devices.contract.update.manifest import Key, key_id

    try:
        raw = bytes.fromhex(public.strip())
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ConfigurationError(
            f"{public[:20]!r} is no public key: 64 hexadecimal digits, as keygen prints them"
        )
    return Key(key_id=key_id(raw), public=raw.hex())


def _list_of(signed: Any, own: Key) -> KeyList:
    from devices.contract.update.manifest import KeyList, read_keys

    if signed is not None:
        return read_keys(signed.text.encode())
    return KeyList(serial=1, made_at=0, root=(), release=(own,))


def _made_at() -> int:
    """Return the time that is written into what is made: SOURCE_DATE_EPOCH where it is set, as reproducible builds have it."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given.isdigit() else round(time.time())


def _version(source: Path) -> str:
    from cityops.errors import ConfigurationError

    parts = source.name.split("-")
    if source.suffix != ".whl" or len(parts) < 3:
        raise ConfigurationError("--version: what is it called? Of a folder it is not known")
    return parts[1]
