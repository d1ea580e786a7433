"""What is asked at the officer's desk and what is said of it, as OpenAPI shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops_api.request_ids import RequestId
from ops_api.routers.schemas import Document
from ops_api.routers.times import Integer, Moment, Number
from rules.core.winter_orders import model as m

Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
Rate = Annotated[Number, Field(gt=0, le=40, description="Salt of a pass, g/m²")]
Passes = Annotated[Integer, Field(ge=1, le=4)]
Segments = Annotated[list[str], Field(min_length=1, max_length=20_000)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    request_id: RequestId = None


class ConfirmOrder(_Asked):
    """A proposal is to be done as it is."""

    note: str = Field("", max_length=1000)


class ChangeOrder(_Asked):
    """It is to be done otherwise; what is left out stays as it stands."""

    reason: Text
    spread_rate_g_m2: Rate | None = None
    passes: Passes | None = None
    plough: bool | None = None
    segments: Segments | None = None
    start_at: Moment | None = None
    done_by: Moment | None = None


class CancelOrder(_Asked):
    """It is not to be done."""

    reason: Text


class NewOrder(_Asked):
    """A treatment that nobody proposed; without ``segments`` on all of the route."""

    route_id: str = Field(max_length=100)
    reason: Text
    spread_rate_g_m2: Rate
    passes: Passes = 1
    plough: bool = False
    segments: Segments | None = None
    start_at: Moment | None = None
    done_by: Moment | None = None


class TreatmentDocument(Document):
    """What is to be done on a route."""

    spread_rate_g_m2: float
    passes: int
    plough: bool = Field(description="Whether snow is cleared first")
    segments: list[str]
    call_out_at: datetime | None = Field(
        description="When the crew must be called; null where nothing says it"
    )
    start_at: datetime | None = Field(description="When the lorry leaves; null: at once")
    done_by: datetime | None
    wanted_by: datetime | None = Field(description="When the salt was wanted on the road")
    late_min: int = Field(description="How much later than wanted it is done, as the crew is called too late")


class ProposalDocument(Document):
    """What the rules propose. ``inputs_sha256``: of the decision's stored inputs and result."""

    decision_id: int
    at: datetime
    outcome: str
    reason: str
    treatment: TreatmentDocument | None
    rule_version: int
    catalogue_id: int | None
    forecast: str
    inputs_sha256: str


class ActDocument(Document):
    """One thing that was done; ``seen``: what was on the desk then, where one case is asked for."""

    act_id: int
    what: str
    at: datetime
    recorded_at: datetime | None
    by: str
    role: str
    via: str
    reason: str
    treatment: TreatmentDocument | None
    link: str
    seen: dict[str, Any] = Field(default_factory=dict)


class CaseDocument(Document):
    """A proposal or an order of an officer's own, and everything that was done about it."""

    ref: str
    route_id: str
    state: Literal[
        "open", "unanswered", "confirmed", "changed", "cancelled", "ordered", "superseded", "withdrawn"
    ]
    state_words: str
    waits: bool
    at: datetime
    replaced_at: datetime | None
    treatment: TreatmentDocument | None
    proposal: ProposalDocument | None
    acts: list[ActDocument]


def stamp(at: datetime | None) -> float | None:
    """Return a time in s since 1970."""
    return None if at is None else at.timestamp()


def change_of(ref: str, body: ChangeOrder, by: str, role: str) -> m.Change:
    """Return it as the desk takes it."""
    return m.Change(
        ref=ref, by=by, role=role, reason=body.reason, g_m2=body.spread_rate_g_m2, passes=body.passes,
        segments=None if body.segments is None else tuple(body.segments), start_s=stamp(body.start_at),
        by_s=stamp(body.done_by), plough=body.plough, request_id=body.request_id,
    )  # fmt: skip


def order_of(body: NewOrder, by: str, role: str) -> m.OrderOwn:
    """Return it as the desk takes it."""
    return m.OrderOwn(
        route_id=body.route_id, by=by, role=role, reason=body.reason, g_m2=body.spread_rate_g_m2, passes=body.passes,
        segments=None if body.segments is None else tuple(body.segments), start_s=stamp(body.start_at),
        by_s=stamp(body.done_by), plough=body.plough, request_id=body.request_id,
    )  # fmt: skip
