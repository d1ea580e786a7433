"""The end of certificates in /metrics."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from prometheus_client import CollectorRegistry

from ops_api.certificates import NAME, files_of, tell_ends

CERTS = Path(__file__).parents[2] / "deploy" / "certs.sh"


def _ends(registry: CollectorRegistry) -> dict[str, float]:
    return {
        s.labels["file"]: s.value for metric in registry.collect() for s in metric.samples if s.name == NAME
    }


def test_it_is_read_again_each_time_and_what_can_not_be_read_has_ended(tmp_path: Path) -> None:
    def make(days: str, *words: str) -> None:
        environment = {"SECRETS": str(tmp_path), "CERT_DAYS": days, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        subprocess.run(["sh", CERTS, *words], env=environment, check=True, capture_output=True)

    make("10", "init", "broker.example.org")
    file, registry = tmp_path / "mqtt_server_crt", CollectorRegistry()
    tell_ends(registry, f"{file}, {tmp_path / 'none'}")
    first = _ends(registry)
    assert first["none"] == 0.0
    assert abs(first["mqtt_server_crt"] - time.time() - 10 * 86400) < 60
    make("20", "renew", "11")
    assert abs(_ends(registry)["mqtt_server_crt"] - time.time() - 20 * 86400) < 60
    file.write_text("no certificate")
    assert _ends(registry)["mqtt_server_crt"] == 0.0


def test_no_files_no_figure() -> None:
    registry = CollectorRegistry()
    tell_ends(registry, " , ")
    assert _ends(registry) == {}
    assert files_of("/a.pem,/b.pem") == (Path("/a.pem"), Path("/b.pem"))
