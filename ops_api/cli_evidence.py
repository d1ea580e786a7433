"""``cityops evidence``: make a pack, check one, show the key, add a photo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ops_api.cli_desk import AsJson, By, name_of
from ops_api.cli_help import examples, group
from ops_api.cli_looks import PURPOSE, Purpose, looked

app = group("Evidence packs: make one, check one, show the key that signs.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The home's code, from the frog's label.")]
_CHANGED, _BY_WHOM = 1, 3


@app.command(
    epilog=examples(
        "cityops evidence make CODE --from 2025-11-01 --to 2026-01-31 -o pack.zip  # as shared with the council",
        "cityops evidence make CODE --from 2025-11-01 --to 2026-01-31 -o p.zip --for-household Sam --with-diary",
    )
)
def make(
    code: Code,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, UTC.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, UTC, included.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write the pack.")],
    diary: Annotated[
        bool, typer.Option("--with-diary", help="Put the household's private diary in.")
    ] = False,
    household: Annotated[
        str | None,
        typer.Option(
            "--for-household",
            metavar="NAME",
            help="Who lives there and asked for it: the pack is of their stay. Without: what is shared with the council.",
        ),
    ] = None,
    by: By = "",
    purpose: Annotated[
        str, typer.Option(metavar="TEXT", help="Why: the household reads it in its log.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make an evidence pack of a home, signed with this installation's key.

    It never shows more than a stay: of who asked for it, or what the household shares with the council.
    """
    import asyncio

    import msgspec

    from cityops.settings import load_settings
    from ops_api.moments import a_day
    from ops_api.wiring_evidence import Asked, utc_now, write_pack

    days = (a_day(first, "--from"), a_day(last, "--to"))
    why = purpose or (PURPOSE if household is None else f"Asked for by {household}, who lives there")
    asked = Asked(
        code=code, days=days, by=name_of(by), purpose=why, made_at=utc_now(), diary=diary, household=household
    )
    pack = asyncio.run(write_pack(load_settings(), asked, out))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(pack)).decode())
        return
    typer.echo(f"{out}: pack {pack.pack_id}, {pack.bytes:,} bytes, SHA-256 {pack.sha256}")
    typer.echo(f"signed with key {pack.key_id}; check it with: cityops evidence verify {out}")
    if (pack.from_day, pack.to_day) != days:
        typer.echo(f"it shows {pack.from_day} to {pack.to_day} only; report.pdf says why")
    if not diary:
        typer.echo("the diary is private and was left out; --with-diary puts it in")


@app.command(
    epilog=examples(
        "cityops evidence verify pack.zip",
        "cityops evidence verify pack.zip --key signing_key.pub.pem --json",
    )
)
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The pack.")],
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM", help="Public key that should have signed it; this installation's without."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what of a pack is intact, what was changed, and who signed it. Needs no database and no network.

    Exit code 0 where every byte is as it was made, by the key of --key or of this installation; 1 where it is not; 2 where
    there is no such file; 3 where it is whole and no key is known here to compare its signer with.
    """
    from cityops.settings import load_settings
    from ops_api.evidence_text import verdict_document, verdict_lines
    from ops_api.wiring_evidence import check_pack

    found, compared = check_pack(load_settings(), file, key)
    typer.echo(
        json.dumps(verdict_document(found), indent=2)
        if as_json
        else "\n".join(verdict_lines(found, compared))
    )
    if not found.intact:
        raise typer.Exit(_BY_WHOM if found.whole and found.expected is None else _CHANGED)


@app.command("list", epilog=examples("cityops evidence list CODE"))
def list_packs(code: Code, by: By = "", purpose: Purpose = PURPOSE, as_json: AsJson = False) -> None:
    """List the packs that were made of a home; the files themselves are not kept here."""
    import asyncio

    import msgspec

    from cityops.settings import load_settings
    from ops_api.wiring_evidence import cases_of

    async def run() -> None:
        async with cases_of(load_settings()) as door:
            home_id = await door.book.home_id(code)
            await looked(door.db, home_id, name_of(by), "which evidence packs were made", purpose)
            packs = await door.book.packs(home_id)
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(packs)).decode())
            return
        for p in packs:
            typer.echo(
                f"{p.made_at:%Y-%m-%d %H:%M} UTC  {p.from_day} to {p.to_day}  SHA-256 {p.sha256}  by {p.made_by}"
            )
        if not packs:
            typer.echo("no pack was made of this home")

    asyncio.run(run())


@app.command("key", epilog=examples("cityops evidence key", "cityops evidence key > signing_key.pub.pem"))
def show_key() -> None:
    """Print the public key that packs are checked with; the key is made where there is none yet."""
    from cityops.settings import load_settings
    from ops_api.wiring_evidence import public_key

    key = public_key(load_settings())
    typer.echo(key.pem, nl=False)
    typer.echo(f"key {key.key_id}", err=True)


@app.command(
    "photo", epilog=examples("cityops evidence photo CODE wall.jpg --caption 'Behind the bed' --room bedroom")
)
def add_photo(
    code: Code,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JPEG, PNG or WebP.")],
    caption: Annotated[str, typer.Option(help="What it shows.")],
    room: Annotated[str, typer.Option(help="Where.")] = "",
    at: Annotated[str | None, typer.Option(metavar="DATE", help="When it was taken; now without.")] = None,
    keep_original: Annotated[
        bool, typer.Option("--keep-original", help="Keep what was sent in too, with place and device in it.")
    ] = False,
    by: By = "",
) -> None:
    """Add a photo: encoded anew, so that no metadata is left; of the original only its hash is kept."""
    import asyncio

    from cityops.settings import load_settings
    from ops_api.case_work import a_photo, photo_file
    from ops_api.moments import a_moment
    from ops_api.wiring_evidence import cases_of

    data = photo_file(file)

    async def run() -> None:
        async with cases_of(load_settings()) as door:
            taken_at = door.now if at is None else a_moment(at, door.days.zone, "--at")
            home_id = await door.book.home_id(code)
            photo, jpeg = a_photo(
                data, caption=caption, room=room, taken_at=taken_at, now=door.now, by=name_of(by)
            )
            photo = await door.book.add_photo(home_id, photo, jpeg, data if keep_original else None)
            typer.echo(
                f"photo {photo.photo_id}: {photo.width} × {photo.height}, original SHA-256 {photo.original_sha256}"
            )

    asyncio.run(run())
