"""A page of the inbox to one batch: every event decoded, numbered and said what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
import structlog

from devices.contract.kind import Kind
from ingest.bridge.decoding import Decoding, RefusedError
from ingest.bridge.heard import Hearing
from ingest.bridge.ports import Inbox, Waiting
from ingest.bridge.senml import take_senml
from ingest.core.batch import Batch, StatusRow
from ingest.core.decode import Decoder
from ingest.core.lorawan.decoded import Decoded
from ingest.core.lorawan.downlinks import correlation_of
from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import DownlinkEvent, EnvelopeError, Event, Uplink
from ingest.core.lorawan.judge import Binding, Numbered, number
from ingest.core.lorawan.marks import DownlinkNote, InboxMarks, Outcome
from ingest.core.lorawan.numbering import Run
from ingest.core.lorawan.reasons import Reason, sentence
from ingest.core.lorawan.server_battery import FIELD, told_by, with_battery

log = structlog.get_logger(__name__)

FRESH = timedelta(hours=1)
"""An uplink that is younger says that its device is there now; what is played again says nothing of it."""


@dataclass(slots=True)
class Page:
    """A page on its way into a batch."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    numbers: list[tuple[int, int, int]] = field(default_factory=list)
    statuses: dict[int, StatusRow] = field(default_factory=dict)
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)
    notes: list[DownlinkNote] = field(default_factory=list)
    hearing: Hearing = field(default_factory=Hearing)


class Judging:
    """See the module."""

    def __init__(self, inbox: Inbox, decoding: Decoding, kinds: Mapping[str, Kind]) -> None:
        self._inbox, self._decoding, self._kinds = inbox, decoding, kinds

    async def page(self, rows: Sequence[Waiting], now: datetime) -> Page:
        """Return what the events come to; TransientError where the database can't be asked."""
        page, events = Page(), [(row, _read(row)) for row in rows if row.source.protocol != "senml"]
        await take_senml(
            page, [row for row in rows if row.source.protocol == "senml"], self._inbox, self._kinds
        )
        euis = {e.sender.dev_eui for _, e in events if isinstance(e, Event) and e.sender is not None}
        bindings = await self._inbox.bindings(euis)
        runs = await self._inbox.runs(bindings)
        for row, event in events:
            if isinstance(event, Outcome):
                page.outcomes[row.event_id] = event
                continue
            try:
                await self._one(page, row, event, bindings, runs, now)
            except RefusedError as e:
                page.outcomes[row.event_id] = _dead(row, e.reason, str(e))
            except Exception as e:  # whatever nobody foresaw costs this event only
                log.exception("LoRaWAN event failed", event_id=row.event_id)
                why = sentence(Reason.SERVER_FAULT, why=f"{type(e).__name__}: {e}")
                page.outcomes[row.event_id] = _dead(row, Reason.SERVER_FAULT, why)
        return page

    async def _one(
        self,
        page: Page,
        row: Waiting,
        event: Event,
        bindings: Mapping[str, Binding],
        runs: dict[str, list[Run]],
        now: datetime,
    ) -> None:
        page.outcomes[row.event_id] = Outcome(event_id=row.event_id, state="stored")
        page.hearing.take(row, event)
        if isinstance(event, DownlinkEvent):
            page.notes += [
                DownlinkNote(correlation=c, news=event.news, at=event.at or now, problem=event.problem)
                for c in correlation_of(event.correlations)
            ]
        if isinstance(event, Uplink):
            await self._uplink(page, row, event, bindings, runs, now)

    async def _uplink(
        self,
        page: Page,
        row: Waiting,
        uplink: Uplink,
        bindings: Mapping[str, Binding],
        runs: dict[str, list[Run]],
        now: datetime,
    ) -> None:
        assert uplink.sender is not None
        eui = uplink.sender.dev_eui
        if uplink.simulated:
            raise RefusedError(Reason.SIMULATED)
        if uplink.at is None:
            raise RefusedError(Reason.NO_TIME)
        binding = bindings.get(eui)
        if binding is None:
            raise RefusedError(Reason.UNKNOWN_SENSOR, dev_eui=eui)
        if binding.source_id not in (None, row.source.source_id):
            raise RefusedError(Reason.WRONG_SOURCE, dev_eui=eui)
        kind = self._kinds.get(binding.device_kind)
        if kind is None:
            raise RefusedError(
                Reason.BAD_MAP, codec=binding.codec.title, why=f"there is no kind {binding.device_kind}"
            )
        decoded = await self._decoding.decode(uplink, uplink.at, binding)
        if (
            not decoded.samples
        ):  # a frame of the battery alone is no reading: what it says goes with the next one
            page.hearing.told(eui, decoded.facts.get(FIELD), uplink.at)
        battery = told_by(uplink, uplink.at, binding.battery, page.hearing.battery(eui))
        decoded = with_battery(decoded, battery, kind)
        mine = runs.setdefault(eui, [])
        made = number(uplink, uplink.at, decoded, binding, kind, mine)
        if made.before is not None:
            mine.remove(made.before)
        mine.append(made.run)
        self._take(page, row, uplink, made, binding, decoded, now)

    def _take(
        self,
        page: Page,
        row: Waiting,
        uplink: Uplink,
        made: Numbered,
        binding: Binding,
        decoded: Decoded,
        now: datetime,
    ) -> None:
        page.runs[made.run.dev_eui, made.run.boot] = made.run
        for payload in made.payloads:
            page.topics.append(made.topic)
            page.payloads.append(payload)
            page.owners.append(row.event_id)
        if made.number is not None:
            page.numbers.append(made.number)
        if uplink.at is not None and now - uplink.at < FRESH:
            page.statuses[binding.device_id] = _status(uplink, made.run, binding)
        page.outcomes[row.event_id] = Outcome(
            event_id=row.event_id,
            state="stored",
            reason=_unmeasured(decoded, made),
            codec_id=binding.codec.codec_id,
            forget=binding.private,
        )


