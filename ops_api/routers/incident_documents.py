"""Documents of incidents in the REST API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops_api.incident_desk import Whole
from ops_api.request_ids import RequestId
from ops_api.routers.schemas import Document, Severity
from ops_api.routers.times import Integer, Moment, Number
from rules.core.incidents import commands as c
from rules.core.incidents.model import Act, Incident, Signal
from rules.core.incidents.words import act_words, ref_of, who_has

Kind = Literal["order", "route", "round", "document", "what_if", "alarm", "other"]


class TaskDocument(Document):
    """A task; texts and names only for who sends the password."""

    number: int
    text: str
    who: str
    due: datetime | None
    done_at: datetime | None
    done_by: str


class LinkDocument(Document):
    """Something that belongs to it."""

    kind: str
    ref: str
    title: str
    href: str


class IncidentDocument(Document):
    """An incident. Without the password names, texts of people and titles of links are empty."""

    ref: str
    state: Literal["proposed", "open", "contained", "closed", "merged"]
    severity: Severity
    title: str
    place: str
    says: str = Field(description="Who has it, in words")
    services: list[str]
    signals: int
    up: int = Field(description="Of these not over")
    latitude_deg: float | None
    longitude_deg: float | None
    reach_m: float
    owner: str
    owner_role: str
    reason: str
    made_at: datetime
    opened_at: datetime | None
    contained_at: datetime | None
    closed_at: datetime | None
    changed_at: datetime
    merged_into: str | None
    touches: list[str]
    tasks: list[TaskDocument]
    links: list[LinkDocument]
    version: int = Field(
        description="Send it back as `seen`: what somebody else changed since then is not undone unseen"
    )


class SignalDocument(Document):
    """What it is made of."""

    key: str
    service: str
    rule_id: str
    kind: str
    subject: str
    severity: Severity
    title: str
    street: str
    at: datetime
    ended_at: datetime | None
    alarm_id: int | None
    latitude_deg: float | None
    longitude_deg: float | None


class LineDocument(Document):
    """One thing that happened."""

    at: datetime
    source: str
    text: str
    href: str


class WholeDocument(IncidentDocument):
    """An incident with what belongs to it; the timeline has the newest first."""

    made_of: list[SignalDocument]
    timeline: list[LineDocument]
    older: bool = Field(description="More happened before: its log has all of it")


class ActDocument(Document):
    """A line of an incident's log; without the password neither who nor what people wrote."""

    number: int
    at: datetime
    what: str
    says: str
    by: str
    role: str
    via: str


def moment(at_s: float | None) -> datetime | None:
    """Return a time [s since 1970] in UTC."""
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)


def incident_document(i: Incident, *, names: bool) -> IncidentDocument:
    """Return an incident as the API gives it."""
    return IncidentDocument.model_validate(_fields(i, names=names))


def whole_document(whole: Whole, *, names: bool) -> WholeDocument:
    """Return an incident with what belongs to it."""
    lines = [
        {"at": moment(x.at_s), "source": x.source, "text": x.text, "href": x.href} for x in whole.timeline
    ]
    return WholeDocument.model_validate(
        _fields(whole.incident, names=names)
        | {"made_of": [_signal(s) for s in whole.signals], "timeline": lines, "older": whole.older}
    )


def act_document(a: Act, *, names: bool) -> ActDocument:
    """Return a line of a log."""
    shown = names or a.via == "engine"
    return ActDocument(
        number=a.act_id, at=datetime.fromtimestamp(a.at_s, UTC), what=a.what, says=act_words(a, names=names),
        by=a.by if shown else "", role=a.role, via=a.via,
    )  # fmt: skip


def _fields(i: Incident, *, names: bool) -> dict[str, object]:
    return {
        "ref": ref_of(i.incident_id), "state": i.state, "severity": i.severity, "title": i.title, "place": i.place,
        "says": who_has(i, names=names), "services": list(i.services), "signals": i.signals, "up": i.up,
        "latitude_deg": i.latitude_deg, "longitude_deg": i.longitude_deg, "reach_m": i.reach_m,
        "owner": i.owner if names else "", "owner_role": i.owner_role, "reason": i.shown_reason(names=names),
        "made_at": moment(i.made_at_s), "opened_at": moment(i.opened_at_s), "contained_at": moment(i.contained_at_s),
        "closed_at": moment(i.closed_at_s), "changed_at": moment(i.changed_at_s),
        "merged_into": None if i.merged_into is None else ref_of(i.merged_into), "touches": [ref_of(n) for n in i.touches],
        "tasks": [
            {
                "number": t.number, "text": t.text if names else "", "who": t.who if names else "", "due": moment(t.due_s),
                "done_at": moment(t.done_at_s), "done_by": t.done_by if names else "",
            }
            for t in i.tasks
        ],
        "links": [
            {"kind": x.kind, "ref": x.ref if names else "", "title": x.title if names else "", "href": x.href if names else ""}
            for x in i.links
        ],
        "version": i.last_act_id,
    }  # fmt: skip


