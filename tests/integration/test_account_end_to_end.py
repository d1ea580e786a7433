"""Somebody with an account signs in, acts on an alarm, and is found in the audit; a key does and is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from cityops.settings import Settings
from cityops.settings_identity import IdentitySettings
from ops_api.access.model import Role
from ops_api.audit.reading import checked
from ops_api.queries import OneConnection
from ops_api.wiring_identity import identity_desk
from tests.fakes import seed_web, website
from tests.fakes.databases import drop, with_database
from tests.fakes.website import IDENTITY_SECRET, PLAIN

PASSWORD = "frost on the ring road"


async def test_an_account_from_its_sign_in_to_the_audit(pg_server: str, towns: Any) -> None:
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    dsn = with_database(pg_server, name)
    await seed_web.keep_flowing(dsn)
    settings = Settings(identity=IdentitySettings.model_validate({"secret": IDENTITY_SECRET}))
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        desk = identity_desk(settings, OneConnection(connection))
        account = await desk.accounts.add("ella", "Ella Park", (Role.OPERATIONS,), "test", datetime.now(UTC))
        await desk.passwords.set(account, PASSWORD, datetime.now(UTC))
    async with website.running(dsn, town, now, identity={"mfa": "none"}) as site:
        [(alarm_id,)] = await site.sql("select alarm_id from alarm where rule_id = 'bins.fire'")
        async with httpx.AsyncClient(base_url=site.url, verify=PLAIN, timeout=60) as ella:
            led = await ella.post(
                f"/alarms/{alarm_id}/acknowledge", headers={"Referer": f"{site.url}/alarms/{alarm_id}"}
            )
            assert led.headers["location"] == f"/sign-in?next=/alarms/{alarm_id}"
            into = await ella.post(
                "/sign-in", data={"name": "ella", "password": PASSWORD, "next": f"/alarms/{alarm_id}"}
            )
            assert (into.status_code, into.headers["location"]) == (303, f"/alarms/{alarm_id}")
            page = (await ella.get(f"/alarms/{alarm_id}")).text
            assert "You are Ella Park" in page
            mark = re.search(r'name="_form" value="(\w+)"', page)
            assert mark is not None
            taken = await ella.post(f"/alarms/{alarm_id}/acknowledge", data={"_form": mark[1]})
            assert taken.status_code == 303
            assert (await site.get(f"/api/v1/alarms/{alarm_id}"))["acknowledged_by"] == "Ella Park"
            out = await ella.post("/account/sign-out", data={"_form": mark[1]})
            assert out.status_code == 303
            late = await ella.post(f"/alarms/{alarm_id}/unacknowledge", data={"_form": mark[1]})
            assert late.headers["location"].startswith("/sign-in")
        lines = await site.sql(
            "select actor_kind, actor_id, action, outcome from audit_entry order by entry_id"
        )
        assert ("staff", account.account_id, "POST /alarms/{alarm_id}/acknowledge", "303") in lines
        assert not any(action.endswith("/unacknowledge") for _, _, action, _ in lines), "nobody's attempt"
        assert "Ella" not in str(await site.sql("select e::text from audit_entry e"))
        assert checked(dsn, {})[2] == []
    drop(pg_server, name)
