"""``/lorawan/codecs``: a maker's codec is pasted, tried on an uplink, kept as a version, and bound to a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.access.principal import Asker
from ops_api.codec_desk import LANGUAGES, Draft, DraftRefusedError, Trial
from ops_api.routers.codec_schemas import EXAMPLE_MOST, MAP_MOST, NOTE_MOST, SOURCE_MOST, Language
from ops_api.routers.context import Context, Ctx
from ops_api.routers.lorawan_codecs import desk_of, told
from ops_api.web import codec_view as view

router = APIRouter(prefix="/lorawan/codecs", include_in_schema=False, default_response_class=HTMLResponse)
Name = Annotated[str, Path(max_length=61)]
Short = Annotated[str, Form(max_length=100)]


@dataclass(frozen=True, slots=True)
class Pasted:
    """The uplink that a form has, and the sensor that it is of; empty where not known."""

    uplink: str
    f_port: int
    dev_eui: str


async def _pasted(
    uplink: Annotated[str, Form(max_length=EXAMPLE_MOST)] = "",
    f_port: Annotated[int, Form(ge=0, le=255)] = 1,
    dev_eui: Annotated[str, Form(max_length=40)] = "",
) -> Pasted:
    return Pasted(uplink, f_port, dev_eui)


PastedForm = Annotated[Pasted, Depends(_pasted)]


@router.get("")
async def codecs(ctx: Ctx) -> Response:
    """List codecs, and sensors that were heard and are no device."""
    desk = desk_of(ctx)
    rows, heard = await desk.codecs(), await desk.heard()
    now, zone = ctx.clock.now(), ctx.brand.time_zone
    return _page(
        ctx, "codecs.html", codecs=[view.line(row, now, zone) for row in rows],
        heard=[view.sensor(row, now, zone) for row in heard], languages=LANGUAGES,
    )  # fmt: skip


@router.get("/new")
async def new(
    ctx: Ctx,
    of: Annotated[str, Query(max_length=61)] = "",
    uplink: Annotated[str, Query(max_length=600)] = "",
    f_port: Annotated[int, Query(ge=0, le=255)] = 1,
    dev_eui: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show the form; ``of``: the codec whose newest version it begins from."""
    draft = Draft(name=of)
    if of and (rows := await desk_of(ctx).versions(of)):
        draft = view.draft_of(rows[0])
    return await _form(ctx, draft, Pasted(uplink, f_port, dev_eui))


@router.post("/new")
async def try_or_keep(
    request: Request,
    ctx: Ctx,
    who: Asker,
    pasted: PastedForm,
    act: Annotated[Literal["try", "keep"], Form()] = "try",
    name: Annotated[str, Form(max_length=61)] = "",
    kind: Short = "",
    language: Annotated[Language, Form()] = "javascript",
    source: Annotated[str, Form(max_length=SOURCE_MOST)] = "",
    field_map: Annotated[str, Form(max_length=MAP_MOST)] = "",
    note: Annotated[str, Form(max_length=NOTE_MOST)] = "",
) -> Response:
    """Show what the codec makes of the uplink, or keep it as a new version."""
    draft = Draft(
        name=name.strip(), kind=kind, language=language, source=source, field_map=field_map, note=note
    )
    try:
        if act == "try":
            trial = await desk_of(ctx).try_out(draft, pasted.uplink, pasted.f_port)
            return await _form(ctx, draft, pasted, trial=trial)
        version = await desk_of(ctx).save(draft, who.name)
    except DraftRefusedError as refused:
        return await _form(ctx, draft, pasted, wrong=str(refused))
    told(request, f"codec:{draft.name}@{version}")
    sensor = f"&dev_eui={quote(pasted.dev_eui)}" if pasted.dev_eui else ""
    return RedirectResponse(f"/lorawan/codecs/{quote(draft.name)}?done=kept{sensor}", 303)


@router.get("/{name}")
async def codec(
    name: Name,
    ctx: Ctx,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
    again: Annotated[int, Query(ge=0, le=2**53)] = 0,
    dev_eui: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show a codec: its versions, one of them whole, and its sensors."""
    return await _one(ctx, name, version, done=view.done(done, again), dev_eui=dev_eui)


@router.post("/{name}/bind")
async def bind(
    name: Name,
    request: Request,
    ctx: Ctx,
    who: Asker,
    dev_eui: Short = "",
    device: Short = "",
    version: Annotated[int, Form(ge=1, le=2**31 - 1)] = 1,
    note: Annotated[str, Form(max_length=NOTE_MOST)] = "",
) -> Response:
    """Say which device a sensor is, by this version of the codec."""
    try:
        bound = await desk_of(ctx).bind(dev_eui, device.strip(), f"{name}@{version}", who.name, note)
    except DraftRefusedError as refused:
        return await _one(ctx, name, version, wrong=str(refused), dev_eui=dev_eui, device=device)
    told(request, f"device:{bound.device}")
    return RedirectResponse(f"/lorawan/codecs/{quote(name)}?done=bound&again={bound.again}", 303)


@router.post("/{name}/unbind")
async def unbind(name: Name, request: Request, ctx: Ctx, who: Asker, dev_eui: Short = "") -> Response:
    """End a binding."""
    try:
        device = await desk_of(ctx).unbind(dev_eui, who.name)
    except DraftRefusedError as refused:
        return await _one(ctx, name, None, wrong=str(refused))
    told(request, f"device:{device}")
    return RedirectResponse(f"/lorawan/codecs/{quote(name)}?done=unbound", 303)


async def _one(
    ctx: Context, name: str, version: int | None, *, wrong: str = "", done: str = "", dev_eui: str = "", device: str = ""
) -> HTMLResponse:  # fmt: skip
    desk = desk_of(ctx)
    rows = await desk.versions(name)
    shown = next((row for row in rows if version in (None, row["version"])), None)
    if shown is None:
        raise HTTPException(404, "There is no such codec, or not that version of it.")
    now, zone = ctx.clock.now(), ctx.brand.time_zone
    return _page(
        ctx, "codec.html", 422 if wrong else 200, c=view.whole(shown, now, zone), versions=[view.line(r, now, zone) for r in rows],
        sensors=[view.sensor(r, now, zone) for r in await desk.bound(name)], wrong=wrong, done=done, dev_eui=dev_eui,
        device=device, languages=LANGUAGES,
    )  # fmt: skip


async def _form(
    ctx: Context, draft: Draft, pasted: Pasted, *, trial: Trial | None = None, wrong: str = ""
) -> HTMLResponse:
    desk = desk_of(ctx)
    known = bool(draft.name) and draft.name in {row["name"] for row in await desk.codecs()}
    kept = await desk.versions(draft.name) if known else ()
    sensor = pasted.dev_eui if trial is None or not trial.dev_eui else trial.dev_eui
    return _page(
        ctx, "codec_new.html", 422 if wrong else 200, d=draft, known=known, uplink=pasted.uplink, f_port=pasted.f_port, dev_eui=sensor,
        kinds=list(ctx.kinds.values()), languages={k: v for k, v in LANGUAGES.items() if k != "native"}, wrong=wrong,
        t=None if trial is None else view.trial(trial, draft, kept, ctx.kinds.get(draft.kind), ctx.brand.time_zone), most=SOURCE_MOST,
    )  # fmt: skip


def _page(ctx: Context, template: str, status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(ctx.templates.render(template, **values), status)
