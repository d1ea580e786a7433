"""Documents of codecs: what is asked and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops_api.routers.schemas import Document
from ops_api.routers.times import Integer

SOURCE_MOST = 524_288
"""Characters of a source (ingest/sandbox/limits.py counts its bytes); the largest that is published has 228 kB."""
MAP_MOST, EXAMPLE_MOST, NOTE_MOST = 20_000, 60_000, 1000
NAME = r"^[a-z0-9][a-z0-9_.-]{0,60}$"
Language = Literal["javascript", "map", "native"]


class CodecBody(BaseModel):
    """A codec to be kept as a new version of its name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=NAME, description="Lower case letters, digits and _.-, such as em400")
    kind: str = Field(max_length=40, description="Of the devices it is for: bin, road, …")
    language: Language = "javascript"
    source: str = Field(
        default="",
        max_length=SOURCE_MOST,
        description="JavaScript (LoRa Alliance TS013), as its maker has it",
    )
    field_map: dict[str, Any] | None = Field(
        default=None, description="Which of its names is which field of the kind: docs/codecs.md"
    )
    note: str = Field(default="", max_length=NOTE_MOST)


class TryBody(BaseModel):
    """A codec and an uplink to try it on."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=40)
    language: Language = "javascript"
    source: str = Field(default="", max_length=SOURCE_MOST)
    field_map: dict[str, Any] | None = None
    uplink: str = Field(
        max_length=EXAMPLE_MOST,
        description="Bytes as hexadecimal or base64, or a whole event of The Things Stack or ChirpStack as text",
    )
    f_port: Integer = Field(default=1, ge=0, le=255, description="Where the uplink does not say")


class BindBody(BaseModel):
    """Which device a sensor is."""

    model_config = ConfigDict(extra="forbid")

    dev_eui: str = Field(max_length=40, description="16 hexadecimal digits")
    device: str = Field(max_length=100, description="Name of a registered device")
    codec: str = Field(max_length=80, description="Its name, or name@version")
    note: str = Field(default="", max_length=NOTE_MOST)


class CodecDocument(Document):
    """A version of a codec."""

    name: str
    version: int
    language: str
    kind: str
    created_by: str
    created_at: datetime
    note: str
    sensors: int = Field(description="Bound to it now; in the list: to any version of the name")


class CodecVersion(CodecDocument):
    """A version of a codec with its source."""

    body: str = Field(description="JavaScript; of a decoder of ours its name")
    field_map: dict[str, Any] | None


class CodecKept(Document):
    """The version that a codec was kept as."""

    name: str
    version: int


class TriedReading(Document):
    """A reading that would be stored."""

    at: datetime | None = Field(description="None: when the network heard it")
    fields: dict[str, float]


class TrialDocument(Document):
    """What a codec made of an uplink. Nothing of it is stored."""

    good: bool = Field(description="Whether a reading would be stored")
    taken_for: str
    payload_hex: str
    f_port: int
    dev_eui: str
    data: dict[str, Any] | None
    errors: list[str] = Field(description="The codec's own")
    warnings: list[str]
    notes: list[str]
    problem: str = Field(description="Why the codec gave nothing; empty: it did")
    readings: list[TriedReading]
    faults: list[str] = Field(description="Why it would be set aside")
    not_measured: dict[str, str]


class SensorDocument(Document):
    """A sensor, bound or heard only."""

    dev_eui: str
    device: str | None = None
    codec: str | None = None
    version: int | None = None
    last_seen_at: datetime | None = None
    uplinks: int | None = None


class SensorsDocument(Document):
    """Sensors that are devices, and those that were heard and are none. None of a home's."""

    bound: list[SensorDocument]
    heard: list[SensorDocument]


class BoundDocument(Document):
    """A sensor that was bound."""

    device: str
    codec: str
    again: int = Field(description="Events that were set aside for want of it, and are stored now")


class UnboundDocument(Document):
    """A sensor that is no device any more."""

    device: str
