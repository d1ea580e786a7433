"""What is asked of an alarm and what is said of it, as OpenAPI shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops_api.request_ids import RequestId
from ops_api.routers.schemas import AlarmDocument, Document, Severity
from ops_api.routers.times import Integer, Moment
from rules.core.desk import model as m

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
Note = Annotated[str, Field(max_length=1000)]


class Order(BaseModel, ABC):
    """Something a person asks of an alarm."""

    model_config = ConfigDict(extra="forbid")
    by: Name = Field(description="Who asks. There is no sign-in: it is what they say")
    request_id: RequestId = None

    @abstractmethod
    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""


class Acknowledge(Order):
    """Who takes care of an alarm."""

    note: Note = ""

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        return m.Acknowledge(by=self.by, via=via, note=self.note.strip(), request_id=self.request_id)


class Unacknowledge(Order):
    """Nobody has it in hand after all: its escalation begins again."""

    note: Note = ""

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        return m.Unacknowledge(by=self.by, via=via, note=self.note.strip(), request_id=self.request_id)


class Assign(Order):
    """Somebody is to see to it; they are told."""

    to: Name

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        return m.Assign(by=self.by, to=self.to, via=via, request_id=self.request_id)


class Comment(Order):
    """A remark for whoever reads the timeline."""

    text: Text

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        return m.Comment(by=self.by, text=self.text, via=via, request_id=self.request_id)


class Shelve(Order):
    """Nobody is to be told until a time of the town."""

    until: Moment
    reason: Text

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        until_s = self.until.timestamp()
        return m.Shelve(by=self.by, until_s=until_s, reason=self.reason, via=via, request_id=self.request_id)


class Unshelve(Order):
    """Back from the shelf: where it is active its escalation begins again."""

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        return m.Unshelve(by=self.by, via=via, request_id=self.request_id)


class Close(Order):
    """Put it away; while its condition holds only as a false alarm or a test."""

    reason: Text
    verdict: Literal["true", "false_alarm", "test"] = "true"

    def command(self, via: str) -> m.Command:
        """Return it as the desk takes it."""
        return m.Close(
            by=self.by, reason=self.reason, verdict=self.verdict, via=via, request_id=self.request_id
        )


class _AcknowledgeAll(Acknowledge):
    do: Literal["acknowledge"]


class _UnacknowledgeAll(Unacknowledge):
    do: Literal["unacknowledge"]


class _AssignAll(Assign):
    do: Literal["assign"]


class _CommentAll(Comment):
    do: Literal["comment"]


class _ShelveAll(Shelve):
    do: Literal["shelve"]


class _UnshelveAll(Unshelve):
    do: Literal["unshelve"]


class _CloseAll(Close):
    do: Literal["close"]


class Bulk(BaseModel):
    """The same for several alarms, each by itself."""

    model_config = ConfigDict(extra="forbid")
    alarm_ids: Annotated[list[Integer], Field(min_length=1, max_length=500)]
    command: Annotated[
        _AcknowledgeAll
        | _UnacknowledgeAll
        | _AssignAll
        | _CommentAll
        | _ShelveAll
        | _UnshelveAll
        | _CloseAll,
        Field(discriminator="do"),
    ]


class BulkOutcome(Document):
    """What became of it for one alarm."""

    alarm_id: int
    done: bool
    refused: str = Field(description="Why not, in words; empty where it was done")


class MemberDocument(Document):
    """One of the subjects that a group alarm is about; a home is named by its number."""

    kind: str
    subject: str
    label: str = Field(description="The subject as people call it: a street, a bin's place")
    severity: Severity
    joined_at: datetime
    left_at: datetime | None
    reason: str


class AlarmDetail(AlarmDocument):
    """An alarm with its members: those in it first, then who left."""

    members: list[MemberDocument]


class TimelineEntry(Document):
    """One line of an alarm's log; ``what`` and ``detail`` are described in docs/alarms.md."""

    log_id: int
    at: datetime = Field(description="In the town's time")
    actor: Literal["engine", "desk", "person", "channel"]
    by: str
    via: str
    what: str
    text: str = Field(description="The line as a sentence")
    detail: dict[str, Any]


class AlarmEvent(Document):
    """Something that happened to an alarm, and the alarm as it is now."""

    alarm_id: int
    entry: TimelineEntry
    alarm: AlarmDocument
