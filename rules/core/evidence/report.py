"""The report for people: the answer first, every figure with what it rests on, and what it can't show.

It states what was measured and recorded. It says risk, never that there is mould, and blames nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rules.core.evidence.blocks import Block, bullets, image, para, section, strong, table
from rules.core.evidence.contents import Case, Contents
from rules.core.evidence.printable import lost, printable
from rules.core.evidence.report_damp import analysed
from rules.core.evidence.report_rooms import gaps, measured, room_answer, use, walls
from rules.core.legal_clock.model import EVENT_WORDS, WROTE, CaseEvent, CaseState
from rules.core.legal_clock.words import STATE_WORDS, answer, due_words, moment, said_words

NOT_WRITTEN = (
    "What the household wrote down is not in this pack: cases, contact with the landlord, photos, diary."
)
PHOTOS_PRINTED = 24
DIARY_PRINTED = 400

CANNOT_SHOW = (
    "Whether there is mould. The figures say how favourable the air at a wall was for it; only somebody who looks can say that it is there.",
    "Surfaces behind furniture and in corners that are colder than the wall that was reckoned with: they are damper than this.",
    "How much air is exchanged: that can't be worked out from temperature and humidity.",
    "Leaks, rising damp and damp inside walls, unless they make the air humid.",
    "Why it is damp, beyond what is said above with how certain it is, and whether anybody is at fault.",
    "How anybody's health is affected.",
    "That the box was not moved or covered: what was written down about it is in this pack, and nothing else is known.",
)
METHOD = (
    "Each box measures temperature and relative humidity of the air; each reading is in the pack as it came, with the device's own time, the time it was received and its number.",
    "Readings whose time is not certain are left out of every figure. Hourly means are made of the readings; vapour pressures are worked out for each reading first (Magnus formula, Sonntag 1990) and then averaged.",
    "The temperature of the coldest wall is outdoor temperature + f × (room − outdoor temperature); f, the temperature factor, is learned from a wall probe in cold nights, or assumed with a band of ±0.05.",
    "The risk index is that of VTT (Hukka and Viitanen 1999; Ojanen and others 2010), class sensitive, from clean surfaces at the start of the period. It was made for wood in a laboratory; in homes such models are right about seven times in ten.",
    "Moisture at 5 °C outdoors is a straight line through daily means (after Oreszczyn and others 2006); ± is twice its standard error.",
    "Sensors of this kind are right to about 0.2 °C and 2 % humidity when new. 1 % of humidity is worth about 1.3 % at the wall.",
)


def document(contents: Contents) -> dict[str, Any]:
    """Return the report as plain values for the typesetter, which needs no further thought."""
    period = f"{_day(contents.from_day)} to {_day(contents.to_day)}"
    return {
        "title": printable(f"Damp and warmth: {contents.home.label}"),
        "subtitle": printable(f"{period}, whole days in UTC. Made {_moment(contents, contents.made_at)}."),
        "sections": [s for s in _sections(contents) if s["blocks"]],
    }


def _sections(c: Contents) -> list[dict[str, Any]]:
    offsets = chart_numbers(c)
    return [
        section("In short", _short(c)),
        section("Which days are shown, and why", _shown(c)),
        section("What was measured", measured(c.figures)),
        section("The coldest walls", walls(c.figures, offsets)),
        section("Warmth and moisture", use(c.figures)),
        section("Why it is damp", analysed(c)),
        section("Gaps", gaps(c.figures, len(c.missing))),
        section("The legal clock", _cases(c)),
        section("Contact with the landlord", _contacts(c)),
        section("Photos", _photos(c)),
        section("Diary of ordinary use", _diary(c)),
        section("Calibration", _calibration(c)),
        section("How it was worked out", [bullets(METHOD)]),
        section("What this cannot show", [bullets(CANNOT_SHOW)]),
        section("How to check that nothing was changed", _checking(c)),
    ]


def chart_numbers(c: Contents) -> dict[str, int]:
    """Return the number of each room's first chart, by device."""
    return {room.device: 2 * i + 1 for i, room in enumerate(c.figures.rooms)}


def _short(c: Contents) -> list[Block]:
    zone = ZoneInfo(c.time_zone)
    blocks = [strong(room_answer(room)) for room in c.figures.rooms]
    blocks += [para(c.figures.finding)] if c.figures.finding else []
    blocks += [
        strong(f"Case {case.case_id}: {answer(state, zone)}")
        for case, state in zip(c.cases, c.states, strict=True)
    ]
    if not blocks:
        blocks = [strong("No box stands in this home: nothing was measured.")]
    if _anything_lost(c):
        blocks.append(
            para(
                "Some letters of notes can't be printed here and appear as ?; the files in the pack have them all."
            )
        )
    return blocks


def _shown(c: Contents) -> list[Block]:
    found = [para(c.why)] + ([para(c.cut)] if c.cut else [])
    return found if c.written else [*found, para(NOT_WRITTEN)]


def _anything_lost(c: Contents) -> bool:
    texts = [t for x in c.contacts for t in (x.who, x.said, x.reply)]
    texts += [t for p in c.photos for t in (p.caption, p.room)]
    texts += [d.note for d in c.diary or ()] + [e.note for case in c.cases for e in case.events]
    return any(map(lost, texts))


