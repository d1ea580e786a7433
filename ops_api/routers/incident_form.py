"""What a form about an incident says, as the desk takes it. Pure."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.incident_places import Spot
from ops_api.moments import a_time
from ops_api.request_ids import request_id_of
from rules.core.incidents import commands as c
from rules.core.incidents.words import parse_ref

Short = Annotated[str, Field(max_length=200)]
Said = Annotated[str, Field(max_length=c.TEXT_MOST)]


class IncidentForm(BaseModel):
    """What a form says; fields that it has not are empty."""

    what: Short = ""
    once: Short = ""
    seen: Annotated[str, Field(max_length=18)] = ""
    reason: Said = ""
    title: Short = ""
    place: Short = ""
    to: Short = ""
    to_role: Short = ""
    text: Said = ""
    who: Short = ""
    due: Short = ""
    number: Short = ""
    kind: Short = ""
    link_ref: Short = ""
    href: Annotated[str, Field(max_length=c.HREF_MOST)] = ""
    into: Short = ""
    even_so: Short = ""
    key: Annotated[list[str], Field(max_length=1000)] = []

    def command(
        self, about: int, who: Pass, zone: ZoneInfo, now: datetime, at: Spot | None = None
    ) -> c.Command:
        """Return it as the desk takes it; ConfigurationError where it can't be read. ``at``: the place that it means."""
        said: dict[str, Any] = {
            "by": who.name, "role": who.purpose, "via": "page", "request_id": self._request_id(who)
        }  # fmt: skip
        if self.what == "new":
            where = {"place": self.place} if at is None else at.fields
            return c.Open(title=self.title, reason=self.reason, **where, **said)
        if self.what == "open":
            return c.Open(incident_id=about, reason=self.reason, title=self.title, **said)
        said |= {"incident_id": about, "seen": self._whole("seen") if self.seen else None}
        match self.what:
            case "claim":
                return c.Claim(**said)
            case "hand_over":
                return c.HandOver(to=self.to, to_role=self.to_role, note=self.text, **said)
            case "task":
                return c.AddTask(text=self.text, who=self.who, due_s=self._due_s(zone, now), **said)
            case "task_done":
                return c.DoneTask(number=self._whole("number"), note=self.text, **said)
            case "note":
                return c.Note(text=self.text, **said)
            case "link":
                return c.AddLink(
                    kind=self.kind, ref=self.link_ref or self.title, title=self.title, href=self.href, **said
                )
        return self._ending(said, at)

    def _ending(self, said: dict[str, Any], at: Spot | None) -> c.Command:
        match self.what:
            case "place":
                if at is None:
                    raise ConfigurationError("Say where it is: a street, a bin, a device, or degrees.")
                return c.Place(**at.fields, **said)
            case "contain":
                return c.Contain(reason=self.reason, **said)
            case "close":
                return c.Close(reason=self.reason, even_so=self.even_so == "yes", **said)
            case "reopen":
                return c.Reopen(reason=self.reason, **said)
            case "merge":
                return c.Merge(into=self._into(), reason=self.reason, **said)
            case "split":
                return c.SplitOff(keys=tuple(self.key), reason=self.reason, title=self.title, **said)
        raise ConfigurationError(f"what {self.what!r} is nothing that is done with an incident")

    def _due_s(self, zone: ZoneInfo, now: datetime) -> float | None:
        return a_time(self.due, zone, "due", now).timestamp() if self.due.strip() else None

    def _whole(self, name: str) -> int:
        text = str(getattr(self, name))
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise ConfigurationError(f"{name} {text!r}: write a whole number")
        return int(text)

    def _into(self) -> int:
        found = parse_ref(self.into)
        if found is None:
            raise ConfigurationError(f"into {self.into!r}: write e.g. I3")
        return found

    def _request_id(self, who: Pass) -> str | None:
        """Return what makes a form that is sent twice one request.

        What it says is a part of that: who goes back in the browser and writes something else is not told that it is done.
        """
        if not self.once.strip():
            return None
        said = f"{who.name}\0{who.purpose}\0{self.model_dump_json(exclude={'seen'})}"
        mine = sha256(said.encode()).hexdigest()[:12]
        try:
            return request_id_of(f"{self.what}-{self.once.strip()}-{mine}")
        except ValueError as error:
            raise ConfigurationError(f"once {error}") from error
