"""What Prometheus sees of LoRaWAN. Names begin with ``cityops_ingest_lorawan_``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class BridgeMetrics:
    """Counters of one process, in the registry given."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        r, name = self.registry, "cityops_ingest_lorawan_"
        self.received = Counter(
            f"{name}events", "Events of LoRaWAN servers kept", ["source", "kind"], registry=r
        )
        self.duplicates = Counter(f"{name}duplicates", "Events that came again", ["source"], registry=r)
        self.spooled = Counter(
            f"{name}spooled", "Events that went to the disk, the database being away", registry=r
        )
        self.lost = Counter(
            f"{name}lost", "Events lost: the disk was full as well, or the database refuses them", registry=r
        )
        self.waiting = Gauge(
            f"{name}spool_waiting", "Events on the disk that wait for the database", registry=r
        )
        self.stored = Counter(f"{name}stored", "Events stored", registry=r)
        self.readings = Counter(f"{name}readings", "Readings stored of them", ["kind"], registry=r)
        self.again = Counter(f"{name}readings_again", "Readings of them that were stored before", registry=r)
        self.dead = Counter(f"{name}dead", "Events set aside", ["reason"], registry=r)
        self.connected = Gauge(
            f"{name}connected", "1 where a server's MQTT is connected", ["source"], registry=r
        )
        self.downlinks = Counter(f"{name}downlinks", "Messages to devices", ["result"], registry=r)
