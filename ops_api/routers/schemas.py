"""Documents of the REST API, as OpenAPI shows them. Units are in the names."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from ops_api.routers.times import Moment

Severity = Literal["info", "warning", "major", "critical"]
SubjectKind = Literal["home", "segment", "route", "bin", "device", "kind", "town", "channel", "role"]
Activity = Literal["shower", "cooking", "washing", "window", "heating", "other"]


class Document(BaseModel):
    """A document that is built from a row; unknown columns are left out."""

    model_config = ConfigDict(extra="ignore")


class WrongValue(Document):
    """One value that is not as it must be."""

    detail: str
    pointer: str | None = Field(None, description="Of a body: where it is, as a JSON pointer (RFC 6901)")
    parameter: str | None = Field(None, description="Of an address or a header: its name")


class Problem(Document):
    """An error (RFC 9457)."""

    type: str = Field(description="Its kind: a page that says what to do (`/problems`)")
    title: str
    status: int
    detail: str
    errors: list[WrongValue] | None = Field(None, description="Each wrong value by itself")
    request_id: str | None = Field(None, description="Finds the request in our logs")


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "model": Problem,
        "description": f"{words} (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, words in (("4XX", "Refused, not there, or not usable"), ("5XX", "Not to be had now"))
}
"""What every route may answer beside what it declares."""


class KindField(Document):
    """A measured field of a kind of device."""

    name: str
    title: str
    unit: str = Field(description="Unit as shown")
    ucum: str = Field(description="Unit code in UCUM")
    minimum: float
    maximum: float
    resolution: float
    required: bool
    codes: dict[int, str] = Field(description="Meaning of each integer of a coded field")


class KindDocument(Document):
    """A kind of device."""

    name: str
    title: str
    description: str
    cadence_s: int
    fields: list[KindField]


class DeviceDocument(Document):
    """A device that stands in no home."""

    name: str
    kind: str
    label: str
    latitude_deg: float | None
    longitude_deg: float | None
    cadence_s: int
    installed_at: datetime
    retired_at: datetime | None


class DevicePage(Document):
    """Devices by name; ``next`` is the ``after`` of the following page."""

    devices: list[DeviceDocument]
    next: str | None


_ROAD: JsonDict = {
    "ts": "2026-01-09T05:10:00Z",
    "quality": 0,
    "surface_temperature_c": -0.4,
    "air_temperature_c": 0.6,
    "humidity_pct": 97.0,
}
"""A reading of a road sensor: which fields there are says its kind (``/api/v1/kinds``)."""


class Reading(BaseModel):
    """A reading: its time, quality and the kind's fields."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_ROAD]})
    ts: datetime
    quality: int = Field(0, description="Bit flags: 0 good, 1 clock repaired, 2 suspect clock")


class LatestReading(Reading):
    """The newest reading of a device."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"device": "road-001", **_ROAD}]})
    device: str


class Series(Document):
    """Readings of one device with from <= ts < to; ``truncated`` says that ``limit`` cut it."""

    device: str
    kind: str
    bucket: Literal["raw", "hour", "day"]
    truncated: bool
    rows: list[dict[str, Any]]


class Room(Document):
    """A room of a home and its newest reading."""

    device: str
    room: str
    ts: datetime | None
    temperature_c: float | None
    humidity_pct: float | None
    wall_temperature_c: float | None


class HomeDocument(Document):
    """A home, for whoever holds its code."""

    label: str
    at: datetime | None = Field(description="Time of the state")
    state: dict[str, Any] | None = Field(description="What the rules know: risk, dew point, cold wall")
    rooms: list[Room]


class DiaryDocument(Document):
    """A diary entry."""

    diary_entry_id: int
    at: datetime
    activity: Activity
    note: str
    source: str


class DiaryPost(BaseModel):
    """A new diary entry; without ``at`` it is now."""

    model_config = ConfigDict(extra="forbid")
    activity: Activity
    at: Moment | None = None
    note: str = Field("", max_length=500)


class RouteDocument(Document):
    """A gritting route and its present decision."""

    route_id: str
    label: str
    priority: int
    depot_id: str
    depot: str
    segments: int | None
    length_km: float | None
    at: datetime | None = Field(description="Time of the decision")
    state: dict[str, Any] | None = Field(description="Outcome, rate, treat-by, drive, reason")


class DecisionDocument(Document):
    """A decision with the inputs it saw."""

    decision_id: int
    rule_id: str
    rule_version: int
    subject_kind: str
    subject: str
    decided_at: datetime
    outcome: str
    reason: str
    inputs: dict[str, Any]
    result: dict[str, Any]
    created_at: datetime


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[dict[str, Any]]


class BinDocument(Document):
    """A bin, its present state and what happened to it."""

    bin_id: str
    label: str
    street: str
    latitude_deg: float
    longitude_deg: float
    stream: str
    capacity_l: float
    threshold_pct: float
    device: str
    at: datetime | None
    state: dict[str, Any] | None
    events: list[dict[str, Any]] = []


class Level(Document):
    """A bin's level, and within what it is 8 of 10 times [% of the usable height]."""

    at: datetime
    fill_pct: float
    low_pct: float
    high_pct: float


