"""Dead letters on a terminal, and as JSON. Pure: text out of values.

What a device sent may hold anything, escape sequences of a terminal too: nothing that is not
printable gets out of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ingest.core.advice import advice
from ingest.core.letters import KeptLetter, ReasonSummary
from ingest.core.replay import Obstacle
from ingest.replay_letters import Report

WIDTH = 100
HEX_PER_LINE = 32


def list_lines(summary: Sequence[ReasonSummary], letters: Sequence[KeptLetter]) -> Iterator[str]:
    """Return the list as a person reads it: by reason first, then the newest."""
    if not summary:
        yield "no dead letters"
        return
    yield total_line(summary)
    yield ""
    yield f"{'reason':<20} {'kept':>9} {'replayed':>9} {'not kept':>11} {'devices':>8}  latest"
    for s in summary:
        counts = f"{s.letters:>9,} {s.replayed:>9,} {s.not_kept:>11,} {s.devices:>8,}"
        yield f"{printable(s.reason_code):<20} {counts}  {moment(s.last_at)}"
        if s.example is not None:
            yield f"    {cut(s.example)}"
    if letters:
        yield ""
        yield f"the newest {len(letters):,}:"
    for letter in letters:
        yield _line(letter)


def total_line(summary: Sequence[ReasonSummary]) -> str:
    """Return how many there are in all."""
    kept, replayed, more = (
        sum(getattr(s, name) for s in summary) for name in ("letters", "replayed", "not_kept")
    )
    text = f"{plural(kept, 'dead letter')}"
    if replayed:
        text += f", {replayed:,} of them replayed"
    return text + (f", and {more:,} more, not kept" if more else "")


def show_lines(letter: KeptLetter, obstacle: Obstacle | None) -> Iterator[str]:
    """Return all that is known of a letter; ``obstacle`` is what keeps it from being replayed now."""
    facts = {
        "received": moment(letter.received_at),
        "topic": letter.topic,
        "device": letter.device,
        "kind": letter.kind,
        "reason": letter.reason_code,
        "field": letter.field,
        "boot, seq": None if letter.seq is None else f"{letter.boot}, {letter.seq}",
        "why": letter.reason,
        "what to do": advice(letter.reason_code),
        "replay now": _prospect(letter, obstacle),
    }
    yield f"dead letter {letter.letter_id}"
    for name, value in facts.items():
        if value is not None:
            yield f"  {name:<11} {printable(value)}"
    kept = f", {len(letter.payload):,} of them kept" if letter.truncated else ""
    text = text_of(letter.payload)
    form = "" if text is not None or not letter.payload else ", in hexadecimal"
    yield f"  {'payload':<11} {plural(letter.payload_bytes, 'byte')}{kept}{form}"
    if text is not None:
        yield from text.splitlines()
    else:
        digits = letter.payload.hex(" ")
        yield from (digits[i : i + 3 * HEX_PER_LINE].strip() for i in range(0, len(digits), 3 * HEX_PER_LINE))


def report_lines(report: Report, dry_run: bool) -> Iterator[str]:
    """Return what a replay did, and by reason what stays and why."""
    if report.letters == 0:
        yield "no dead letter is waiting that fits"
        return
    verb = "would be replayed" if dry_run else "replayed"
    stored = [plural(n, f"{kind} reading") for kind, n in sorted(report.readings.items()) if n]
    stored += [plural(report.diary, "diary entry", "diary entries")] if report.diary else []
    stored += [f"{report.duplicates:,} stored before"] if report.duplicates else []
    yield f"{report.replayed:,} of {plural(report.letters, 'dead letter')} {verb}" + (
        f": {', '.join(stored)}" if stored else ""
    )
    if report.taken:
        yield f"{report.taken:,} are replayed by someone else"
    for code, failure in sorted(report.failures.items(), key=lambda f: -len(f[1].letter_ids)):
        yield f"  {len(failure.letter_ids):,} × {code} stay (e.g. {failure.letter_ids[0]}): {cut(failure.example)}"
        yield f"      {advice(code)}"


def summary_document(summary: ReasonSummary) -> dict[str, Any]:
    """Return a summary for JSON."""
    return asdict(summary) | {"last_at": summary.last_at.isoformat()}


def letter_document(letter: KeptLetter, *, payload: bool) -> dict[str, Any]:
    """Return a letter for JSON, with what was sent where asked for."""
    document = asdict(letter) | {
        "received_at": letter.received_at.isoformat(),
        "replayed_at": None if letter.replayed_at is None else letter.replayed_at.isoformat(),
        "truncated": letter.truncated,
        "what_to_do": advice(letter.reason_code),
    }
    del document["payload"]
    if payload:
        document |= {"payload_text": text_of(letter.payload), "payload_hex": letter.payload.hex()}
    return document


def printable(text: str) -> str:
    """Return ``text`` on one line with everything a terminal might obey written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def text_of(payload: bytes) -> str | None:
    """Return a payload as text, None where it is none that is safe to print."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return text if text and all(c.isprintable() or c in "\n\t" for c in text) else None


def cut(text: str) -> str:
    """Return a sentence that fits a line."""
    shown = printable(text)
    return shown if len(shown) <= WIDTH else shown[: WIDTH - 1] + "…"


def moment(at: datetime) -> str:
    """Return a time as ``2026-11-25 14:02:11 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 byte``, ``2 bytes``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _line(letter: KeptLetter) -> str:
    state = "" if letter.replayed_at is None else f" (replayed {moment(letter.replayed_at)})"
    who = printable(letter.device or "-")
    return (
        f"{letter.letter_id:>8}  {moment(letter.received_at)}  {who:<20} {printable(letter.reason_code)}{state}\n"
        f"          {cut(letter.reason)}"
    )


def _prospect(letter: KeptLetter, obstacle: Obstacle | None) -> str:
    if letter.replayed_at is not None:
        return f"done, {moment(letter.replayed_at)}"
    if obstacle is None:
        return f"it would be stored: cityops dead-letters replay {letter.letter_id}"
    return f"it would stay: {obstacle.sentence}"