def batch_of(page: Page, decoder: Decoder, now_us: int) -> Batch:
    """Return the batch of a page; events whose values are refused are set aside in the inbox, not as dead letters.

    Their numbers stay out of the ledger, so that they can be played again.
    """
    batch = decoder.decode(list(page.topics), list(page.payloads), now_us)
    owners: dict[tuple[str, bytes], list[int]] = {}  # two sources may bring the very same message
    for made, event_id in zip(zip(page.topics, page.payloads, strict=True), page.owners, strict=True):
        owners.setdefault(made, []).append(event_id)
    for letter in batch.dead_letters:
        for event_id in owners[letter.topic, letter.payload]:
            page.outcomes[event_id] = replace(
                page.outcomes[event_id],
                state="dead",
                reason_code=str(letter.reason),
                reason=letter.sentence,
                forget=False,
            )
    batch.dead_letters.clear()
    batch.numbers = page.numbers
    batch.statuses |= page.statuses
    batch.inbox = InboxMarks(
        outcomes=tuple(page.outcomes.values()),
        runs=tuple(page.runs.values()),
        heard=page.hearing.all(),
        downlinks=tuple(page.notes),
    )
    return batch


def only_dead(row: Waiting, why: str) -> Batch:
    """Return a batch that says of one event only that the database refuses it."""
    batch = Batch([], [])
    reason = sentence(Reason.SERVER_FAULT, why=why)
    batch.inbox = InboxMarks(outcomes=(_dead(row, Reason.SERVER_FAULT, reason),))
    return batch


def _read(row: Waiting) -> Event | Outcome:
    try:
        return parse(row.source.protocol, row.topic, row.body)
    except EnvelopeError as e:
        return _dead(row, Reason.NOT_READ, sentence(Reason.NOT_READ, why=e))
    except Exception as e:  # as in receiving
        log.exception("LoRaWAN event failed", event_id=row.event_id)
        return _dead(row, Reason.SERVER_FAULT, sentence(Reason.SERVER_FAULT, why=f"{type(e).__name__}: {e}"))


def _dead(row: Waiting, reason: Reason, why: str) -> Outcome:
    return Outcome(
        event_id=row.event_id, state="dead", reason_code=str(reason), reason=why.replace("\x00", "\\0")
    )


def _unmeasured(decoded: Decoded, made: Numbered) -> str | None:
    said = [f"{name} not measured ({how})" for name, how in decoded.not_measured.items()]
    said += [f"{name} left out: the kind has no such field" for name in made.left_out]
    if not made.payloads:
        said.append("no reading in it")
    return "; ".join(said)[:1000].replace("\x00", "\\0") or None


def _status(uplink: Uplink, run: Run, binding: Binding) -> StatusRow:
    radio = uplink.radio
    told = {
        "online": True,
        "boot": run.boot,
        "lorawan": {
            "battery_pct": uplink.battery_pct,
            "rssi_dbm": radio.rssi_dbm,
            "snr_db": radio.snr_db,
            "spreading": radio.spreading,
            "gateways": radio.gateways,
        },
    }
    return StatusRow(device_id=binding.device_id, status=msgspec.json.encode(told).decode(), message=0)