class EmptyingDocument(Document):
    """An emptying as it was detected; confidence 0..1."""

    at: datetime
    before_pct: float
    after_pct: float
    confidence: float
    evidence: list[str]


class LevelsDocument(Document):
    """A bin's levels over a time."""

    bin_id: str
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    levels: list[Level]
    emptyings: list[EmptyingDocument]


class AlarmDocument(Document):
    """An alarm; a home is named by its number, never by its code."""

    alarm_id: int
    rule_id: str
    rule_version: int
    subject_kind: SubjectKind
    subject: str
    severity: Severity
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assignee: str | None
    shelved_until: datetime | None
    closed_at: datetime | None
    closed_by: str | None = Field(description="Null where the desk closed it")
    verdict: Literal["true", "false_alarm", "test"] | None
    flapping: bool
    is_group: bool
    members_now: int = Field(description="Members of a group alarm whose own condition holds")
    title: str
    reason: str
    inputs: dict[str, Any]


class DeadLetter(Document):
    """A message that could not be stored, and why."""

    dead_letter_id: int
    received_at: datetime
    topic: str
    device: str | None
    kind: str | None
    reason_code: str
    reason: str
    field: str | None
    boot: int | None
    seq: int | None
    payload_bytes: int
    replayed_at: datetime | None


class DeadLetterDetail(DeadLetter):
    """A dead letter with its payload: as text where it is UTF-8, and in hexadecimal."""

    payload_withheld: bool = Field(description="What a home sent is the household's: no payload here")
    payload_text: str | None
    payload_hex: str | None


class NotKept(Document):
    """Dead letters of one sender, reason and hour that were counted and not kept: there were too many."""

    hour: datetime
    device: str | None = Field(description="Null for all names together that no registered device has")
    shard: int | None = Field(description="On which these sent; null for a device")
    reason_code: str
    letters: int
    payload_bytes: int
    last_at: datetime


class ReasonCount(Document):
    """How many dead letters one reason has."""

    reason_code: str
    example: str
    dead_letters: int = Field(description="Kept or only counted")
    replayed: int = Field(description="Of these, stored after all")
    not_kept: int = Field(description="Of these, counted and not kept: their sender sent too many")
    last_at: datetime


class IngestStats(Document):
    """What the ingester committed since a time."""

    since: datetime
    batches: int
    readings: int
    duplicates: int
    dead_letters: int
    last_batch_at: datetime | None
    readings_per_s: float = Field(description="Mean over the last minute")
    reasons: list[ReasonCount]


class KindStatus(Document):
    """Devices of a kind: how many there are and how many report."""

    kind: str
    devices: int
    reporting: int


class Status(Document):
    """Whether the platform works."""

    at: datetime
    event_time: datetime | None = Field(description="Latest reading time the rules have seen")
    last_batch_at: datetime | None
    rules_updated_at: datetime | None
    active_alarms: int
    unacknowledged_alarms: int
    kinds: list[KindStatus]
