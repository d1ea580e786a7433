"""Makes a pack: readings day by day, then what else there is, the report, the manifest and its signature.

The same inputs and the same ``made_at`` give the same bytes, with the same versions of zlib, Pillow and Typst.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, BinaryIO

import msgspec
import numpy as np

from cityops.errors import ConfigurationError
from rules.core.evidence.canonical import canonical
from rules.core.evidence.chart import svg
from rules.core.evidence.contents import Contents, Home, Room
from rules.core.evidence.manifest import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    Day,
    Listed,
    Manifest,
    Series,
    first_link,
    next_link,
    pack_id,
)
from rules.core.evidence.readme import README
from rules.core.evidence.report import chart_numbers, document, photos_printed
from rules.core.evidence.report_rooms import charts
from rules.core.evidence.rows import Reading, day_csv, days_of, start_of
from rules.core.legal_clock import Law, WorkingDays, judge_case
from rules.evidence.container import Container, digest
from rules.evidence.figures import FROG, WEATHER, pieces, station_for
from rules.evidence.keys import Signer
from rules.evidence.pdf import make_pdf
from rules.evidence.ports import Album, CaseBook, DampFigures, EvidenceSource, Pack

MOST_DAYS = 3 * 366
SIGNED = b"cityops-evidence-manifest-1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which pack is to be made.

    Attributes:
        from_day, to_day: both included (UTC).
        made_at: the time that is written into it.
        diary: whether the household's diary goes in: it is private, and can be turned against its author.
        by: who asks.
    """

    code: str
    from_day: date
    to_day: date
    made_at: datetime
    by: str
    diary: bool = False


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a pack is made from and with."""

    source: EvidenceSource
    figures: DampFigures
    book: CaseBook
    album: Album
    law: Law
    days: WorkingDays
    signer: Signer


async def make_pack(shop: Workshop, order: Order, out: BinaryIO) -> Pack:
    """Write a pack and return what is to be remembered of it; the caller records it.

    Args:
        shop: where things are from.
        order: what is asked for.
        out: an empty file, opened for reading and writing.

    Raises:
        ConfigurationError: the period ends before it begins, is too long, or has not ended.
        NoSuchError: no home has this code.
        TransientError: the database does not answer.
    """
    check_period(order)
    home = await shop.source.home(order.code)
    station = await station_for(shop.source, home, order.from_day, order.to_day)
    container = Container(out)
    series = [await _series(shop, container, FROG, room, order) for room in home.rooms]
    series += [] if station is None else [await _series(shop, container, WEATHER, station, order)]
    contents = await _contents(shop, order, home, station)
    files = [f async for f in _files(shop, container, contents)]
    manifest = _manifest(shop, order, home, series, files)
    data = canonical(msgspec.to_builtins(manifest))
    container.add(MANIFEST, data)
    container.add(SIGNATURE, _signature(shop.signer, data))
    container.close(shop.signer)
    return _remembered(order, manifest, data, out)


def check_period(order: Order) -> None:
    """Raise ConfigurationError where the period can't be."""
    if order.to_day < order.from_day:
        raise ConfigurationError(f"the period ends on {order.to_day}, before it begins on {order.from_day}")
    if (order.to_day - order.from_day).days >= MOST_DAYS:
        raise ConfigurationError(f"a pack covers at most {MOST_DAYS} days; make one for each year")
    if order.made_at < start_of(order.to_day):
        raise ConfigurationError(f"the period ends on {order.to_day}, which has not begun (UTC)")


async def _series(shop: Workshop, container: Container, kind: str, room: Room, order: Order) -> Series:
    """Write the daily files of a box, each linked to the one before it."""
    folder = "readings" if kind == FROG else "outdoor"
    fields, link, days = shop.source.fields(kind), first_link(room.device), []
    async for day, rows in _days(shop.source, kind, room, order):
        path = f"{folder}/{room.device}/{day}.csv"
        file = container.add(path, day_csv(fields, rows))
        link = next_link(link, str(day), file.sha256)
        days.append(
            Day(day=str(day), path=path, bytes=file.bytes, sha256=file.sha256, rows=len(rows), link=link)
        )
    return Series(
        name=room.device, kind="room" if kind == FROG else "outdoor", label=room.label, days=tuple(days)
    )


async def _days(
    source: EvidenceSource, kind: str, room: Room, order: Order
) -> AsyncIterator[tuple[date, list[Reading]]]:
    """Yield every day of the period with its readings; a day without any too."""
    for begin, stop in pieces(start_of(order.from_day), start_of(order.to_day + timedelta(days=1))):
        rows = await source.readings(kind, room.device_id, begin, stop)
        by_day = {day: list(group) for day, group in groupby(rows, key=lambda r: r.at.astimezone(UTC).date())}
        for day in days_of(begin.date(), (stop - timedelta(days=1)).date()):
            yield day, by_day.get(day, [])


