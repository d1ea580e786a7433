"""What is written with a batch of LoRaWAN events, in its transaction: what became of them, and what was learnt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingest.core.lorawan.events import DownlinkNews
from ingest.core.lorawan.numbering import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an event.

    Attributes:
        event_id: which.
        state: stored, or dead: waiting for somebody to mend what is wrong.
        reason_code, reason: why it is dead, or what was not measured.
        codec_id: with which it was decoded.
        forget: whether its bytes go: a household's are kept as readings only.
    """

    event_id: int
    state: Literal["stored", "dead"]
    reason_code: str | None = None
    reason: str | None = None
    codec_id: int | None = None
    forget: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the envelopes of a batch say of a sensor; None is not told."""

    dev_eui: str
    source_id: int
    at: datetime
    uplinks: int = 0
    application_id: str = ""
    lns_device_id: str = ""
    label: str = ""
    dev_addr: str | None = None
    joined_at: datetime | None = None
    f_cnt: int | None = None
    f_port: int | None = None
    gateway: str | None = None
    rssi_dbm: float | None = None
    snr_db: float | None = None
    spreading: int | None = None
    frequency_hz: int | None = None
    airtime_ms: float | None = None
    battery_pct: float | None = None
    external_power: bool | None = None
    margin_db: float | None = None
    status_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownlinkNote:
    """News of a downlink that may be ours."""

    correlation: str
    news: DownlinkNews
    at: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMarks:
    """See the module."""

    outcomes: tuple[Outcome, ...]
    runs: tuple[Run, ...] = ()
    heard: tuple[Heard, ...] = ()
    downlinks: tuple[DownlinkNote, ...] = ()

    @property
    def event_ids(self) -> tuple[int, ...]:
        """The events; nobody else may be storing one of them."""
        return tuple(outcome.event_id for outcome in self.outcomes)
