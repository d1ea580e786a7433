"""Messages that aren't readings in good order: other channels, and everything wrong with a topic."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from devices.contract import topics
from devices.contract.messages import MAX_PAYLOAD_BYTES, Diary, Status
from ingest.core.batch import Batch, DiaryRow, ReportedRow, StatusRow, topic_text
from ingest.core.clocks import CLOCK_UNSET, BootClock, Clocks
from ingest.core.diagnose import DECODE_ERRORS, Problem, explain_error
from ingest.core.directory import DAY_US, Directory
from ingest.core.known_devices import KnownDevice
from ingest.core.readings import time_us
from ingest.core.reasons import KEPT_BYTES, DeadLetter, Reason, sentence
from ingest.core.validate import time_problem

_diary = msgspec.json.Decoder(Diary)
_status = msgspec.json.Decoder(Status)
_object = msgspec.json.Decoder(dict[str, Any])
_BACKSLASH_OR_NUL = re.compile(rb"(\\\\)|\\u0000")
"""An escaped backslash, or the escape of NUL, which PostgreSQL's text and jsonb can't hold.

Both are looked for, from the left, since an escaped backslash before u0000 is no NUL.
"""


class Others:
    """Files messages of the other channels, and bad ones, into a batch."""

    def __init__(self, batch: Batch, directory: Directory, now_us: int, clocks: Clocks) -> None:
        self._batch = batch
        self._directory = directory
        self._now_us = now_us
        self._clocks = clocks

    def check_topic(self, message: int) -> tuple[topics.Topic, KnownDevice] | None:
        """Return topic and device where both are right, else file the message and return None."""
        text = self._batch.topics[message]
        topic = topics.parse(text)
        if topic is None or topic.channel not in topics.UP:
            self.refuse(message, Reason.WRONG_TOPIC, sentence(Reason.WRONG_TOPIC), None, None)
            return None
        device = self._directory.by_name.get(topic.device)
        wrong = self._wrong(topic, device)
        if wrong is not None or device is None:
            reason, text = wrong or (Reason.UNKNOWN_DEVICE, "")
            self.refuse(message, reason, text, topic.device, topic.kind)
            return None
        return topic, device

    def other_channel(self, message: int, topic: topics.Topic, device: KnownDevice) -> None:
        """File a diary, status or reported message."""
        if topic.channel == "diary":
            self._file_diary(message, device)
        elif topic.channel == "status":
            self._file_status(message, device)
        else:
            self._file_reported(message, device)

    def refuse(self, message: int, reason: Reason, text: str, device: str | None, kind: str | None) -> None:
        """Set a whole message aside."""
        payload = self._batch.payloads[message]
        self._batch.dead_letters.append(
            DeadLetter(
                topic=topic_text(self._batch.topics[message]),
                device=device,
                kind=kind,
                reason=reason,
                sentence=text,
                payload=payload[:KEPT_BYTES],
                payload_bytes=len(payload),
            )
        )

    def refuse_problem(self, message: int, problem: Problem, device: KnownDevice) -> None:
        """Set aside what a decoder could not read."""
        self._batch.dead_letters.append(
            DeadLetter(
                topic=self._batch.topics[message],
                device=device.name,
                kind=device.kind,
                reason=problem.reason,
                sentence=problem.sentence,
                field=problem.field,
                device_id=device.device_id,
                boot=problem.boot,
                seq=problem.seq,
                payload=problem.raw[:KEPT_BYTES],
                payload_bytes=len(problem.raw),
            )
        )

    def _wrong(self, topic: topics.Topic, device: KnownDevice | None) -> tuple[Reason, str] | None:
        if device is None:
            self._batch.unknown_devices.add(topic.device)
            return Reason.UNKNOWN_DEVICE, sentence(Reason.UNKNOWN_DEVICE, device=topic.device)
        if topic.kind != device.kind:
            facts = {"device": device.name, "expected": device.kind, "value": topic.kind}
            return Reason.WRONG_KIND, sentence(Reason.WRONG_KIND, **facts)
        if topic.shard != device.shard:
            shards = {"expected": f"{device.shard:02x}", "value": f"{topic.shard:02x}"}
            return Reason.WRONG_SHARD, sentence(Reason.WRONG_SHARD, device=device.name, **shards)
        if device.refused:
            # As an unknown one: it may have been let in just now.
            self._batch.unknown_devices.add(topic.device)
            reason = Reason(device.refused)
            return reason, sentence(reason, device=device.name)
        if device.kind not in self._directory.kind_no:
            return Reason.UNKNOWN_KIND, sentence(Reason.UNKNOWN_KIND, device=device.name, kind=device.kind)
        return None

    def too_large(self, message: int, device: KnownDevice) -> bool:
        """Whether the message is too large; it is then filed."""
        size = len(self._batch.payloads[message])
        if size <= MAX_PAYLOAD_BYTES:
            return False
        text = sentence(Reason.TOO_LARGE, value=size, expected=MAX_PAYLOAD_BYTES)
        self.refuse(message, Reason.TOO_LARGE, text, device.name, device.kind)
        return True

    def _file_diary(self, message: int, device: KnownDevice) -> None:
        payload = self._batch.payloads[message]
        try:
            entry = _diary.decode(payload)
        except DECODE_ERRORS as e:
            self.refuse_problem(message, explain_error(payload, e), device)
            return
        ts_us = time_us(entry.ts)
        reason: tuple[Reason, str] | None = time_problem(ts_us, device.installed_at_us - DAY_US, self._now_us)
        if device.home_id is None:
            reason = Reason.NO_HOME, sentence(Reason.NO_HOME, device=device.name)
        if reason is not None or device.home_id is None:
            code, text = reason or (Reason.NO_HOME, "")
            problem = Problem(payload, code, text, None, entry.boot, entry.seq)
            self.refuse_problem(message, problem, device)
            return
        self._batch.diary.append(
            DiaryRow(
                device_id=device.device_id,
                boot=entry.boot,
                seq=entry.seq,
                home_id=device.home_id,
                ts_us=ts_us,
                activity=entry.activity,
                note=entry.note.replace("\x00", "")[:1000],
                source=entry.source,
                message=message,
            )
        )

    def _file_status(self, message: int, device: KnownDevice) -> None:
        payload = self._batch.payloads[message]
        if not payload:  # a cleared retained message says nothing
            return
        try:
            status = _status.decode(payload)
        except DECODE_ERRORS as e:
            self.refuse_problem(message, explain_error(payload, e), device)
            return
        self._learn_clock(status, device)
        text = _without_nul(msgspec.json.encode(msgspec.to_builtins(status)))
        self._batch.statuses[device.device_id] = StatusRow(
            device_id=device.device_id, status=text, message=message
        )

    def _learn_clock(self, status: Status, device: KnownDevice) -> None:
        """Learn the offset of the start that a birth message tells of: from its time, else from its arrival."""
        if not status.online or status.wall_ms is None or status.mono_ms is None:
            return
        wall_us, mono_us = status.wall_ms * 1000, status.mono_ms * 1000
        possible = time_problem(wall_us, device.installed_at_us - DAY_US, self._now_us) is None
        clock = BootClock(self._now_us - mono_us, "arrival", wall_us - mono_us)
        if possible and status.clk not in CLOCK_UNSET:
            clock = BootClock(wall_us - mono_us, "birth")
        self._clocks.born((device.device_id, status.boot), clock)

    def _file_reported(self, message: int, device: KnownDevice) -> None:
        payload = self._batch.payloads[message]
        if not payload:
            return
        try:
            # Once through the codec: no escapes but those of control characters are left.
            text = _without_nul(msgspec.json.encode(_object.decode(payload)))
        except DECODE_ERRORS as e:
            self.refuse_problem(message, explain_error(payload, e), device)
            return
        self._batch.reported[device.device_id] = ReportedRow(
            device_id=device.device_id, reported=text, message=message
        )


def _without_nul(document: bytes) -> str:
    return _BACKSLASH_OR_NUL.sub(lambda found: found[1] or b"", document).decode()
