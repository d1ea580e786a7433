"""Packs of SenML in the inbox: each becomes readings of the device that it was sent for.

Its names become fields by a codec of language ``map`` that is named ``senml.`` and the device, or ``senml.`` and the kind: the newest
version counts. Without one a name is that of the field, or ends in ``:`` or ``/`` and the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from devices.contract.kind import Kind
from devices.contract.senml.json import read_json
from devices.contract.senml.labels import SenmlError
from devices.contract.senml.quantities import by_time
from devices.contract.senml.resolve import resolve
from devices.contract.topics import topic
from ingest.bridge.decoding import RefusedError
from ingest.bridge.ports import Inbox, SenmlDevice, Waiting
from ingest.core.lorawan.apply_map import apply_map
from ingest.core.lorawan.decoded import DecodeError, Sample
from ingest.core.lorawan.field_map import FieldMap, MapError, read_map
from ingest.core.lorawan.judge import payload_of
from ingest.core.lorawan.marks import Outcome
from ingest.core.lorawan.reasons import Reason, sentence

log = structlog.get_logger(__name__)

OWN_NAMES = "of the kind's own names"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Taking(Protocol):
    """What is needed of a page on its way into a batch."""

    outcomes: dict[int, Outcome]
    topics: list[str]
    payloads: list[bytes]
    owners: list[int]


@dataclass(frozen=True, slots=True)
class _Read:
    samples: tuple[Sample, ...]
    said: str | None


async def take_senml(page: Taking, rows: Sequence[Waiting], inbox: Inbox, kinds: Mapping[str, Kind]) -> None:
    """Put packs on the page. Their topic is the device's name; TransientError where the database can't be asked."""
    devices = await inbox.senml_devices({row.topic for row in rows}) if rows else {}
    for row in rows:
        try:
            _take(page, row, devices.get(row.topic), kinds)
        except RefusedError as e:
            page.outcomes[row.event_id] = _dead(row, e.reason, str(e))
        except Exception as e:  # whatever nobody foresaw costs this pack only
            log.exception("SenML pack failed", event_id=row.event_id)
            why = sentence(Reason.SERVER_FAULT, why=f"{type(e).__name__}: {e}")
            page.outcomes[row.event_id] = _dead(row, Reason.SERVER_FAULT, why)


def _dead(row: Waiting, reason: Reason, why: str) -> Outcome:
    return Outcome(
        event_id=row.event_id, state="dead", reason_code=str(reason), reason=why.replace("\x00", "\\0")
    )


def _take(page: Taking, row: Waiting, device: SenmlDevice | None, kinds: Mapping[str, Kind]) -> None:
    if device is None:
        raise RefusedError(Reason.UNKNOWN_DEVICE, device=row.topic)
    kind = kinds.get(device.kind)
    title = OWN_NAMES if device.codec is None else device.codec.title
    if kind is None:
        raise RefusedError(Reason.BAD_MAP, codec=title, why=f"there is no kind {device.kind}")
    try:
        read = _read(row, _map(device, kind), kind)
    except MapError as e:
        raise RefusedError(Reason.BAD_MAP, codec=title, why=e) from e
    except (DecodeError, SenmlError) as e:
        raise RefusedError(Reason.NOT_DECODED, codec=title, why=e) from e
    payloads = [payload_of(sample, row.received_at, None, kind) for sample in read.samples]
    page.topics += [topic(device.shard, device.kind, device.device, "reading")] * len(payloads)
    page.payloads += payloads
    page.owners += [row.event_id] * len(payloads)
    page.outcomes[row.event_id] = Outcome(
        event_id=row.event_id,
        state="stored",
        reason=read.said,
        codec_id=None if device.codec is None else device.codec.codec_id,
        forget=device.private,
    )


def _moment(time_s: float) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=time_s)
    except OverflowError:
        raise DecodeError(f"{time_s:g} s since 1970 is no time that a calendar has") from None


def _map(device: SenmlDevice, kind: Kind) -> FieldMap:
    if device.codec is not None:
        return read_map(device.codec.field_map, kind)
    return read_map({"fields": {field.name: [field.name] for field in kind.fields}}, kind)


def _read(row: Waiting, found: FieldMap, kind: Kind) -> _Read:
    """Return readings, one for each time; DecodeError where no name of the pack is a field."""
    objects = by_time(resolve(read_json(row.body), row.received_at.timestamp()))
    samples, unmeasured = [], set[str]()
    for one in objects:
        made = apply_map(found, one["values"])
        at = _moment(one["time"])
        samples += [Sample(fields=sample.fields, at=at) for sample in made.samples]
        unmeasured |= {f"{name} not measured ({how})" for name, how in made.not_measured.items()}
    if not samples and not unmeasured:
        names = sorted({name for one in objects for name in one["values"]})
        raise DecodeError(
            f"none of its names is a field of kind {kind.name}: {', '.join(names[:10]) or 'none'}"
        )
    return _Read(tuple(samples), "; ".join(sorted(unmeasured))[:1000] or None)
