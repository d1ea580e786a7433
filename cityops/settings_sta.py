"""What an installation sets of the SensorThings API."""

from __future__ import annotations

from pydantic import Field, SecretStr

from cityops.settings_group import Group, Port


class StaSettings(Group):
    """OGC SensorThings at `/sta/v1.1` and its observations over MQTT (docs/sensorthings.md)."""

    top: int = Field(default=100, ge=1)
    """Entities of a page where `$top` does not say."""
    top_most: int = Field(default=10_000, ge=1, le=100_000)
    """Entities of a page at most."""
    expand_deep: int = Field(default=5, ge=1, le=10)
    """Levels of `$expand`, and of a path, at most."""
    statement_s: float = Field(default=5.0, gt=0, le=60)
    """Seconds that a query may take."""
    cost_most: float = Field(default=2.0e6, gt=0)
    """Cost in the planner's units above which a query is refused before it runs, with how to narrow it."""
    create_bytes: int = Field(default=4_000_000, ge=65_536, le=64_000_000)
    """Bytes of one `CreateObservations` of who may send it; any other body has at most 64 kB."""
    create_most: int = Field(default=5_000, ge=1, le=100_000)
    """Observations of one `CreateObservations`."""
    mqtt_username: str = ""
    """User of the broker as whom observations are published to `v1.1/Datastreams(id)/Observations`; empty: they are not."""
    mqtt_password: SecretStr | None = None
    """Password of that user."""
    mqtt_port: Port = 0
    """Port on which the demo's own broker lets anybody read them, and nothing else; 0: none."""
    mqtt_url: str = Field(default="", pattern=r"^(mqtts?://[^/\s]+)?$")
    """Address of a broker where anybody may listen, as `mqtt://city.example:1884`, which the service's root names; empty: none."""
    mqtt_per_s: int = Field(default=2000, ge=1)
    """Observations a second; above it only the newest of each datastream goes out."""
