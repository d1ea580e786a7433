"""Traces by OpenTelemetry: off, and not even imported, unless an address is set.

A span is a batch in the ingester, a step in the rules, a request in the API: never a single reading. While it is on,
log lines carry ``trace_id`` and ``span_id``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from cityops.errors import ConfigurationError
from cityops.settings_tracing import TracingSettings

NEEDED = "pip install 'cityops[otel]'"


class Span(Protocol):
    """What is needed of a span."""

    def set_attribute(self, key: str, value: str | int | float | bool) -> None:
        """Note a fact."""

    def update_name(self, name: str) -> None:
        """Call it otherwise."""


class _NoSpan:
    def set_attribute(self, key: str, value: str | int | float | bool) -> None:
        pass

    def update_name(self, name: str) -> None:
        pass


_OFF: AbstractContextManager[Span] = nullcontext(_NoSpan())
_tracer: Any = None


def configure(settings: TracingSettings, service: str, exporter: Any = None) -> Callable[[], None]:
    """Switch traces on where an address is set; return what sends the last ones and switches them off.

    Args:
        settings: address and share.
        service: ``ingest``, ``rules``, ``api``.
        exporter: instead of OTLP; sends at once (for tests).

    Raises:
        ConfigurationError: an address is set and OpenTelemetry is not installed.
    """
    if not settings.otlp_endpoint and exporter is None:
        return _nothing
    provider = _provider(settings, service, exporter)
    global _tracer
    _tracer = provider.get_tracer("cityops")

    def off() -> None:
        global _tracer
        _tracer = None
        provider.shutdown()

    return off


def is_on() -> bool:
    """Whether spans are made."""
    return _tracer is not None


def span(name: str, **facts: str | int | float | bool) -> AbstractContextManager[Span]:
    """Return a context that is a span; off it costs a comparison. An exception is noted and goes on."""
    return _OFF if _tracer is None else _span(name, facts, None)


def request_span(name: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
    """Return a span of a request that goes on with the caller's trace (W3C ``traceparent``), where it names one."""
    return _OFF if _tracer is None else _span(name, {}, headers)


def current_ids() -> tuple[str, str] | None:
    """Return the ids of trace and span that this code runs in, in hexadecimal; None outside of one."""
    if _tracer is None:
        return None
    trace = importlib.import_module("opentelemetry.trace")
    context = trace.get_current_span().get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


@contextmanager
def _span(
    name: str, facts: Mapping[str, str | int | float | bool], headers: Mapping[str, str] | None
) -> Iterator[Span]:
    parent, kind = None, None
    if headers is not None:
        propagation = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
        parent = propagation.TraceContextTextMapPropagator().extract(dict(headers))
        kind = importlib.import_module("opentelemetry.trace").SpanKind.SERVER
    wanted = {} if kind is None else {"kind": kind}
    with _tracer.start_as_current_span(name, context=parent, attributes=dict(facts), **wanted) as made:
        yield made


def _provider(settings: TracingSettings, service: str, exporter: Any) -> Any:
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        sampling = importlib.import_module("opentelemetry.sdk.trace.sampling")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise ConfigurationError(
            f"CITYOPS_TRACING__OTLP_ENDPOINT is set and OpenTelemetry is not installed: {NEEDED}, or leave it empty"
        ) from error
    provider = sdk.TracerProvider(
        sampler=sampling.ParentBased(sampling.TraceIdRatioBased(settings.sample_ratio)),
        resource=resources.Resource.create({"service.name": f"{settings.service_prefix}-{service}"}),
        shutdown_on_exit=False,
    )
    if exporter is not None:
        provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    else:
        endpoint = f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"
        provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint)))
    return provider


def _nothing() -> None:
    """Nothing was switched on."""
