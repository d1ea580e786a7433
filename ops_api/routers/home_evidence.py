"""A resident's own evidence pack: made of her stay while she waits, and which ones were made."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from msgspec.structs import asdict
from pydantic import BaseModel, ConfigDict, Field

from cityops.errors import ConfigurationError
from ops_api.households.model import Member
from ops_api.households.packs import my_scope
from ops_api.queries.resident import NotYoursError
from ops_api.routers import content
from ops_api.routers.cases import BY, home_book
from ops_api.routers.context import Context, Ctx
from ops_api.routers.download import Download
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.routers.schemas import Document
from ops_api.routers.time_limit import LONG
from rules.core.evidence.scope import Order
from rules.evidence.ports import NoSuchError, Pack

router = APIRouter(prefix="/api/v1/homes", tags=["cases"])
pages = APIRouter(include_in_schema=False)

AT_ONCE = 2
BLOCK = 1 << 16
_MAKING = asyncio.Semaphore(AT_ONCE)


class PackPost(BaseModel):
    """A pack to make: days with both ends included (UTC). The diary is private and left out unless asked for."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    from_day: date = Field(alias="from")
    to_day: date = Field(alias="to")
    with_diary: bool = False


class PackDocument(Document):
    """A pack that was made. The pack itself is not kept."""

    pack_id: str
    from_day: date
    to_day: date
    made_at: datetime
    made_by: str
    sha256: str
    bytes: int
    key_id: str


async def pack_response(ctx: Context, who: Member | None, code: str, post: PackPost) -> Response:
    """Return the zip of a pack of the resident's stay; 404 for who does not live there, 422 for days it can't be of.

    503 while two are being made.
    """
    mine = await home_book(ctx, who, code)
    member = content.check_lives_in(who, code)
    scope = await my_scope(member, mine.home_id)
    if scope is None:
        raise HTTPException(404, content.UNKNOWN_HOME)
    order = Order(
        code=code, from_day=post.from_day, to_day=post.to_day, made_at=ctx.clock.now().replace(microsecond=0), by=BY,
        scope=scope, diary=post.with_diary,
    )  # fmt: skip
    if _MAKING.locked():
        raise HTTPException(503, "Other packs are being made. Try again in a minute.", {"Retry-After": "60"})
    async with _MAKING:
        file = await _made(mine.cases.pack, member.token, order)
    size = file.seek(0, 2)
    file.seek(0)
    name = f"evidence-{post.from_day}-{post.to_day}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return Download(_blocks(file), media_type="application/zip", headers=headers)


async def _made(pack: Callable[[str, Order, BinaryIO], Pack], token: str, order: Order) -> BinaryIO:
    """Return a pack in a file that goes when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed when it has been sent
    try:
        await run_in_threadpool(pack, token, order, file)
    except (NoSuchError, NotYoursError) as e:
        file.close()
        raise HTTPException(404, content.UNKNOWN_HOME) from e
    except ConfigurationError as e:
        file.close()
        raise HTTPException(422, f"This pack can't be made: {e}") from e
    return file


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block


@router.post(
    "/{code}/evidence",
    dependencies=[LONG],
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def post_evidence(code: Code, post: PackPost, ctx: Ctx, who: Who) -> Response:
    """Make an evidence pack of the resident's stay and return it as a zip.

    Of days before she moved in nothing is shown, and the pack says so. Check it with ``cityops evidence verify FILE``.
    """
    return await pack_response(ctx, who, code, post)


@router.get("/{code}/evidence")
async def list_evidence(code: Code, ctx: Ctx, who: Who) -> list[PackDocument]:
    """Return which packs were made of the resident's stay, the newest last."""
    mine = await home_book(ctx, who, code)
    return [PackDocument(**asdict(pack)) for pack in await mine.book.packs(mine.home_id)]


@pages.post("/home/{code}/evidence.zip", dependencies=[LONG])
async def download_evidence(
    code: Code,
    ctx: Ctx,
    who: Who,
    from_day: Annotated[date, Form()],
    to_day: Annotated[date, Form()],
    with_diary: Annotated[bool, Form()] = False,
) -> Response:
    """Download a pack, as a form asks for it."""
    post = PackPost.model_validate({"from": from_day, "to": to_day, "with_diary": with_diary})
    return await pack_response(ctx, who, code, post)
