"""Makes the record of a night: the files, the report, the manifest and its signature, in an evidence pack's container.

The same rows and the same ``made_at`` give the same bytes, with the same versions of zlib and Typst.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import msgspec

from rules.core.evidence.canonical import canonical
from rules.core.evidence.manifest import FORMAT, MANIFEST, SIGNATURE, Listed, Manifest, Shown, pack_id
from rules.core.winter_nights import in_words, span_s
from rules.core.winter_orders.chain import broken
from rules.core.winter_record import README, Contents, KeptRecord, document
from rules.core.winter_scores.facts import ScoreParameters
from rules.core.winter_scores.night import score
from rules.evidence.container import Container
from rules.evidence.keys import Signer
from rules.evidence.packing import signature_of
from rules.evidence.pdf import make_pdf
from rules.winter.orders.ports import Chain, OrderDesk
from rules.winter.record.ports import NightRows, NightSource
from rules.winter.scores.ports import ScoreBook

KEPT = "kept_record.zip"
SUBJECT = "Winter service"
"""What the record is about, where an evidence pack's manifest names a home."""


@dataclass(frozen=True, slots=True)
class RecordRoom:
    """What a record is made from and with."""

    desk: OrderDesk
    scores: ScoreBook
    source: NightSource
    signer: Signer
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A record that was made: its number, the key, acts whose link does not follow, and how many files it has."""

    pack_id: str
    key_id: str
    broken: tuple[int, ...]
    files: int
    cases: int


async def make_record(
    room: RecordRoom,
    night: date,
    *,
    made_at: datetime,
    by: str,
    why: str,
    out: BinaryIO,
    by_itself: bool = False,
    kept: tuple[KeptRecord, bytes] | None = None,
) -> Made:
    """Write the record of a night.

    Args:
        room: where things are from, and the key.
        night: the day on which it began.
        made_at: written into it; what is stored later is not in it.
        by: who made it.
        why: for what; may be empty.
        out: an empty file, opened for reading and writing.
        by_itself: whether the service makes it, to be kept.
        kept: the record that it has kept of this night, with its pack, which comes into this one.

    Raises:
        TransientError: the database does not answer.
    """
    from_s, to_s = span_s(night, room.zone)
    rows = await room.source.rows(from_s, to_s)
    chain = await room.desk.chain()
    facts = await room.scores.facts(night, from_s, to_s)
    scored = await room.scores.kept(night)
    contents = Contents(
        night=night, from_s=from_s, to_s=to_s, made_at=made_at, made_by=by, why=why, time_zone=room.zone.key,
        labels=facts.labels, cases=await room.desk.cases(from_s, to_s), decisions=rows.decisions, alarms=rows.alarms,
        treated=rows.treated, catalogues=rows.catalogues, forecasts=rows.forecasts, hours=rows.hours,
        has_readings=bool(rows.readings), gone=rows.gone, scored=scored, by_itself=by_itself,
        score=score(facts, room.zone, ScoreParameters()) if scored is None else scored.score,
        kept=None if kept is None else kept[0], broken=broken(chain.before, chain.acts),
        acts_in_all=len(chain.acts), key_fingerprint=room.signer.public.key_id, public_key=room.signer.public.base64,
    )  # fmt: skip
    inside = None if kept is None else kept[1]
    return await asyncio.to_thread(_pack, out, contents, rows, chain, room.signer, inside)


def _pack(
    out: BinaryIO, contents: Contents, rows: NightRows, chain: Chain, key: Signer, inside: bytes | None
) -> Made:
    """Write the container: seconds of work, beside which others go on."""
    container = Container(out)
    files = list(_files(container, contents, rows, chain, key, inside))
    manifest = _manifest(contents, files, key)
    data = canonical(msgspec.to_builtins(manifest))
    container.add(MANIFEST, data)
    container.add(SIGNATURE, signature_of(key, data))
    container.close(key)
    return Made(
        pack_id=manifest.pack_id, key_id=manifest.key_id, broken=contents.broken, files=len(files),
        cases=len(contents.cases),
    )  # fmt: skip


def _files(
    container: Container, c: Contents, rows: NightRows, chain: Chain, signer: Signer, inside: bytes | None
) -> Iterator[Listed]:
    yield container.add("README.txt", README.encode(), "how to read and check this record")
    for path, what, value in _documents(c, chain):
        yield container.add(path, _json(value), what)
    for device, lines in sorted(rows.readings.items()):
        data = ("\n".join(lines) + "\n").encode()
        yield container.add(f"readings/{device}.csv", data, f"readings of {device}")
    for issue, text in sorted(rows.hours.items()):
        yield container.add(f"road_forecast/{issue}.csv", text.encode(), f"road forecast issued {issue}")
    if inside is not None:
        yield container.add(KEPT, inside, "the record that the service made itself of this night")
    yield container.add("report.pdf", make_pdf(document(c), {}, c.made_at), "the report for people")
    yield container.add("public_key.pem", signer.public.pem.encode(), "the key that signed")


def _documents(c: Contents, chain: Chain) -> list[tuple[str, str, Any]]:
    return [
        ("orders.json", "proposals and orders, with every act", c.cases),
        ("decisions.json", "decisions of the rules with inputs and result", c.decisions),
        ("alarms.json", "winter alarms", c.alarms),
        ("treated.json", "what gritters spread", c.treated),
        ("forecasts.json", "forecasts of the night", c.forecasts),
        ("catalogues.json", "the rules that decided", c.catalogues),
        ("score.json", "how the night did", c.score),
        ("gone.json", "what is no longer kept", {k: v for k, v in msgspec.to_builtins(c.gone).items() if v}),
        ("chain.json", "every act with its link", {"before": chain.before, "acts": chain.acts}),
    ]


def _json(value: Any) -> bytes:
    """Return a document as it is, to the last digit: links are worked out from it again."""
    plain = msgspec.to_builtins(value)
    return (json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _manifest(c: Contents, files: list[Listed], signer: Signer) -> Manifest:
    first, last, made_at = str(c.night), str(c.night + timedelta(days=1)), _utc(c.made_at)
    return Manifest(
        format=FORMAT, pack_id=pack_id(SUBJECT, first, last, made_at, [f.sha256 for f in files]), made_at=made_at,
        home=SUBJECT, from_day=first, to_day=last,
        shown=Shown(
            why=c.why or f"The record of {in_words(c.night)}", asked_from=first, asked_to=last,
            start=_utc(datetime.fromtimestamp(c.from_s, UTC)), end=_utc(datetime.fromtimestamp(c.to_s, UTC)),
            cut="", written=True,
        ),
        diary=False, key_id=signer.public.key_id, files=tuple(files), series=(),
    )  # fmt: skip


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
