"""What the envelopes of a page say of each sensor, put together. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ingest.bridge.ports import Waiting
from ingest.core.lorawan.events import DeviceStatus, Event, Join, Uplink
from ingest.core.lorawan.marks import Heard
from ingest.core.lorawan.server_battery import ServerBattery


class Hearing:
    """Gathers; what is newer by the network server's clock stays."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def take(self, row: Waiting, event: Event, latest: datetime) -> None:
        """Take note of an event of a sensor; others say nothing of one.

        A server whose clock is ahead is taken to have heard it at ``latest``: else nothing that follows would be newer.
        """
        sender = event.sender
        if sender is None or not isinstance(event, Uplink | Join | DeviceStatus):
            return
        at = min(event.at or row.received_at, latest)
        before = self._heard.get(sender.dev_eui)
        if before is None:
            before = Heard(dev_eui=sender.dev_eui, source_id=row.source.source_id, at=at)
        newest = at >= before.at
        now = before
        if newest:
            now = replace(
                now,
                at=at,
                source_id=row.source.source_id,
                application_id=sender.application_id or now.application_id,
                lns_device_id=sender.device_id or now.lns_device_id,
                label=sender.label or now.label,
                dev_addr=sender.dev_addr or now.dev_addr,
            )
        match event:
            case Uplink():
                now = _uplink(now, event, at, newest, again=row.again)
            case Join():
                now = replace(now, joined_at=at if now.joined_at is None else max(at, now.joined_at))
            case DeviceStatus():
                if now.status_at is None or at >= now.status_at:
                    now = replace(
                        now,
                        battery_pct=event.battery_pct,
                        external_power=event.external_power,
                        margin_db=event.margin_db,
                        status_at=at,
                    )
        self._heard[sender.dev_eui] = now

    def told(self, dev_eui: str, battery_pct: object, at: datetime) -> None:
        """Take note of a battery that a frame told without a reading [%]; anything else than a share is none."""
        found = self._heard.get(dev_eui)
        if found is None or isinstance(battery_pct, bool) or not isinstance(battery_pct, int | float):
            return
        if 0.0 <= battery_pct <= 100.0 and (found.status_at is None or at >= found.status_at):
            self._heard[dev_eui] = replace(found, battery_pct=float(battery_pct), status_at=at)

    def battery(self, dev_eui: str) -> ServerBattery | None:
        """Return what this page says that a sensor's server was told of its battery."""
        found = self._heard.get(dev_eui)
        if found is None or found.status_at is None:
            return None
        return ServerBattery(pct=found.battery_pct, at=found.status_at)

    def all(self) -> tuple[Heard, ...]:
        """Return what was heard, by DevEUI."""
        return tuple(self._heard[eui] for eui in sorted(self._heard))


def _uplink(now: Heard, event: Uplink, at: datetime, newest: bool, *, again: bool) -> Heard:
    now = replace(now, uplinks=now.uplinks + (not again))
    if not newest:
        return now
    radio = event.radio
    now = replace(
        now,
        f_cnt=event.f_cnt,
        f_port=event.f_port,
        gateway=radio.gateway or None,
        rssi_dbm=radio.rssi_dbm,
        snr_db=radio.snr_db,
        spreading=radio.spreading,
        frequency_hz=radio.frequency_hz,
        airtime_ms=radio.airtime_ms,
    )
    if event.battery_pct is not None:
        now = replace(now, battery_pct=event.battery_pct, status_at=at)
    return now