def _signal(s: Signal) -> dict[str, object]:
    plain = {
        n: getattr(s, n)
        for n in ("key", "service", "rule_id", "kind", "subject", "severity", "title", "street", "alarm_id")
    }
    return plain | {
        "at": moment(s.at_s), "ended_at": moment(s.ended_s), "latitude_deg": s.latitude_deg, "longitude_deg": s.longitude_deg
    }  # fmt: skip


class Asked(BaseModel):
    """What every write may say."""

    model_config = ConfigDict(extra="forbid")

    request_id: RequestId = None


class Body(Asked):
    """What every write about an incident may say, and all that some of them do."""

    seen: Integer | None = Field(
        default=None,
        ge=0,
        description="`version` of what was looked at: refused where another has changed it since",
    )


Lat = Annotated[Number, Field(ge=-90, le=90)]
Lon = Annotated[Number, Field(ge=-180, le=180)]


class OpenBody(Asked):
    """A proposal is taken up."""

    reason: str = Field(default="", max_length=c.TEXT_MOST)
    title: str = Field(default="", max_length=200)


class NewIncident(Asked):
    """An incident that nobody proposed."""

    title: str = Field(min_length=1, max_length=200)
    place: str = Field(default="", max_length=200)
    latitude_deg: Lat | None = None
    longitude_deg: Lon | None = None
    reason: str = Field(default="", max_length=c.TEXT_MOST)


class PlaceBody(Body):
    """Where it is."""

    latitude_deg: Lat
    longitude_deg: Lon
    place: str = Field(default="", max_length=200)


class HandOverBody(Body):
    """Somebody else has it from now on."""

    to: str = Field(min_length=1, max_length=c.NAME_MOST)
    to_role: str = Field(default="", max_length=c.NAME_MOST)
    note: str = Field(default="", max_length=c.TEXT_MOST)


class TaskBody(Body):
    """Something to be done."""

    text: str = Field(min_length=1, max_length=c.TEXT_MOST)
    who: str = Field(default="", max_length=200)
    due: Moment | None = None


class DoneBody(Body):
    """A task is done."""

    note: str = Field(default="", max_length=c.TEXT_MOST)


class LogBody(Body):
    """A note."""

    text: str = Field(min_length=1, max_length=c.TEXT_MOST)


class LinkBody(Body):
    """An order, a route, a round, a document or a what-if."""

    kind: Kind
    ref: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=200)
    href: str = Field(default="", max_length=c.HREF_MOST)


class ReasonBody(Body):
    """Why."""

    reason: str = Field(min_length=1, max_length=c.TEXT_MOST)


class CloseBody(ReasonBody):
    """It is over."""

    even_so: bool = Field(default=False, description="Though tasks are not done")


class MergeBody(ReasonBody):
    """It becomes a part of another."""

    into: str = Field(max_length=20, description="E.g. I3")


class SplitBody(ReasonBody):
    """Some of it becomes an incident of its own."""

    keys: list[str] = Field(min_length=1, max_length=1000)
    title: str = Field(default="", max_length=200)


class DueDocument(Document):
    """A task that is not done."""

    ref: str
    number: int
    text: str
    who: str
    due: datetime | None
    overdue: bool


class ChangedDocument(Document):
    """What happened in an incident, the oldest first."""

    ref: str
    title: str
    state: str
    lines: list[LineDocument]


class HeldDocument(Document):
    """Incidents of one owner."""

    owner: str
    incidents: list[IncidentDocument]


class RouteDocument(Document):
    """A gritting route tonight."""

    route_id: str
    label: str
    outcome: str
    at: datetime | None
    answer: str
    answered_at: datetime | None


class RoundsDocument(Document):
    """The day's rounds of bin lorries."""

    day: str
    version: int
    lorries: int
    bins: int
    done: int
    left: int
    out: list[str]


class HandoverDocument(Document):
    """What one shift tells the next."""

    at: datetime
    since: datetime
    headline: str
    held: list[HeldDocument]
    tasks: list[DueDocument]
    changed: list[ChangedDocument]
    routes: list[RouteDocument]
    rounds: RoundsDocument | None
