"""Makes a pack: readings day by day, then what else there is, the report, the manifest and its signature.

The same inputs and the same ``made_at`` give the same bytes, with the same versions of zlib, Pillow and Typst.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, BinaryIO

import msgspec
import numpy as np

from cityops.errors import ConfigurationError
from rules.core.evidence.canonical import canonical
from rules.core.evidence.chart import svg
from rules.core.evidence.contents import Case, Contact, Contents, Home, MissingNumbers, Photo, Room
from rules.core.evidence.manifest import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    Day,
    Listed,
    Manifest,
    Series,
    Shown,
    first_link,
    next_link,
    pack_id,
)
from rules.core.evidence.readme import README
from rules.core.evidence.report import chart_numbers, document, photos_printed
from rules.core.evidence.report_damp import finding_words
from rules.core.evidence.report_rooms import charts
from rules.core.evidence.rows import Reading, day_csv, days_of, start_of
from rules.core.evidence.scope import Order, Period, covered, cut_words
from rules.core.legal_clock import Law, WorkingDays, judge_case
from rules.evidence.container import Container, digest
from rules.evidence.figures import FROG, WEATHER, pieces, station_for
from rules.evidence.keys import Signer
from rules.evidence.pdf import make_pdf
from rules.evidence.ports import Album, CaseBook, DampFigures, EvidenceSource, Pack
from rules.evidence.scoped import ScopedSource

MOST_DAYS = 3 * 366
SIGNED = b"cityops-evidence-manifest-1\n"


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a pack is made from and with.

    Attributes:
        source: of the home; a resident's as she may see it.
        town: of weather stations and the ledger.
        figures: makes what works the figures out, on a source that shows what may be shown.
    """

    source: EvidenceSource
    town: EvidenceSource
    figures: Callable[[EvidenceSource], DampFigures]
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
        ConfigurationError: the period ends before it begins, is too long, has not begun, or nothing of it may be shown.
        NoSuchError: no home has this code.
        TransientError: the database does not answer.
    """
    check_period(order)
    period = _covered(order)
    source = ScopedSource(shop.source, shop.town, order.scope, period)
    home = await source.home(order.code)
    station = await station_for(source, home, period.from_day, period.to_day)
    container, numbers = Container(out), _Numbers()
    series = [await _series(source, container, FROG, room, period, numbers) for room in home.rooms]
    series += [] if station is None else [await _series(source, container, WEATHER, station, period, numbers)]
    contents = await _contents(shop, source, order, period, home, station, numbers)
    files = [f async for f in _files(shop, container, contents)]
    manifest = _manifest(shop, order, contents, series, files)
    data = canonical(msgspec.to_builtins(manifest))
    container.add(MANIFEST, data)
    container.add(SIGNATURE, signature_of(shop.signer, data))
    container.close(shop.signer)
    return _remembered(order, period, manifest, data, out)


def check_period(order: Order) -> None:
    """Raise ConfigurationError where the period can't be."""
    if order.to_day < order.from_day:
        raise ConfigurationError(f"the period ends on {order.to_day}, before it begins on {order.from_day}")
    if (order.to_day - order.from_day).days >= MOST_DAYS:
        raise ConfigurationError(f"a pack covers at most {MOST_DAYS} days; make one for each year")
    if order.made_at < start_of(order.to_day):
        raise ConfigurationError(f"the period ends on {order.to_day}, which has not begun (UTC)")


def _covered(order: Order) -> Period:
    found = covered(order)
    if found is None:
        raise ConfigurationError(
            f"nothing from {order.from_day} to {order.to_day} may be shown: {order.scope.why}"
        )
    return found


