"""A home's cases, contact log and photos, under its code; and the key that evidence packs are checked with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Form, HTTPException, Path, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from msgspec.structs import asdict
from pydantic import BaseModel, ConfigDict, Field

from cityops.errors import ConfigurationError
from ops_api.case_work import METHODS, a_contact, a_photo, case_document, not_ahead
from ops_api.households.model import Member
from ops_api.queries.resident import NotYoursError
from ops_api.routers import content
from ops_api.routers.context import Book, Cases, Context, Ctx
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.routers.schemas import Document
from ops_api.routers.times import Integer, Moment
from rules.core.evidence.contents import Case
from rules.core.legal_clock import CaseEvent, CaseKind, EventKind, StepName
from rules.core.legal_clock.model import Role
from rules.evidence.ports import NoSuchError, RefusedError

T = TypeVar("T")
TEXT_MOST, NAME_MOST = 2000, 200
MOST_UPLOAD = 20 * 2**20
MOST_PHOTOS = 500
BY = "resident"
_ENCODING = asyncio.Semaphore(2)
"""Decoding a photo takes a core for a second and 200 MB at most."""

router = APIRouter(prefix="/api/v1/homes", tags=["cases"])
evidence = APIRouter(prefix="/api/v1/evidence", tags=["cases"])

Text = Annotated[str, Field(min_length=1, max_length=TEXT_MOST, pattern=r"\S")]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


class CaseStep(Document):
    """A limit. ``due``: its last day in words; ``until_at``: the end of it, after an extension that counts.

    ``reason`` and ``said_by``: why it has more time or is not needed, and who wrote that down.
    """

    step: str
    title: str
    limit: str
    state: Literal["waiting", "running", "met", "late", "missed", "not_needed", "closed", "unknown"]
    due: str
    from_at: datetime | None
    due_at: datetime | None
    until_at: datetime | None
    done_at: datetime | None
    extended_to: date | None
    reason: str
    said_by: Role | None
    warning: str


class CaseEntry(Document):
    """What happened, and when it was written down."""

    number: int
    kind: EventKind
    words: str
    at: datetime
    step: StepName | None
    until: date | None
    refers_to: int | None
    note: str
    by: str
    role: Role
    recorded_at: datetime | None


class CaseDocument(Document):
    """A case, with the legal clock as it stands now. Information, not advice.

    ``claims``: what the council says to be free of a step, and the household has not written itself: it does not count.
    """

    case_id: int
    kind: CaseKind
    hazard: str
    landlord: str
    council_owned: bool
    opened_at: datetime
    answer: str
    over: bool
    next: str | None
    missed: list[str]
    warnings: list[str]
    claims: list[CaseEntry]
    steps: list[CaseStep]
    events: list[CaseEntry]
    law: str
    notice: str


class CasePost(BaseModel):
    """A case to open. Without ``aware_at`` no time runs yet."""

    model_config = ConfigDict(extra="forbid")
    kind: CaseKind = "significant"
    hazard: str = Field("damp and mould", min_length=1, max_length=NAME_MOST, pattern=r"\S")
    landlord: str = Field("", max_length=NAME_MOST)
    reported_at: Moment | None = None
    aware_at: Moment | None = None


class EntryPost(BaseModel):
    """Something that happened. ``step`` and ``until`` as the kind needs; ``refers_to`` of ``withdrawn``."""

    model_config = ConfigDict(extra="forbid")
    kind: EventKind
    at: Moment | None = None
    step: StepName | None = None
    until: date | None = None
    refers_to: Integer | None = Field(None, ge=1, le=2**63 - 1)
    note: str = Field("", max_length=TEXT_MOST)


class ContactDocument(Document):
    """A call, letter or visit, and what came back."""

    contact_id: int
    at: datetime
    method: str
    who: str
    said: str
    reply: str
    replied_at: datetime | None
    by: str
    recorded_at: datetime | None


class ContactPost(BaseModel):
    """A call, letter or visit to write down."""

    model_config = ConfigDict(extra="forbid")
    method: Literal["phone", "email", "letter", "visit", "online", "text", "other"]
    who: str = Field(min_length=1, max_length=NAME_MOST, pattern=r"\S")
    said: Text
    at: Moment | None = None


class ReplyPost(BaseModel):
    """What came back."""

    model_config = ConfigDict(extra="forbid")
    reply: Text
    at: Moment | None = None


class PhotoDocument(Document):
    """A photo without its picture. The original is not kept, only its hash."""

    photo_id: int
    taken_at: datetime
    room: str
    caption: str
    width: int
    height: int
    sha256: str
    original_sha256: str
    added_at: datetime


class KeyDocument(Document):
    """The public key; ``key_id``: groups of digits that people compare."""

    algorithm: str = "Ed25519"
    key_id: str
    pem: str


def _cases(ctx: Context) -> Cases:
    if ctx.cases is None:
        raise HTTPException(503, "Cases are not served here.")
    return ctx.cases


async def _answered(work: Awaitable[T]) -> T:
    """Return what a book returns; 404 and 409 in its words."""
    try:
        return await work
    except NoSuchError as e:
        raise HTTPException(404, str(e)) from e
    except NotYoursError as e:
        raise HTTPException(404, content.UNKNOWN_HOME) from e
    except RefusedError as e:
        raise HTTPException(409, str(e)) from e


@dataclass(frozen=True, slots=True)
class HomeBook:
    """A home's book, as a resident of it may see it."""

    cases: Cases
    book: Book
    home_id: int