async def _contents(shop: Workshop, order: Order, home: Home, station: Room | None) -> Contents:
    start, end = start_of(order.from_day), start_of(order.to_day + timedelta(days=1))
    devices = [r.device_id for r in home.rooms]
    cases = tuple(filed.case for filed in await shop.book.cases(home.home_id))
    now_s = order.made_at.timestamp()
    states = tuple(judge_case(c.kind, c.events, now_s, shop.law, shop.days) for c in cases)
    photos = [p for p in await shop.album.photos(home.home_id) if start <= p.taken_at < end]
    return Contents(
        home=home, from_day=order.from_day, to_day=order.to_day, made_at=order.made_at,
        figures=await shop.figures.of(home, station, order.from_day, order.to_day),
        cases=cases, states=states, law_title=shop.law.title, law_notice=shop.law.notice,
        contacts=tuple(await shop.book.contacts(home.home_id)), photos=tuple(photos),
        diary=tuple(await shop.source.diary(home.home_id, start, end)) if order.diary else None,
        missing=tuple(await shop.source.missing(devices)),
        calibrations=tuple(await shop.source.calibrations(devices, start, end)),
        time_zone=shop.law.time_zone, key_fingerprint=shop.signer.public.key_id, public_key=shop.signer.public.base64,
    )  # fmt: skip


async def _files(shop: Workshop, container: Container, contents: Contents) -> AsyncIterator[Listed]:
    """Write everything beside the readings."""
    yield container.add("README.txt", README.encode(), "how to read and check this pack")
    for path, what, value in _documents(contents):
        yield container.add(path, _json(value), what)
    pictures: dict[str, bytes] = {}
    printed = {p.photo_id for p in photos_printed(contents.photos)}
    for photo in contents.photos:
        jpeg = await shop.album.photo_bytes(contents.home.home_id, photo.photo_id)
        yield container.add(f"photos/{photo.photo_id}.jpg", jpeg, f"photo: {photo.caption}")
        if photo.photo_id in printed:
            pictures[f"photo-{photo.photo_id}.jpg"] = jpeg
    numbers = chart_numbers(contents)
    for room in contents.figures.rooms:
        for i, chart in enumerate(charts(room)):
            pictures[f"chart-{numbers[room.device] + i}.svg"] = svg(chart).encode()
    report = make_pdf(document(contents), pictures, contents.made_at)
    yield container.add("report.pdf", report, "the report for people")
    yield container.add("public_key.pem", shop.signer.public.pem.encode(), "the key that signed")


def _documents(c: Contents) -> Sequence[tuple[str, str, Any]]:
    silences = [{"room": r.label, "device": r.device, "spans_s": r.silences} for r in c.figures.rooms]
    found: list[tuple[str, str, Any]] = [
        ("statistics.json", "statistics, with what each rests on", c.figures),
        ("gaps.json", "gaps: silences, and numbers that never came", {"silences": silences, "missing": c.missing}),
        ("calibration.json", "calibration log", c.calibrations),
        ("cases.json", "cases with their entries and the legal clock", [
            {"case": case, "state": state} for case, state in zip(c.cases, c.states, strict=True)
        ]),
        ("contacts.json", "contact log", c.contacts),
        ("photos.json", "what is known of the photos", c.photos),
    ]  # fmt: skip
    return found if c.diary is None else [*found, ("diary.json", "diary of ordinary use", c.diary)]


def _json(value: Any) -> bytes:
    """Return a document for people and programs: times in UTC, unknown numbers as null, figures to six digits."""
    plain = _plain(msgspec.to_builtins(value, enc_hook=_number))
    return (json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _number(value: Any) -> Any:
    """Return numpy's numbers as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} in a pack's documents")


def _plain(value: Any) -> Any:
    match value:
        case float():
            return _figure(value)
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
    return value


def _figure(value: float) -> float | None:
    """Return a figure to six digits, a time or a large one to a thousandth; None for NaN."""
    if math.isnan(value):
        return None
    return float(f"{value:.6g}") if abs(value) < 1e6 else round(value, 3)


def _manifest(
    shop: Workshop, order: Order, home: Home, series: Sequence[Series], files: Sequence[Listed]
) -> Manifest:
    made_at = order.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    ends = [s.days[-1].link for s in series if s.days] + [f.sha256 for f in files]
    return Manifest(
        format=FORMAT,
        pack_id=pack_id(home.label, str(order.from_day), str(order.to_day), made_at, ends),
        made_at=made_at, home=home.label, from_day=str(order.from_day), to_day=str(order.to_day), diary=order.diary,
        key_id=shop.signer.public.key_id, files=tuple(files), series=tuple(series),
    )  # fmt: skip


def _signature(signer: Signer, manifest: bytes) -> bytes:
    return canonical(
        {
            "algorithm": "Ed25519",
            "format": FORMAT,
            "key_id": signer.public.key_id,
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
            "public_key": signer.public.base64,
            "signature": base64.b64encode(signer.sign(SIGNED + manifest)).decode(),
        }
    )


def _remembered(order: Order, manifest: Manifest, data: bytes, out: BinaryIO) -> Pack:
    size = out.seek(0, 2)
    return Pack(
        pack_id=manifest.pack_id, from_day=order.from_day, to_day=order.to_day, made_at=order.made_at,
        made_by=order.by, sha256=digest(out, size).hex(), bytes=size,
        manifest_sha256=hashlib.sha256(data).hexdigest(), key_id=manifest.key_id,
    )  # fmt: skip
