"""Metrics of the API, in a registry of its own, and the middleware that counts requests."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from cityops import tracing
from ops_api.web.headers import App, Message, Receive, Send


class Metrics:
    """Counters of one application; labels are route templates, never addresses (they carry codes)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "cityops_api_requests_total",
            "Requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "cityops_api_request_seconds",
            "Time to the last byte, streams left out",
            ["route"],
            registry=self.registry,
        )
        self.readers = Gauge("cityops_api_streams", "Open event streams", registry=self.registry)
        self.forecast_age_s = Gauge(
            "cityops_weather_forecast_age_seconds",
            "The town's time since the newest weather forecast was issued",
            ["place", "source"],
            registry=self.registry,
        )
        self.password_tries = Counter(
            "cityops_api_password_tries_total",
            "Passwords tried at a team's door: right, wrong, or held back after too many wrong ones",
            ["team", "outcome"],
            registry=self.registry,
        )
        self.backup_age_s = Gauge(
            "cityops_backup_age_seconds",
            "Since the last good back-up was begun; infinite without one",
            registry=self.registry,
        )
        self.backup_verified_age_s = Gauge(
            "cityops_backup_verified_age_seconds",
            "Since a back-up was last restored for a check and was as it was",
            registry=self.registry,
        )
        self.backup_bytes = Gauge(
            "cityops_backup_bytes", "Size of the last good back-up", registry=self.registry
        )
        self.backup_failed = Gauge(
            "cityops_backup_failed", "Back-ups that failed since the last good one", registry=self.registry
        )
        self.dropped = Gauge(
            "cityops_api_stream_dropped",
            "Events dropped for slow readers since the start",
            registry=self.registry,
        )


class CountRequests:
    """ASGI middleware that fills :class:`Metrics`."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        streaming = False
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status, streaming
            if message["type"] == "http.response.start":
                status = message["status"]
                streaming = any(
                    n.lower() == b"content-type" and v.startswith(b"text/event-stream")
                    for n, v in message.get("headers") or []
                )
            await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in _trace_headers(scope)}
        with tracing.request_span(scope["method"], headers) as span:
            try:
                await self._app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                # The route's template, never the address: it carries codes.
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                self._metrics.requests.labels(scope["method"], route, str(status)).inc()
                if not streaming:
                    self._metrics.seconds.labels(route).observe(time.perf_counter() - started)


def _trace_headers(scope: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """Return the headers by which a caller names its trace; none where traces are off."""
    return [h for h in scope["headers"] if h[0] in (b"traceparent", b"tracestate")] if tracing.is_on() else []
