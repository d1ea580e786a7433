"""The rules that run: their figures, where these come from, and what is overridden."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.web import rules_view
from rules.catalogue.loader import FILES, read_files
from rules.catalogue.orders import FILE as ORDERS_FILE
from rules.catalogue.watches import WATCH_FILES

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

EVENTS_SHOWN = 20


class OverrideDocument(Document):
    """A parameter that is another one for one subject, for a time. A home is named by its number."""

    override_id: int
    path: str
    value: Any
    scope_kind: str
    scope: str
    author: str
    reason: str
    starts_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    in_use: bool


class RuleDocument(Document):
    """A rule of the catalogue that runs. ``catalogue_id``: null before the rules first ran."""

    id: str
    version: int
    owner: str
    reason: str
    source: str
    file: str
    catalogue_id: int | None
    parameters: dict[str, Any]
    alarm: dict[str, Any] | None
    overrides: list[OverrideDocument]


async def rule_documents(ctx: Context, rule_id: str | None = None) -> tuple[Row | None, list[RuleDocument]]:
    """Return the live catalogue, None before the rules first ran, and its rules or the one asked for."""
    live = await ctx.db.row("rules_live")
    overrides = await ctx.db.rows("rule_overrides", rule_id=rule_id)
    files: Mapping[str, str] = read_files() if live is None else live["files"]
    found = []
    for name, _ in (*FILES.values(), *WATCH_FILES.values(), (ORDERS_FILE, None)):
        raw = tomllib.loads(files.get(name, ""))
        if not raw or (rule_id is not None and raw["id"] != rule_id):
            continue
        known = {k: raw[k] for k in ("id", "version", "owner", "reason", "source", "parameters")}
        mine = [
            OverrideDocument(**{k: o[k] for k in OverrideDocument.model_fields})
            for o in overrides
            if o["rule_id"] == raw["id"]
        ]
        number = None if live is None else live["catalogue_id"]
        found.append(
            RuleDocument(**known, file=name, alarm=raw.get("alarm"), catalogue_id=number, overrides=mine)
        )
    return live, found


@router.get("")
async def list_rules(ctx: Ctx) -> list[RuleDocument]:
    """Return the rules that run, with figures, sources and overrides."""
    return (await rule_documents(ctx))[1]


@router.get("/{rule_id}")
async def get_rule(rule_id: str, ctx: Ctx) -> RuleDocument:
    """Return one rule."""
    _, found = await rule_documents(ctx, rule_id)
    if not found:
        raise HTTPException(404, f"There is no rule {rule_id!r}.")
    return found[0]


@pages.get("/rules")
async def rules_page(ctx: Ctx) -> HTMLResponse:
    """Answer "what decides here, by which figures, and who says so"."""
    live, found = await rule_documents(ctx)
    history = await ctx.db.rows("catalogue_history", limit=EVENTS_SHOWN)
    now = await ctx.town_now()
    content = rules_view.page([r.model_dump() for r in found], live, history, now, ctx.brand.time_zone)
    shadow = await ctx.db.row("shadow_chosen")
    return HTMLResponse(ctx.templates.render("rules.html", **content, shadow=shadow))
