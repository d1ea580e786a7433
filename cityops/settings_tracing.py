"""What an installation sets of traces."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TracingSettings(BaseModel):
    """Traces by OpenTelemetry; off unless an address is given (docs/operating.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    otlp_endpoint: str = ""
    """Address that spans are sent to by OTLP over HTTP, e.g. `http://collector:4318`. Empty: no traces, and nothing of OpenTelemetry
    is loaded. Needs the extra `[otel]`."""
    sample_ratio: float = Field(default=0.05, ge=0, le=1)
    """Share of traces that are sent, of those that begin here; what a caller has decided for a request is kept."""
    service_prefix: str = "cityops"
    """Start of the services' names: `cityops-ingest`, `cityops-rules`, `cityops-api`."""
