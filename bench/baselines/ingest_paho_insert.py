"""A baseline of ``bench ingest``, by one who has read about batching: paho and one INSERT per batch.

As safe as paho can be: MQTT 5, QoS 1, a persistent session, every message acknowledged by
hand after the COMMIT, values checked against their ranges, batches by count and age, all
rows of a batch in one statement from arrays, duplicates refused by the primary key. There are no dead
letters, receipts, shards or repaired clocks.

``python -m bench.baselines.ingest_paho_insert PORT DSN BATCH_ROWS BATCH_AGE_S IN_FLIGHT``; says "ready".
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.baselines.readings import TOPICS, Row, parse

INSERT: LiteralString = """
insert into bench_paho_reading
select r.*, %b from unnest(%b::timestamptz[], %b::int[], %b::bigint[], %b::bigint[],
    %b::real[], %b::real[], %b::real[], %b::real[], %b::real[]) r
on conflict do nothing
"""
_WAIT_S = 0.05


class Batch:
    """Messages that wait for their COMMIT; ``since_s`` is when the first one came."""

    def __init__(self, devices: dict[str, int]) -> None:
        self._devices = devices
        self.rows: list[Row] = []
        self.mids: list[int] = []
        self.since_s = 0.0

    def add(self, message: MQTTMessage) -> None:
        """Take a message; one without a good reading is only acknowledged."""
        if not self.mids:
            self.since_s = time.monotonic()
        self.mids.append(message.mid)
        row = parse(message.topic, bytes(message.payload), self._devices)
        if row is not None:
            self.rows.append(row)

    def due(self, batch_rows: int, batch_age_s: float) -> bool:
        """Whether it is to be stored now."""
        full = len(self.mids) >= batch_rows
        return full or (bool(self.mids) and time.monotonic() - self.since_s >= batch_age_s)

    def store(self, conn: psycopg.Connection[Any], client: Client) -> None:
        """Store it in one transaction, then acknowledge it."""
        if self.rows:
            with conn.transaction():
                conn.execute(INSERT, [datetime.now(UTC), *map(list, zip(*self.rows, strict=True))])
        for mid in self.mids:
            client.ack(mid, 1)
        self.rows, self.mids = [], []


def connected(port: int, in_flight: int) -> Client:
    """Return a client whose session outlives it."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-paho", protocol=MQTTv5, manual_ack=True)
    kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    kept.SessionExpiryInterval = 3600
    kept.ReceiveMaximum = min(in_flight, 65_535)
    client.connect("127.0.0.1", port, clean_start=False, properties=kept)
    return client


def _subscribe(client: Client, *_: object) -> None:
    client.subscribe(TOPICS, qos=1)


def main(arguments: Sequence[str]) -> None:
    """Store what comes, for ever."""
    port, dsn, batch_rows, batch_age_s, in_flight = arguments
    with psycopg.connect(dsn, autocommit=True) as conn:
        devices: dict[str, int] = dict(conn.execute("select name, device_id from device").fetchall())
        batch = Batch(devices)
        client = connected(int(port), int(in_flight))
        client.on_connect = _subscribe
        client.on_subscribe = lambda *_: print("ready", file=sys.stderr, flush=True)
        client.on_message = lambda _client, _data, message: batch.add(message)
        while True:
            if client.loop(_WAIT_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                batch.rows, batch.mids = [], []  # the broker sends them again
                client.reconnect()
            elif batch.due(int(batch_rows), float(batch_age_s)):
                batch.store(conn, client)


if __name__ == "__main__":
    main(sys.argv[1:])
