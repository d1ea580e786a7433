"""Events of LoRaWAN servers, sources, codecs and bindings for the tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from ingest.bridge.ports import Source
from ingest.core.lorawan.judge import Binding, Codec
from tests.fakes.ingest_setup import INSTALLED, known_devices

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EUI = "24e124136b502217"
TTN = Source(
    source_id=1, name="ttn", protocol="ttn_v3", transport="mqtt", settings={"application": "bins@ttn"}
)
CHIRP = Source(source_id=2, name="chirp", protocol="chirpstack_v4", transport="mqtt")
MILESIGHT = bytes.fromhex("01755C03670101048244080500")
EM400 = "01755c 03670101 04824408 050001"


def time_text(at: datetime) -> str:
    """A server's time, with nanoseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def chirp_up(
    payload: str | bytes = EM400,
    f_cnt: int = 1,
    at: datetime = NOW,
    dev_eui: str = EUI,
    dev_addr: str = "00189440",
    port: int = 85,
    key: str | None = None,
    decoded: Mapping[str, Any] | None = None,
) -> bytes:
    """An uplink of ChirpStack; counter 0 is left out, as protobuf does."""
    data = bytes.fromhex(payload) if isinstance(payload, str) else payload
    event: dict[str, Any] = {
        "deduplicationId": key or f"dedup-{dev_eui}-{dev_addr}-{f_cnt}-{at.timestamp():.0f}",
        "time": time_text(at),
        "deviceInfo": {"applicationId": "app-1", "deviceName": "a bin", "devEui": dev_eui},
        "devAddr": dev_addr,
        "fPort": port,
        "data": base64.b64encode(data).decode(),
        "rxInfo": [{"gatewayId": "gw-1", "rssi": -101, "snr": 4.5}, {"gatewayId": "gw-2", "rssi": -80, "snr": 9.0}],
        "txInfo": {"frequency": 868100000, "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 9, "codeRate": "CR_4_5"}}},
    }  # fmt: skip
    if f_cnt:
        event["fCnt"] = f_cnt
    if decoded is not None:
        event["object"] = dict(decoded)
    return json.dumps(event).encode()


def ttn_up(
    payload: str | bytes = EM400,
    f_cnt: int = 1,
    at: datetime = NOW,
    dev_eui: str = EUI,
    session: str = "AXA50tHUGUucuzS/bCGMNw==",
    port: int = 85,
    decoded: Mapping[str, Any] | None = None,
    simulated: bool = False,
) -> bytes:
    """An uplink of The Things Stack."""
    data = bytes.fromhex(payload) if isinstance(payload, str) else payload
    message: dict[str, Any] = {
        "session_key_id": session,
        "f_port": port,
        "frm_payload": base64.b64encode(data).decode(),
        "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw-1"}, "rssi": -90, "snr": 7.2}],
        "settings": {
            "data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7}},
            "frequency": "868300000",
        },
        "consumed_airtime": "0.056576s",
        "received_at": time_text(at),
    }
    if f_cnt:
        message["f_cnt"] = f_cnt
    if decoded is not None:
        message["decoded_payload"] = dict(decoded)
    ids = {
        "device_id": "bin-a",
        "application_ids": {"application_id": "bins"},
        "dev_eui": dev_eui.upper(),
        "dev_addr": "260B1234",
    }
    event: dict[str, Any] = {
        "end_device_ids": ids,
        "received_at": time_text(at + timedelta(seconds=1)),
        "uplink_message": message,
    }
    if simulated:
        event["simulated"] = True
    return json.dumps(event).encode()


def codec(
    language: str = "native", body: str = "milesight-distance", kind: str = "bin", **more: Any
) -> Codec:
    """A codec that is in no table."""
    told = {"codec_id": 1, "name": "a-codec", "version": 1, "field_map": None, **more}
    return Codec(language=language, body=body, kind=kind, **told)


def binding(device: str = "bin-0", by: Codec | None = None, **more: Any) -> Binding:
    """The test registry's bin as a LoRaWAN sensor."""
    known = next(d for d in known_devices() if d.name == device)
    told: dict[str, Any] = {"dev_eui": EUI, "private": False, **more}
    return Binding(
        device_id=known.device_id, device=known.name, device_kind=known.kind, shard=known.shard, codec=by or codec(kind=known.kind),
        **told,
    )  # fmt: skip


async def add_source(
    pg: psycopg.AsyncConnection[Any], source: Source = CHIRP, token_hash: bytes | None = None
) -> Source:
    """Put a source into the database; return it with its number there."""
    row = await (
        await pg.execute(
            "insert into lorawan_source (name, protocol, transport, settings, created_by, token_hash) values (%s, %s, %s, %s, 'a test', %s)"
            " returning source_id",
            (source.name, source.protocol, source.transport, Jsonb(dict(source.settings)), token_hash),
        )
    ).fetchone()
    assert row is not None
    return Source(
        source_id=row[0],
        name=source.name,
        protocol=source.protocol,
        transport=source.transport,
        settings=source.settings,
    )


async def bind(
    pg: psycopg.AsyncConnection[Any],
    device: str = "bin-0",
    by: Codec | None = None,
    dev_eui: str = EUI,
    version: int = 1,
) -> int:
    """Bind a sensor to a device by a codec that is made for it; return the codec's number."""
    by = by or codec()
    row = await (
        await pg.execute(
            "insert into lorawan_codec (name, version, language, body, field_map, kind, created_by)"
            " values (%s, %s, %s, %s, %s, %s, 'a test') returning codec_id",
            (
                by.name,
                version,
                by.language,
                by.body,
                None if by.field_map is None else Jsonb(by.field_map),
                by.kind,
            ),
        )
    ).fetchone()
    assert row is not None
    await pg.execute(
        "update lorawan_binding set unbound_at = now(), unbound_by = 'a test' where dev_eui = %s and unbound_at is null",
        (dev_eui,),
    )
    await pg.execute(
        "insert into lorawan_binding (dev_eui, device_id, codec_id, bound_by) select %s, device_id, %s, 'a test' from device where name = %s",
        (dev_eui, row[0], device),
    )
    return int(row[0])


__all__ = ["CHIRP", "EUI", "INSTALLED", "NOW", "TTN"]
