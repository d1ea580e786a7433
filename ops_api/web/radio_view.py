"""What is known of a LoRaWAN sensor by its network server, as pages show it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand

SERVER_BATTERY = "Battery, by its server"


def radio_facts(row: Mapping[str, Any], now: datetime, brand: Brand) -> list[tuple[str, str]]:
    """Return names and facts of a sensor; none of a device that is no LoRaWAN sensor.

    Args:
        row: of ``fleet_radio``; empty, or without a DevEUI, where it is none.
        now: the wall clock.
        brand: for the time zone.
    """
    if row.get("dev_eui") is None:
        return []
    found = [("LoRaWAN", f"DevEUI {row['dev_eui']}{_heard(row, now, brand)}")]
    signal = _signal(row)
    if signal:
        found.append(("Signal", signal))
    found.append(("Lost on the air", _lost(row["frames"], row["lost"])))
    battery = _battery(row)
    if battery:
        at = words.day_and_clock(row["server_battery_at"], brand.time_zone, now)
        found.append((SERVER_BATTERY, f"{battery}, {at}"))
    return found


def _heard(row: Mapping[str, Any], now: datetime, brand: Brand) -> str:
    if row["radio_at"] is None:
        return ", not heard yet"
    at = words.day_and_clock(row["radio_at"], brand.time_zone, now)
    return f", {words.plural(row['uplinks'], 'uplink')}, last heard {at}"


def _signal(row: Mapping[str, Any]) -> str:
    parts = (
        ("rssi_dbm", "{:.0f} dBm"),
        ("snr_db", "SNR {:.1f} dB"),
        ("spreading", "SF{}"),
        ("margin_db", "margin {:.0f} dB"),
    )
    return ", ".join(
        form.format(row[name]).replace("-", "−") for name, form in parts if row[name] is not None
    )


def _lost(held: int, lost: int) -> str:
    if lost == 0:
        return f"none of {words.plural(held, 'frame')}"
    share = max(0.001, lost / (held + lost))
    return (
        f"{words.number(lost)} of {words.plural(held + lost, 'frame')} ({share:.1%}); nothing waits for them"
    )


def _battery(row: Mapping[str, Any]) -> str:
    if row["server_battery_at"] is None:
        return ""
    if row["external_power"]:
        return "external power"
    return "" if row["server_battery_pct"] is None else f"{row['server_battery_pct']:.0f} %"