async def home_book(ctx: Context, who: Member | None, code: str) -> HomeBook:
    """Return the book of a home; 404 for who does not live there."""
    member = content.check_lives_in(who, code)
    row = await content.home_row(member, code)
    cases = _cases(ctx)
    return HomeBook(cases, cases.book_on(member.db.lend()), row["home_id"])


def _not_ahead(at: datetime, ctx: Context) -> None:
    try:
        not_ahead(at, ctx.clock.now())
    except ConfigurationError as e:
        raise HTTPException(422, str(e)) from e


def _document(ctx: Context, cases: Cases, case: Case) -> CaseDocument:
    return CaseDocument(**case_document(case, ctx.clock.now(), cases.law, cases.days))


@router.get("/{code}/cases")
async def list_cases(code: Code, ctx: Ctx, who: Who) -> list[CaseDocument]:
    """Return the home's cases in the order in which they were opened."""
    mine = await home_book(ctx, who, code)
    return [
        _document(ctx, mine.cases, filed.case) for filed in await _answered(mine.book.cases(mine.home_id))
    ]


@router.post("/{code}/cases", status_code=201)
async def post_case(code: Code, post: CasePost, ctx: Ctx, who: Who) -> CaseDocument:
    """Open a case. That the council is the landlord is said by the council, on the command line."""
    mine = await home_book(ctx, who, code)
    now = ctx.clock.now()
    given: tuple[tuple[EventKind, datetime | None], ...] = (
        ("reported", post.reported_at),
        ("aware", post.aware_at),
    )
    for _, at in given:
        _not_ahead(at or now, ctx)
    opened = mine.book.open_case(
        mine.home_id,
        post.kind,
        hazard=post.hazard,
        landlord=post.landlord,
        council_owned=False,
        at=now,
        by=BY,
    )
    case_id = await _answered(opened)
    for kind, at in given:
        if at is not None:
            event = CaseEvent(number=0, kind=kind, at_s=at.timestamp(), by=BY)
            await _answered(mine.book.add_event(case_id, event, now, mine.home_id))
    return await get_case(code, case_id, ctx, who)


@router.get("/{code}/cases/{case_id}")
async def get_case(code: Code, case_id: Number, ctx: Ctx, who: Who) -> CaseDocument:
    """Return one of the home's cases."""
    mine = await home_book(ctx, who, code)
    return _document(ctx, mine.cases, (await _answered(mine.book.case(case_id, mine.home_id))).case)


@router.post("/{code}/cases/{case_id}/events", status_code=201)
async def post_event(code: Code, case_id: Number, post: EntryPost, ctx: Ctx, who: Who) -> CaseDocument:
    """Write down what happened; the case as it stands then. A mistake is withdrawn by another entry."""
    mine = await home_book(ctx, who, code)
    now = ctx.clock.now()
    event = CaseEvent(
        number=0, kind=post.kind, at_s=(post.at or now).timestamp(), step=post.step, until=post.until,
        refers_to=post.refers_to, note=post.note, by=BY,
    )  # fmt: skip
    await _answered(mine.book.add_event(case_id, event, now, mine.home_id))
    return await get_case(code, case_id, ctx, who)


