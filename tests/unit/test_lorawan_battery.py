"""The battery that only the network server was told of."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from devices.contract.kind import discover
from ingest.core.lorawan.decoded import Decoded, Sample
from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import Uplink
from ingest.core.lorawan.server_battery import ServerBattery, told_by, with_battery
from ops_api.web.radio_view import SERVER_BATTERY, radio_facts
from tests.fakes import lorawan as fake
from tests.fakes.home_states import BRAND

KINDS = discover()
BIN, ROAD = KINDS["bin"], KINDS["road"]
NOW = fake.NOW


def uplink(battery: float | None = None) -> Uplink:
    found = parse("chirpstack_v4", "application/a/device/b/event/up", fake.chirp_up())
    assert isinstance(found, Uplink)
    object.__setattr__(found, "battery_pct", battery)
    return found


def told(pct: float | None, ago: timedelta) -> ServerBattery:
    return ServerBattery(pct=pct, at=NOW - ago)


@pytest.mark.parametrize(
    ("own", "known", "expected"),
    [
        (88.0, [told(40.0, timedelta(hours=1))], 88.0),  # The Things Stack repeats it in the frame
        (None, [told(40.0, timedelta(hours=30)), told(39.0, timedelta(hours=6)), None], 39.0),
        (None, [told(39.0, timedelta(hours=6)), told(None, timedelta(hours=1))], None),  # plugged in since
        (None, [told(39.0, timedelta(days=8))], None),  # too old
        (None, [told(39.0, timedelta(hours=-1))], None),  # of later than a frame that is played again
        (None, [told(0.0, timedelta())], 0.0),
        (None, [], None),
    ],
)
def test_what_counts_is_what_the_server_knew_then(
    own: float | None, known: list[ServerBattery | None], expected: float | None
) -> None:
    assert told_by(uplink(own), NOW, *known) == expected


def test_it_goes_with_the_reading_of_the_frame_s_own_time() -> None:
    early = Sample(fields={"distance_mm": 700.0}, at=NOW - timedelta(hours=1))
    decoded = with_battery(Decoded(samples=(Sample(fields={"distance_mm": 800.0}), early)), 41.0, BIN)
    assert decoded.samples == (Sample(fields={"distance_mm": 800.0, "battery_pct": 41.0}), early)


def test_it_changes_nothing_where_the_sensor_says_it_or_nothing_was_measured() -> None:
    own = Decoded(samples=(Sample(fields={"distance_mm": 800.0, "battery_pct": 92.0}),))
    assert with_battery(own, 41.0, BIN) == own
    odd = Decoded(samples=(Sample(fields={"colour": 3.0}),))
    assert with_battery(odd, 41.0, BIN) == odd
    road = Decoded(samples=(Sample(fields={"surface_temperature_c": 1.0}),))
    assert with_battery(road, 41.0, ROAD) == road  # a kind without the field
    assert with_battery(own, None, BIN) is own


def row(at: datetime | None = NOW, **more: object) -> dict[str, object]:
    return {
        "dev_eui": fake.EUI, "radio_at": at, "uplinks": 1204, "rssi_dbm": -97.0, "snr_db": 6.5, "spreading": 7, "margin_db": None,
        "server_battery_pct": 41.0, "external_power": False, "server_battery_at": NOW, "frames": 960, "lost": 40, **more,
    }  # fmt: skip


def test_the_pages_say_how_it_is_heard_and_what_the_air_took() -> None:
    found = dict(radio_facts(row(), NOW, BRAND))
    assert found["Signal"] == "−97 dBm, SNR 6.5 dB, SF7"
    assert found["Lost on the air"] == "40 of 1,000 frames (4.0%); nothing waits for them"
    assert found[SERVER_BATTERY].startswith("41 %, ")
    assert "1,204 uplinks, last heard " in found["LoRaWAN"]
    assert dict(radio_facts(row(lost=0), NOW, BRAND))["Lost on the air"] == "none of 960 frames"
    assert dict(radio_facts(row(external_power=True), NOW, BRAND))[SERVER_BATTERY].startswith(
        "external power, "
    )
    unheard = row(at=None, rssi_dbm=None, snr_db=None, spreading=None, server_battery_at=None)
    assert [name for name, _ in radio_facts(unheard, NOW, BRAND)] == ["LoRaWAN", "Lost on the air"]
    assert radio_facts({}, NOW, BRAND) == []