class _Numbers:
    """First and last number that is shown, by box and start of the box."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}

    def add(self, device: str, rows: Sequence[Reading]) -> None:
        """Take the numbers of readings that are in the pack."""
        for r in rows:
            first, last = self._seen.get((device, r.boot), (r.seq, r.seq))
            self._seen[device, r.boot] = min(first, r.seq), max(last, r.seq)

    def lie_between(self, gap: MissingNumbers) -> bool:
        """Whether numbers are missing between readings of the pack, not before or after them."""
        first, last = self._seen.get((gap.device, gap.boot), (0, -1))
        return first < gap.first_seq and gap.last_seq < last


async def _series(
    source: EvidenceSource, container: Container, kind: str, room: Room, period: Period, numbers: _Numbers
) -> Series:
    """Write the daily files of a box, each linked to the one before it."""
    folder = "readings" if kind == FROG else "outdoor"
    fields, link, days = source.fields(kind), first_link(room.device), []
    async for day, rows in _days(source, kind, room, period):
        numbers.add(room.device, rows)
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
    source: EvidenceSource, kind: str, room: Room, period: Period
) -> AsyncIterator[tuple[date, list[Reading]]]:
    """Yield every day of the period with its readings; a day without any too."""
    for begin, stop in pieces(start_of(period.from_day), start_of(period.to_day + timedelta(days=1))):
        rows = await source.readings(kind, room.device_id, begin, stop)
        by_day = {day: list(group) for day, group in groupby(rows, key=lambda r: r.at.astimezone(UTC).date())}
        for day in days_of(begin.date(), (stop - timedelta(days=1)).date()):
            yield day, by_day.get(day, [])


async def _contents(
    shop: Workshop,
    source: EvidenceSource,
    order: Order,
    period: Period,
    home: Home,
    station: Room | None,
    numbers: _Numbers,
) -> Contents:
    start, end = start_of(period.from_day), start_of(period.to_day + timedelta(days=1))
    devices = [r.device_id for r in home.rooms]
    cases, contacts, photos = await _written(shop, order, home.home_id, start, end)
    now_s = order.made_at.timestamp()
    figures = await shop.figures(source).of(home, station, period.from_day, period.to_day)
    weeks = tuple(await source.damp_weeks(home.home_id, devices, start, end))
    return Contents(
        home=home, from_day=period.from_day, to_day=period.to_day, made_at=order.made_at,
        why=order.scope.why, cut=cut_words(order, period), written=order.scope.written,
        figures=replace(figures, finding=finding_words(weeks)),
        damp_days=tuple(await source.damp_days(home.home_id, devices, start, end)), damp_weeks=weeks,
        cases=cases, states=tuple(judge_case(c.kind, c.events, now_s, shop.law, shop.days) for c in cases),
        law_title=shop.law.title, law_notice=shop.law.notice, contacts=contacts, photos=photos,
        diary=tuple(await source.diary(home.home_id, start, end)) if order.diary else None,
        missing=tuple(g for g in await source.missing(devices) if numbers.lie_between(g)),
        calibrations=tuple(await source.calibrations(devices, period.start, period.end)),
        time_zone=shop.law.time_zone, key_fingerprint=shop.signer.public.key_id, public_key=shop.signer.public.base64,
    )  # fmt: skip


async def _written(
    shop: Workshop, order: Order, home_id: int, start: datetime, end: datetime
) -> tuple[tuple[Case, ...], tuple[Contact, ...], tuple[Photo, ...]]:
    """Return what the household wrote down in its stay; photos of the period."""
    if not order.scope.written:
        return (), (), ()
    stay = order.scope.stay
    return (
        tuple(f.case for f in await shop.book.cases(home_id) if stay.holds(f.case.opened_at)),
        tuple(c for c in await shop.book.contacts(home_id) if stay.holds(c.recorded_at or c.at)),
        tuple(
            p
            for p in await shop.album.photos(home_id)
            if start <= p.taken_at < end and stay.holds(p.added_at)
        ),
    )


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
        ("analysis.json", "the analyst's days and findings", {"days": c.damp_days, "findings": c.damp_weeks}),
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
    shop: Workshop, order: Order, c: Contents, series: Sequence[Series], files: Sequence[Listed]
) -> Manifest:
    made_at, period = _utc(order.made_at), _covered(order)
    ends = [s.days[-1].link for s in series if s.days] + [f.sha256 for f in files]
    return Manifest(
        format=FORMAT,
        pack_id=pack_id(c.home.label, str(c.from_day), str(c.to_day), made_at, ends),
        made_at=made_at, home=c.home.label, from_day=str(c.from_day), to_day=str(c.to_day), diary=order.diary,
        shown=Shown(
            why=c.why, asked_from=str(order.from_day), asked_to=str(order.to_day), start=_utc(period.start),
            end=_utc(period.end), cut=c.cut, written=c.written,
        ),
        key_id=shop.signer.public.key_id, files=tuple(files), series=tuple(series),
    )  # fmt: skip


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def signature_of(signer: Signer, manifest: bytes) -> bytes:
    """Return the file ``signature.json`` of a manifest."""
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


def _remembered(order: Order, period: Period, manifest: Manifest, data: bytes, out: BinaryIO) -> Pack:
    size = out.seek(0, 2)
    return Pack(
        pack_id=manifest.pack_id, from_day=period.from_day, to_day=period.to_day, made_at=order.made_at,
        made_by=order.by, sha256=digest(out, size).hex(), bytes=size,
        manifest_sha256=hashlib.sha256(data).hexdigest(), key_id=manifest.key_id,
    )  # fmt: skip
