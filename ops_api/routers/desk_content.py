"""Loads what the pages of the alarm desk show; shared by the pages and their live streams.

Beside a page's fragments a live state says how many alarms wait for somebody (the page's
title has it, so that a tab in the background tells it) and the newest of them (a screen reader
is told of those that were not there before).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from ops_api.queries import late
from ops_api.queries.alarms import members_of
from ops_api.queries.notify_state import notify_state
from ops_api.routers.alarms import alarm_rows, find_alarm
from ops_api.routers.content import live_state
from ops_api.routers.context import Context
from ops_api.routers.explain import explained_alarm
from ops_api.web import alarm_view, alarms_view, explain_view, notifications_view, words

ALARMS_SHOWN = 50
MESSAGES_SHOWN = 50
NEWS = 20
"""Alarms that wait, told to a page so that it can say which are new."""


Shown = Literal["active", "all"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list somebody wants to see. ``name``: who looks."""

    show: Shown
    rule: str | None
    only: str
    name: str

    @classmethod
    def of(cls, show: str, rule: str | None, only: str, name: str) -> Wanted:
        """Return it of an address's values; what is not known counts as "all"."""
        known = only if only in ("waiting", "mine", "shelved") else "all"
        return cls("all" if show == "all" else "active", rule or None, known, name)

    @property
    def query(self) -> str:
        """The address's values."""
        given = {"show": self.show, "rule": self.rule, "only": self.only}
        return urlencode({k: v for k, v in given.items() if v is not None})


async def alarm_list(ctx: Context, wanted: Wanted) -> dict[str, Any]:
    """Return the content of the list."""
    now = await ctx.town_now()
    rows = alarms_view.by_urgency(await alarm_rows(ctx, wanted.show, rule=wanted.rule, limit=1000))
    found = [a for a in rows if _is_wanted(a, wanted)]
    first = found[:ALARMS_SHOWN]
    return {
        **await _desk(ctx),
        "alarms": [alarms_view.alarm_row(a, ctx.brand, now) for a in first],
        "members": await _members(ctx, [a["alarm_id"] for a in first if a["members_now"]], now),
        "hidden": max(0, len(found) - ALARMS_SHOWN),
        "waiting": alarms_view.waiting(rows),
        "total": len(found),
        "groups": alarms_view.groups(await ctx.db.rows("alarm_counts"), now),
        "show": wanted.show,
        "rule": wanted.rule,
        "rule_name": alarms_view.GROUPS.get(wanted.rule or "", wanted.rule or ""),
        "only": wanted.only,
        "name": wanted.name,
        "live": f"/alarms/live?{wanted.query}",
    }


async def one_alarm(ctx: Context, alarm_id: int, name: str) -> dict[str, Any]:
    """Return the content of an alarm's page; 404 where there is none. ``name``: who looks."""
    row, now = await find_alarm(ctx, alarm_id), await ctx.town_now()
    members = (await _members(ctx, [alarm_id], now)).get(alarm_id, [])
    return {
        **await _desk(ctx),
        "alarm": alarms_view.alarm_row(row, ctx.brand, now),
        "rule_version": row["rule_version"],
        "explanation": explain_view.view(await explained_alarm(ctx, alarm_id)),
        "members": [x for x in members if not x.left],
        "left": alarms_view.left(members),
        "lines": alarm_view.lines(await ctx.desk.timeline(alarm_id), ctx.brand.time_zone, now),
        "late": await late.windows_of_alarm(ctx.db, alarm_id),
        "name": name,
    }


async def notifications(ctx: Context) -> dict[str, Any]:
    """Return the content of the page that says who is told."""
    now = ctx.clock.now()
    found = await notify_state(ctx.db, now, MESSAGES_SHOWN)
    return {**await _desk(ctx), "view": notifications_view.view(found, now=now, brand=ctx.brand)}


async def live_list(ctx: Context, wanted: Wanted) -> str:
    """Return the live parts of the list."""
    content = await alarm_list(ctx, wanted)
    return live_state(
        ctx, {"head": "_alarms_head.html", "list": "_alarms_list.html"}, content, **_news(content)
    )


async def live_alarm(ctx: Context, alarm_id: int, name: str) -> str:
    """Return the live parts of an alarm's page."""
    content = await one_alarm(ctx, alarm_id, name)
    fragments = {"head": "_alarm_head.html", "do": "_alarm_do.html", "story": "_alarm_story.html"}
    return live_state(ctx, fragments, content, **_news(content))


async def live_notifications(ctx: Context) -> str:
    """Return the live parts of the page that says who is told."""
    content = await notifications(ctx)
    return live_state(ctx, {"notifications": "_notifications.html"}, content, **_news(content))


async def _desk(ctx: Context) -> dict[str, Any]:
    """Return what every page of the desk says: how many alarms wait, the newest of them, and of when it is."""
    rows = await alarm_rows(ctx, "active", acknowledged=False, shelved=False, closed=False, limit=1000)
    return {
        "unacknowledged": len(rows),
        "news": [(a["alarm_id"], a["severity"], a["title"]) for a in rows[:NEWS]],
        "as_of": words.clock(ctx.clock.now(), ctx.brand.time_zone),
    }


def _news(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"waiting": content["unacknowledged"], "news": content["news"]}


def _is_wanted(a: Mapping[str, Any], wanted: Wanted) -> bool:
    if wanted.only == "waiting":
        return alarms_view.waiting([a]) == 1
    if wanted.only == "shelved":
        return a["shelved_until"] is not None
    if wanted.only == "mine":
        owners = (a[who] for who in ("assignee", "acknowledged_by"))
        return wanted.name.casefold() in {str(owner).casefold() for owner in owners if owner}
    return True


async def _members(
    ctx: Context, alarm_ids: list[int], now: datetime
) -> dict[int, list[alarms_view.MemberRow]]:
    if not alarm_ids:
        return {}
    found = await members_of(ctx.db, alarm_ids)
    return {a: [alarms_view.member_row(x, ctx.brand, now) for x in rows] for a, rows in found.items()}
