"""When certificates end, for /metrics: read from their files each time somebody asks, so that a renewed one is seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog
from cryptography import x509
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

log = structlog.get_logger(__name__)

NAME = "cityops_certificate_not_after_timestamp_seconds"


def files_of(text: str) -> tuple[Path, ...]:
    """Return the paths of a list with commas."""
    return tuple(Path(part.strip()) for part in text.split(",") if part.strip())


class CertificateEnds:
    """A collector of prometheus_client: one gauge by file.

    Args:
        files: PEM files; of one with several certificates the first counts, which is the server's own.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return when each file's certificate ends [s since 1970, UTC]; 0 where it can't be read, which is an end too."""
        ends = GaugeMetricFamily(
            NAME, "When the certificate in the file ends; 0: it can't be read", labels=["file"]
        )
        for file in self._files:
            ends.add_metric([file.name], _end_s(file))
        yield ends


def tell_ends(registry: CollectorRegistry, text: str) -> None:
    """Have ``registry`` tell of the files that the setting ``api.certificates`` names; of none, nothing."""
    files = files_of(text)
    if files:
        registry.register(CertificateEnds(files))


def _end_s(file: Path) -> float:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError) as error:
        log.warning("a certificate can't be read", file=str(file), error=str(error))
        return 0.0
