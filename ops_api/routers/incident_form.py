"""What a form about an incident says, as the desk takes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.moments import a_time
from ops_api.request_ids import request_id_of
from rules.core.incidents import commands as c
from rules.core.incidents.words import parse_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentForm:
    """What a form says; fields that it has not are empty."""

    what: str
    once: str = ""
    reason: str = ""
    title: str = ""
    place: str = ""
    to: str = ""
    to_role: str = ""
    text: str = ""
    who: str = ""
    due: str = ""
    number: str = ""
    kind: str = ""
    ref: str = ""
    href: str = ""
    into: str = ""
    even_so: str = ""
    keys: tuple[str, ...] = ()

    def command(self, about: int, who: Pass, zone: ZoneInfo, now: datetime) -> c.Command:
        """Return it as the desk takes it; ConfigurationError where it can't be read."""
        said: dict[str, Any] = {
            "by": who.name, "role": who.purpose, "via": "page", "request_id": self._request_id(who)
        }  # fmt: skip
        if self.what == "new":
            return c.Open(title=self.title, place=self.place, reason=self.reason, **said)
        said["incident_id"] = about
        match self.what:
            case "open":
                return c.Open(reason=self.reason, title=self.title, **said)
            case "claim":
                return c.Claim(**said)
            case "hand_over":
                return c.HandOver(to=self.to, to_role=self.to_role, note=self.text, **said)
            case "task":
                return c.AddTask(text=self.text, who=self.who, due_s=self._due_s(zone, now), **said)
            case "task_done":
                return c.DoneTask(number=self._number(), note=self.text, **said)
            case "note":
                return c.Note(text=self.text, **said)
            case "link":
                return c.AddLink(
                    kind=self.kind, ref=self.ref or self.title, title=self.title, href=self.href, **said
                )
        return self._ending(said)

    def _ending(self, said: dict[str, Any]) -> c.Command:
        match self.what:
            case "contain":
                return c.Contain(reason=self.reason, **said)
            case "close":
                return c.Close(reason=self.reason, even_so=self.even_so == "yes", **said)
            case "reopen":
                return c.Reopen(reason=self.reason, **said)
            case "merge":
                return c.Merge(into=self._into(), reason=self.reason, **said)
            case "split":
                return c.SplitOff(keys=self.keys, reason=self.reason, title=self.title, **said)
        raise ConfigurationError(f"what {self.what!r} is nothing that is done with an incident")

    def _due_s(self, zone: ZoneInfo, now: datetime) -> float | None:
        return a_time(self.due, zone, "due", now).timestamp() if self.due.strip() else None

    def _number(self) -> int:
        if not (self.number.isascii() and self.number.isdecimal() and len(self.number) < 10):
            raise ConfigurationError(f"number {self.number!r}: write the number of a task")
        return int(self.number)

    def _into(self) -> int:
        found = parse_ref(self.into)
        if found is None:
            raise ConfigurationError(f"into {self.into!r}: write e.g. I3")
        return found

    def _request_id(self, who: Pass) -> str | None:
        """Return what makes a form that is sent twice one request; each of a page's forms is one by itself."""
        if not self.once.strip():
            return None
        mine = sha256(f"{who.name}\0{who.purpose}\0{self.number}".encode()).hexdigest()[:12]
        try:
            return request_id_of(f"{self.what}-{self.once.strip()}-{mine}")
        except ValueError as error:
            raise ConfigurationError(f"once {error}") from error