@router.get("/{code}/contacts")
async def list_contacts(code: Code, ctx: Ctx, who: Who) -> list[ContactDocument]:
    """Return the contact log in order of time."""
    mine = await home_book(ctx, who, code)
    return [ContactDocument(**asdict(c)) for c in await mine.book.contacts(mine.home_id)]


@router.post("/{code}/contacts", status_code=201)
async def post_contact(code: Code, post: ContactPost, ctx: Ctx, who: Who) -> ContactDocument:
    """Write down a call, letter or visit."""
    mine = await home_book(ctx, who, code)
    now = ctx.clock.now()
    try:
        contact = a_contact(post.method, post.who, post.said, post.at or now, now, BY, allowed=METHODS)
    except ConfigurationError as e:
        raise HTTPException(422, str(e)) from e
    return ContactDocument(**asdict(await _answered(mine.book.log_contact(mine.home_id, contact))))


@router.post("/{code}/contacts/{contact_id}/reply", status_code=201)
async def post_reply(code: Code, contact_id: Number, post: ReplyPost, ctx: Ctx, who: Who) -> ContactDocument:
    """Write down what came back; 409 where a reply is there already."""
    mine = await home_book(ctx, who, code)
    at = post.at or ctx.clock.now()
    _not_ahead(at, ctx)
    return ContactDocument(
        **asdict(await _answered(mine.book.reply(mine.home_id, contact_id, post.reply, at)))
    )


@router.get("/{code}/photos")
async def list_photos(code: Code, ctx: Ctx, who: Who) -> list[PhotoDocument]:
    """Return the home's photos, without pictures."""
    mine = await home_book(ctx, who, code)
    return [PhotoDocument(**asdict(p)) for p in await mine.book.photos(mine.home_id)]


@router.post("/{code}/photos", status_code=201)
async def post_photo(
    code: Code,
    ctx: Ctx,
    who: Who,
    file: UploadFile,
    caption: Annotated[str, Form(min_length=1, max_length=NAME_MOST, pattern=r"\S")],
    room: Annotated[str, Form(max_length=NAME_MOST)] = "",
    taken_at: Annotated[Moment | None, Form()] = None,
) -> PhotoDocument:
    """Add a photo (JPEG, PNG, WebP; at most 20 MB). It is encoded anew: place, time and device are not kept."""
    mine = await home_book(ctx, who, code)
    if len(await mine.book.photos(mine.home_id)) >= MOST_PHOTOS:
        raise HTTPException(409, f"A home has at most {MOST_PHOTOS} photos. Delete one first.")
    if _ENCODING.locked():
        raise HTTPException(
            503, "Many people are adding photos. Try again in a minute.", {"Retry-After": "60"}
        )
    data, now = await file.read(MOST_UPLOAD + 1), ctx.clock.now()
    values: dict[str, Any] = {
        "caption": caption,
        "room": room,
        "taken_at": taken_at or now,
        "now": now,
        "by": BY,
    }
    async with _ENCODING:
        photo, jpeg = await _answered(run_in_threadpool(a_photo, data, **values))
    return PhotoDocument(**asdict(await _answered(mine.book.add_photo(mine.home_id, photo, jpeg, None))))


@router.get("/{code}/photos/{photo_id}", response_class=Response)
async def get_photo(code: Code, photo_id: Number, ctx: Ctx, who: Who) -> Response:
    """Return a photo as JPEG."""
    mine = await home_book(ctx, who, code)
    jpeg = await _answered(mine.book.photo_bytes(mine.home_id, photo_id))
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.delete("/{code}/photos/{photo_id}", status_code=204)
async def delete_photo(code: Code, photo_id: Number, ctx: Ctx, who: Who) -> Response:
    """Delete a photo. Packs that were made keep theirs."""
    mine = await home_book(ctx, who, code)
    await _answered(mine.book.remove_photo(mine.home_id, photo_id))
    return Response(status_code=204)


@evidence.get("/key")
async def get_key(ctx: Ctx) -> KeyDocument:
    """Return the public key that evidence packs are checked with; 404 before the first pack is made."""
    found = _cases(ctx).public_key()
    if found is None:
        raise HTTPException(404, "No evidence pack was made here yet: there is no key.")
    pem, key_id = found
    return KeyDocument(key_id=key_id, pem=pem)
