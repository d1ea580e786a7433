"""Documents of households, as OpenAPI shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from ops_api.households.sharing import RecipientKind, Statistic
from ops_api.routers.schemas import Document

Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class JoinPost(BaseModel):
    """A code, and what the others of the home are to read."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[Text, Field(min_length=1, max_length=40)] | None = None


class JoinedDocument(Document):
    """A new session."""

    token: str = Field(description="Secret; send it as `Authorization: Bearer`")
    home: str = Field(description="The home's code in addresses")
    label: str


class HomeOfMine(Document):
    """A home in which the resident lives."""

    home: str
    label: str


class MemberDocument(Document):
    """Somebody of the household."""

    name: str
    from_at: datetime | None = Field(description="Start of the stay; null: since the frog came")
    to_at: datetime | None
    joined_by: Literal["label", "invite"]
    me: bool


class InvitationDocument(Document):
    """A code for one more person; it is shown this once."""

    code: str
    expires_at: datetime


class ConsentPost(BaseModel):
    """What to show to whom."""

    statistic: Statistic
    recipient_kind: RecipientKind
    recipient: Annotated[Text, Field(max_length=80)] = Field(
        default="", description="Name; not of the council"
    )
    device: Annotated[str, Field(max_length=63)] = Field(
        default="", description="One room's frog; empty: all rooms"
    )
    from_at: AwareDatetime | None = None
    to_at: AwareDatetime | None = None


class ConsentDocument(Document):
    """What is shown to whom, and who said so."""

    consent_id: UUID
    device: str | None
    statistic: Statistic
    recipient_kind: RecipientKind
    recipient: str
    from_at: datetime | None
    to_at: datetime | None
    given_at: datetime
    given_by: str
    revoked_at: datetime | None
    revoked_by: str | None


class AccessDocument(Document):
    """A look at the home's data."""

    access_id: int
    at: datetime
    who: str
    role: str
    what: str
    purpose: str


class Receipt(Document):
    """What was deleted, and what stays because somebody else who lives there was there as well.

    ``done_at`` null: it goes on; ``/api/v1/erasures/{erasure_id}`` tells when it is done.
    """

    erasure_id: UUID
    done_at: datetime | None
    deleted: dict[str, int]
    kept: list[tuple[datetime | None, datetime | None]]