def _cases(c: Contents) -> list[Block]:
    if not c.written:
        return []
    if not c.cases:
        return [para("No case was opened in this home.")]
    blocks: list[Block] = [para(f"{c.law_title}. {c.law_notice}")]
    for case, state in zip(c.cases, c.states, strict=True):
        blocks += _case(c, case, state)
    return blocks


def _case(c: Contents, case: Case, state: CaseState) -> list[Block]:
    zone = ZoneInfo(c.time_zone)
    rows = [
        [s.title, s.limit, due_words(s, zone) or s.warning, "" if s.done_s is None else moment(s.done_s, zone),
         STATE_WORDS[s.state] + (f"; {said_words(s)}" if s.said_by else "") + (f" ({s.warning})" if s.warning else "")]
        for s in state.steps
    ]  # fmt: skip
    events = [
        [moment(e.at_s, zone), EVENT_WORDS[e.kind] + (f" (entry {e.refers_to})" if e.refers_to is not None else ""), e.note, _by(e)]
        for e in sorted(case.events, key=lambda e: (e.at_s, e.number))
    ]  # fmt: skip
    landlord = f", landlord {case.landlord}" if case.landlord else ""
    name = f"Case {case.case_id}, {case.hazard}, {case.kind} hazard{landlord}"
    return [
        table(f"{name}: limits", ["What", "Time", "Until", "Done", "State"], rows),
        *(para(w) for w in state.warnings),
        table(f"{name}: what happened", ["When", "What", "Note", "Written down by"], events),
    ]


def _by(event: CaseEvent) -> str:
    return f"{event.by} ({WROTE[event.role]})" if event.role == "officer" else event.by


def _contacts(c: Contents) -> list[Block]:
    if not c.written:
        return []
    if not c.contacts:
        return [para("Nothing was written down.")]
    rows = [
        [_moment(c, x.at), f"{x.method}, {x.who}", x.said,
         "none written down" if x.replied_at is None else f"{_moment(c, x.replied_at)}: {x.reply}"]
        for x in c.contacts
    ]  # fmt: skip
    return [table("Calls, letters and visits", ["When", "How and whom", "What was said", "Reply"], rows)]


def _photos(c: Contents) -> list[Block]:
    if not c.written:
        return []
    if not c.photos:
        return [para("No photo was added.")]
    shown = [
        image(
            f"photo-{p.photo_id}.jpg",
            f"Photo by the household: {p.caption}",
            f"{p.caption} ({p.room or 'no room named'}, {_moment(c, p.taken_at)}; as sent in: SHA-256 {p.original_sha256[:16]}…)",
            60,
        )
        for p in c.photos[:PHOTOS_PRINTED]
    ]
    more = len(c.photos) - len(shown)
    return shown + ([para(f"{more} more photos are in the pack.")] if more > 0 else [])


def _diary(c: Contents) -> list[Block]:
    if not c.written:
        return []
    if c.diary is None:
        return [para("The diary is private and was left out.")]
    if not c.diary:
        return [para("Nothing was written down in this period.")]
    rows = [[_moment(c, d.at), d.activity, d.note] for d in c.diary[:DIARY_PRINTED]]
    more = len(c.diary) - len(rows)
    blocks = [
        para("Ordinary use of the home, as the household wrote it down. It is not complete."),
        table("Diary", ["When", "What", "Note"], rows),
    ]
    return blocks + ([para(f"{more} more entries are in diary.json.")] if more > 0 else [])


def _calibration(c: Contents) -> list[Block]:
    if not c.calibrations:
        return [para("No calibration was written down: the figures are as the sensors gave them.")]
    lines = [_offset(row) for row in c.calibrations]
    return [bullets(lines)]


def _offset(row: Mapping[str, Any]) -> str:
    until = "" if row["to_at"] is None else f" to {row['to_at'][:10]}"
    gone = (
        ""
        if row["withdrawn_at"] is None
        else f"; withdrawn on {row['withdrawn_at'][:10]} by {row['withdrawn_by']}"
    )
    said = f" ({row['evidence']})" if row["evidence"] else ""
    return (
        f"Calibration {row['calibration_id']}: {row['device']}, {row['field']} {row['value_offset']:+g} from "
        f"{row['from_at'][:10]}{until}; {row['how'].replace('_', ' ')}, by {row['by']}{said}{gone}"
    )


def _checking(c: Contents) -> list[Block]:
    return [
        para(
            "This report is one file of a pack. The pack lists every file with its hash, chains the readings day by day, and is "
            "signed. Whoever has the pack can check it without us and without the internet: cityops evidence verify FILE."
        ),
        para(
            f"Signed with the key {c.key_fingerprint} (Ed25519). Compare these groups with what the service publishes."
        ),
        para(f"Public key: {c.public_key}"),
    ]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _moment(c: Contents, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(c.time_zone))
    return f"{local.day} {local:%B %Y, %H:%M}"


def photos_printed(photos: Sequence[Any]) -> Sequence[Any]:
    """Return the photos that the report shows; the others are in the pack only."""
    return photos[:PHOTOS_PRINTED]
