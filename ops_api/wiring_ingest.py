"""Composition of the ingest service: the only place that knows its adapters."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Callable

from cityops.clock import SystemClock
from cityops.errors import ConfigurationError
from cityops.runtime.health import HealthServer
from cityops.runtime.stop import Stop
from cityops.runtime.supervisor import Service, run_services
from cityops.settings import IngestSettings, MqttSettings, Settings
from devices.contract.topics import shard_filters
from ingest.core.batches import Limits
from ingest.core.letter_limit import LetterLimits
from ingest.erasure import Erasure
from ingest.erasure_queue import ErasureQueue
from ingest.leases import AdvisoryLeases, new_worker
from ingest.metrics import IngestMetrics
from ingest.mqtt_options import SessionOptions
from ingest.mqtt_session import MqttSession, broker_trouble
from ingest.ports import Chunk
from ingest.retention import Retention
from ingest.service import IngestParts, IngestService
from ingest.store import PostgresSink
from ingest.summaries import Summaries
from ops_api.board_facts import BoardFacts
from ops_api.wiring import kinds_of, needs_dsn
from ops_api.wiring_lorawan import build_bridge

BATCH_BYTES = 4_000_000
"""Payload bytes at which a batch is due whatever its number of messages."""

DEADLINE_S = 8.0
"""From the wish to stop to cancelling what has not stopped."""


def build_ingest(settings: Settings) -> dict[str, Service]:
    """Return the ingest service, and its health pages where a port is set, by name.

    Raises:
        ConfigurationError: without a database, or a certificate that can't be read.
    """
    dsn = needs_dsn(settings)
    ingest, clock, metrics = settings.ingest, SystemClock(), IngestMetrics()
    kinds, worker = kinds_of(settings), new_worker()
    sink = PostgresSink(dsn, kinds, clock, letter_limits(ingest), worker)
    options, trouble = session_options(settings), broker_trouble()

    def make_source(shard: int, deliver: Callable[[Chunk], None]) -> MqttSession:
        return MqttSession(shard, shard_filters(shard), options(shard), deliver, clock, trouble)

    service = IngestService(
        IngestParts(
            shards=ingest.shard_numbers,
            make_source=make_source,
            sink=sink,
            devices=sink,
            leases=AdvisoryLeases(dsn, clock, ingest.lease_s, worker),
            kinds=kinds,
            clock=clock,
            limits=Limits(ingest.batch_rows, BATCH_BYTES, ingest.batch_age_s),
            metrics=metrics,
        )
    )
    erasure = Erasure(dsn, kinds)
    retention = Retention(dsn, ingest.dead_letter_days, kept=settings.retention, erasure=erasure)
    services: dict[str, Service] = {"ingest": service, "retention": retention, "summaries": Summaries(dsn)}
    services["erasures"] = ErasureQueue(dsn, erasure)
    services["board facts"] = BoardFacts(dsn, settings.grafana, settings.housing.map_min_count)
    if settings.lorawan.enabled:
        services["lorawan"] = build_bridge(settings, metrics.registry)
    if ingest.health_port != 0:
        services["ingest health"] = HealthServer(
            ingest.health_port, service.ready, metrics.registry, settings.health_host
        )
    return services


def check_ingest(settings: Settings) -> None:
    """Raise ConfigurationError where an ingest service can't be built from the settings."""
    needs_dsn(settings)
    kinds_of(settings)
    session_options(settings)


async def run_ingest(settings: Settings, stop: Stop) -> None:
    """Run the ingest service until ``stop``."""
    _collect_seldom()
    await run_services(build_ingest(settings), stop, DEADLINE_S)


def _collect_seldom() -> None:
    """Let the garbage collector look for cycles seldom: 10 % of the time went into finding none.

    Messages and batches make no cycles, so counting references frees them.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def letter_limits(ingest: IngestSettings) -> LetterLimits:
    """Return how many dead letters of one sender are kept."""
    return LetterLimits(
        letters_per_hour=ingest.dead_letters_per_hour,
        letters_burst=ingest.dead_letters_burst,
        bytes_per_hour=ingest.dead_letter_kib_per_hour * 1024,
        bytes_burst=ingest.dead_letter_kib_burst * 1024,
        strangers=ingest.dead_letter_strangers,
    )


def session_options(settings: Settings) -> Callable[[int], SessionOptions]:
    """Return what makes a shard's session options."""
    mqtt, ingest = settings.mqtt, settings.ingest
    tls = _tls(mqtt)

    def options(shard: int) -> SessionOptions:
        return SessionOptions(
            host=mqtt.host,
            port=mqtt.port,
            client_id=f"{ingest.client_prefix}-{shard:02x}",
            username=mqtt.username,
            password=None if mqtt.password is None else mqtt.password.get_secret_value().encode(),
            tls=tls,
            keepalive_s=mqtt.keepalive_s,
            receive_maximum=ingest.receive_maximum,
            window_messages=ingest.receive_maximum + ingest.batch_rows,
            taken_over_s=ingest.lease_s,
        )

    return options


def _tls(mqtt: MqttSettings) -> ssl.SSLContext | None:
    if mqtt.tls_ca is None:
        return None
    try:
        return ssl.create_default_context(cafile=mqtt.tls_ca)
    except OSError as e:
        raise ConfigurationError(f"mqtt.tls_ca {mqtt.tls_ca} can't be read: {e}") from e
