"""Traces: nothing without an address, spans of batches, steps and requests with one, ids in the log."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import generate_latest

from cityops import logs, tracing
from cityops.errors import ConfigurationError
from cityops.settings import LogSettings
from cityops.settings_tracing import TracingSettings
from ops_api.routers.metrics import CountRequests, Metrics

ALL = TracingSettings(otlp_endpoint="http://collector.example:4318", sample_ratio=1.0)
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[Any]:
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = memory.InMemorySpanExporter()
    off = tracing.configure(ALL, "test", exporter)
    yield exporter
    off()


def test_without_an_address_nothing_is_loaded_and_nothing_happens() -> None:
    code = (
        "import sys\n"
        "from cityops import tracing, logs\n"
        "from cityops.settings_tracing import TracingSettings\n"
        "off = tracing.configure(TracingSettings(), 'ingest')\n"
        "with tracing.span('a', n=1) as span: span.set_attribute('b', 2)\n"
        "with tracing.request_span('GET', {'traceparent': 'x'}) as span: span.update_name('c')\n"
        "assert tracing.current_ids() is None and not tracing.is_on()\n"
        "off()\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_address_without_the_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(
        ConfigurationError, match=r"OpenTelemetry is not installed: pip install 'cityops\[otel\]'"
    ):
        tracing.configure(ALL, "ingest")
    assert not tracing.is_on()


def test_a_span_has_its_facts_and_the_log_its_ids(spans: Any) -> None:
    stream = io.StringIO()
    logs.configure(LogSettings(format="json"), stream)
    with tracing.span("ingest.batch", messages=3) as span:
        span.set_attribute("readings", 2)
        structlog.get_logger("x").warning("within")
    structlog.get_logger("x").warning("without")
    (made,) = spans.get_finished_spans()
    assert (made.name, dict(made.attributes)) == ("ingest.batch", {"messages": 3, "readings": 2})
    assert made.resource.attributes["service.name"] == "cityops-test"
    within, without = (json.loads(line) for line in stream.getvalue().splitlines())
    assert within["trace_id"] == f"{made.context.trace_id:032x}"
    assert within["span_id"] == f"{made.context.span_id:016x}"
    assert "trace_id" not in without


def test_an_exception_is_noted_and_goes_on(spans: Any) -> None:
    with pytest.raises(ValueError, match="broken"), tracing.span("rules.step"):
        raise ValueError("broken")
    (made,) = spans.get_finished_spans()
    assert made.status.status_code.name == "ERROR"


async def _app(scope: Any, receive: Any, send: Any) -> None:
    scope["route"] = type("Route", (), {"path": "/home/{code}"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def _get(metrics: Metrics, **headers: str) -> None:
    transport = httpx.ASGITransport(app=CountRequests(_app, metrics))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/home/SECRET", headers=headers)).status_code == 200


async def test_a_request_goes_on_with_its_callers_trace_and_tells_no_code(spans: Any) -> None:
    metrics = Metrics()
    await _get(metrics, traceparent=PARENT)
    (made,) = spans.get_finished_spans()
    assert made.name == "GET /home/{code}"
    assert f"{made.context.trace_id:032x}" == PARENT.split("-")[1]
    assert made.attributes["http.response.status_code"] == 200
    assert "SECRET" not in made.to_json()
    assert b'route="/home/{code}",status="200"} 1.0' in generate_latest(metrics.registry)


async def test_without_traces_requests_are_counted_all_the_same() -> None:
    metrics = Metrics()
    await _get(metrics, traceparent=PARENT)
    assert b'route="/home/{code}",status="200"} 1.0' in generate_latest(metrics.registry)


async def test_the_rules_and_the_ingester_make_a_span_each(spans: Any) -> None:
    from tests.fakes.traced import one_batch, one_step

    await one_batch()
    await one_step()
    names = {s.name: dict(s.attributes) for s in spans.get_finished_spans()}
    assert names["ingest.batch"] == {"messages": 1, "shard": 3, "attempts": 1, "readings": 1}
    assert names["rules.step"]["effects"] >= 0
