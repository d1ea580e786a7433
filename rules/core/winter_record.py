"""The record of a night: what was proposed and seen, who decided what and when, and what was done on the road."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from rules.core.evidence.blocks import Block, bullets, para, section, strong, table
from rules.core.evidence.printable import printable
from rules.core.treatment_log import PassLine, standing
from rules.core.winter_kept import Gone
from rules.core.winter_nights import in_words
from rules.core.winter_orders.model import Case
from rules.core.winter_orders.standing import routes_of
from rules.core.winter_orders.words import act_words, answer_words, moment, treatment_words
from rules.core.winter_scores.contingency import measures
from rules.core.winter_scores.night import NightScore

ROWS_PRINTED = 200
Row = Mapping[str, Any]


class KeptScore(msgspec.Struct, frozen=True, kw_only=True):
    """A night's score as it is kept: when it was put down [s since 1970, wall], by whom."""

    score: NightScore
    at_s: float
    by: str


class KeptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that the service made itself and keeps: its number, key and hash, and when it was made [s since 1970]."""

    made_s: float
    pack_id: str
    key_id: str
    sha256: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the record tells.

    Attributes:
        labels: of the routes, by id.
        cases: proposals and orders of the night with all acts, and what was on the desk at each.
        decisions: every decision of the rules on a route, with its inputs and result as stored.
        alarms: winter alarms of the night with their lines.
        treated: the log of what gritters spread, with what was taken back.
        catalogues: copies of the rules that decided.
        forecasts: rows of the forecasts of the night, by table; empty where the installation has none.
        hours: road forecasts by the hour, by their issue.
        has_readings: whether any reading of the night is stored.
        gone: what is no longer kept.
        score: None where the night could not be judged.
        scored: where and when it was put down; None: it is worked out for this record.
        by_itself: whether the service makes it, to be kept.
        kept: the record that it made of this night before, which is in this one; None: none is kept.
        broken: numbers of acts whose link in the chain does not follow; empty: none was changed.
        acts_in_all: how many acts the chain has.
    """

    night: date
    from_s: float
    to_s: float
    made_at: datetime
    made_by: str
    why: str
    time_zone: str
    labels: Mapping[str, str]
    cases: tuple[Case, ...]
    decisions: Sequence[Row]
    alarms: Sequence[Row]
    treated: Sequence[PassLine]
    catalogues: Sequence[Row]
    forecasts: Mapping[str, Sequence[Row]]
    hours: Mapping[str, str]
    has_readings: bool
    gone: Gone
    score: NightScore | None
    scored: KeptScore | None
    by_itself: bool
    kept: KeptRecord | None
    broken: tuple[int, ...]
    acts_in_all: int
    key_fingerprint: str
    public_key: str


NO_READINGS = "No reading of a road sensor, weather station or gritter of this night is stored: none came, or they are no longer kept."
CANNOT_SHOW = (
    "Whether what was decided was enough: what is reasonably practicable is for others to say. This states what was known.",
    "What nobody measured: a route without a sensor is known from its neighbours only.",
    "What gritters did not report. Treatments are worked out from their positions and weights.",
    "That a person is who they said: officers share one password, and names are taken on trust.",
)


def document(c: Contents) -> dict[str, Any]:
    """Return the report as plain values for the typesetter."""
    zone = ZoneInfo(c.time_zone)
    title = f"Winter service: {in_words(c.night)}"
    names = {**c.labels, **{r: r for r in routes_of(c.cases) if r not in c.labels}}
    made = f"Noon to noon, {c.time_zone}. Made {moment(c.made_at.timestamp(), zone)} {c.made_at.year} by {c.made_by}."
    found = [
        section("Which record this is", _which(c, zone)),
        section("In short", _short(c)),
        *(_route(c, route, label, zone) for route, label in names.items()),
        section("Alarms of the night", _alarms(c, zone)),
        section("What gritters spread", _treated(c, zone)),
        section("How the night did", _score(c, zone)),
        section("What decided, and what it saw", _sources(c, zone)),
        section("What this cannot show", [bullets(CANNOT_SHOW)]),
        section("How to check that nothing was changed", _checking(c)),
    ]
    return {
        "title": printable(title),
        "subtitle": printable(made),
        "sections": [s for s in found if s["blocks"]],
    }


def _short(c: Contents) -> list[Block]:
    routes = routes_of(c.cases)
    waiting = [case.ref for case in c.cases if case.is_waiting]
    said = sum(a.what != "unanswered" for case in c.cases for a in case.acts)
    lines = [
        f"{len(c.cases)} proposals and orders on {len(routes)} of {len(c.labels)} routes; {said} answers by officers.",
        *([f"Without an answer at the end: {', '.join(waiting)}."] if waiting else []),
        f"Why this record was made: {c.why}" if c.why else "",
    ]
    return [strong(lines[0]), *(para(line) for line in lines[1:] if line)]


def _which(c: Contents, zone: ZoneInfo) -> list[Block]:
    if c.by_itself:
        return [para("The service made this record itself when the night was over, and keeps it as it is.")]
    after_h = (c.made_at.timestamp() - c.to_s) / 3600.0
    when = "before the night was over" if after_h < 0.0 else f"{after_h:.0f} hours after the night"
    if after_h >= 72.0:
        when = f"{after_h / 24.0:.0f} days after the night"
    made = f"Made by hand, {when}, from what is stored then."
    if c.kept is None:
        return [para(made), para("The service has kept no record of this night of its own.")]
    k = c.kept
    at = f"{moment(k.made_s, zone)} {datetime.fromtimestamp(k.made_s, zone).year}"
    return [
        para(made),
        strong(
            f"The record that the service made itself, {at}, is in it untouched: kept_record.zip, number {k.pack_id}, SHA-256 "
            f"{k.sha256}. Where the two differ, that one was made nearer to the night."
        ),
    ]


def _route(c: Contents, route: str, label: str, zone: ZoneInfo) -> dict[str, Any]:
    blocks: list[Block] = []
    for case in routes_of(c.cases).get(route, ()):
        p = case.proposal
        blocks.append(strong(f"{case.ref}, {moment(case.at_s, zone)}: {answer_words(case, zone)}"))
        if p is not None:
            asked = (
                "refers to the duty officer" if p.treatment is None else treatment_words(p.treatment, zone)
            )
            blocks.append(
                para(
                    f"Proposed: {asked}. Why: {p.reason} Forecast: {p.forecast or 'none is named'}. Rule winter.gritting "
                    f"version {p.rule_version}, catalogue {p.catalogue_id or 'not kept'}; inputs and result: SHA-256 {p.sha256}."
                )
            )
        if case.acts:
            blocks.append(bullets(act_words(a, zone) for a in case.acts))
    decided = [d for d in c.decisions if d["route_id"] == route]
    rows = [
        [moment(d["at_s"], zone), f"{d['decision_id']}", d["outcome"], d["reason"]]
        for d in decided[:ROWS_PRINTED]
    ]
    if rows:
        blocks.append(
            table(f"Every decision of the rules on {label}", ["When", "Number", "Outcome", "Why"], rows)
        )
    return section(label, blocks)


def _alarms(c: Contents, zone: ZoneInfo) -> list[Block]:
    rows = [
        [moment(a["raised_s"], zone), a["severity"], a["title"],
         "still up" if a["cleared_s"] is None else moment(a["cleared_s"], zone)]
        for a in c.alarms[:ROWS_PRINTED]
    ]  # fmt: skip
    if rows:
        return [table("Winter alarms", ["Raised", "Severity", "What", "Over"], rows)]
    return [para(c.gone.alarms or "None.")]


def _treated(c: Contents, zone: ZoneInfo) -> list[Block]:
    if not c.treated:
        return [para(c.gone.passes or "No gritter reported anything that it spread.")]
    stand = sorted(
        (p.at_s, segment, p) for segment, memory in standing(c.treated).items() for p in memory.passes
    )
    rows = [
        [moment(p.at_s, zone), segment, f"{p.g_m2:g}", f"{p.low:.0%} to {p.high:.0%}", p.lorry]
        for _, segment, p in stand[:ROWS_PRINTED]
    ]
    more, back = len(stand) - len(rows), sum(line.what == "taken_back" for line in c.treated)
    said = [
        c.gone.passes,
        f"{more} more are in treated.json." if more > 0 else "",
        f"{back} passes that were concluded first were taken back when late reports came; they are in treated.json." if back else "",
    ]  # fmt: skip
    head = ["When", "Stretch", "g/m²", "Part of it", "Lorry"]
    return [table("Passes, oldest first", head, rows), *(para(line) for line in said if line)]


def _score(c: Contents, zone: ZoneInfo) -> list[Block]:
    if c.score is None:
        return []
    found = c.scored
    how = (
        "Worked out for this record, from what is stored."
        if found is None
        else f"As it was put down {moment(found.at_s, zone)} {datetime.fromtimestamp(found.at_s, zone).year} by {found.by}."
    )
    m, counts = measures(c.score.counts), c.score.counts
    rows = [
        [r.label, r.outcome.replace("_", " "), "–" if r.frost.minimum_c is None else f"{r.frost.minimum_c:.1f}",
         f"{r.frost.frost_h:.1f}", f"{r.service.in_time_km:.1f} of {r.service.due_km:.1f}", f"{r.service.salt_t:.2f}"]
        for r in c.score.routes
    ]  # fmt: skip
    pod = "–" if m.pod is None else f"{m.pod:.2f}"
    return [
        para(how),
        para(
            f"{counts.hits} hits, {counts.misses} misses, {counts.false_alarms} false alarms, {counts.correct_rejections} correct "
            f"rejections, {counts.unknown} not judged; probability of detection {pod}."
        ),
        table(
            "Routes",
            ["Route", "Outcome", "Lowest, °C", "Frost, h", "Treated before it, km", "Salt, t"],
            rows,
        ),
        *(para(note) for note in c.score.notes),
    ]


def _sources(c: Contents, zone: ZoneInfo) -> list[Block]:
    lines = [f"Catalogue {k['catalogue_id']} ({k['label']}): SHA-256 {k['sha256']}" for k in c.catalogues]
    lines += [f"{name}: {len(rows)} rows" for name, rows in c.forecasts.items()]
    lines += [f"{len(c.hours)} road forecasts by the hour, those that decisions used"] if c.hours else []
    lines += [line for line in (c.gone.weather, c.gone.roads) if line]
    lines += [] if c.has_readings else [NO_READINGS]
    return [bullets(lines)] if lines else [para("No copy of the rules is kept here.")]


def _checking(c: Contents) -> list[Block]:
    chain = (
        f"The chain over all {c.acts_in_all} acts of officers ever given here holds: none was changed or left out."
        if not c.broken
        else f"The chain over the acts is broken at: {', '.join(map(str, c.broken))}."
    )
    return [
        strong(chain) if c.broken else para(chain),
        para(
            "This report is one file of a pack that lists every file with its hash and is signed. Whoever has it can check it "
            "without us and without the internet: cityops evidence verify FILE."
        ),
        para(f"Signed with the key {c.key_fingerprint} (Ed25519). Public key: {c.public_key}"),
    ]


README = """RECORD OF A NIGHT OF WINTER SERVICE

report.pdf        read this first
orders.json       proposals and orders with every act: who, when, why, and what was on the desk then
decisions.json    every decision of the rules on a route, with its inputs and result as they were stored
alarms.json       winter alarms with their lines
treated.json      what gritters spread, stretch by stretch, as it was found; taken_back: a late report told otherwise
readings/         road sensors, weather stations and gritters, a file each, as they measured
forecasts.json    the forecasts of the night, where the installation has any
road_forecast/    road forecasts that decisions used, by stretch and hour, a file each
gone.json         what is no longer kept, or was not yet; empty where it is
kept_record.zip   the record that the service made itself of this night, where there is one and this one was made again
catalogues.json   the rules that decided, word for word
score.json        how forecasts, decisions and the service did
chain.json        every act ever given here with its link: SHA-256 of the link before, a line feed, the act as JSON
                  (names sorted, without link and recorded_s), a line feed
manifest.json     every file with its SHA-256
signature.json    the signature (Ed25519) over manifest.json
public_key.pem    the key; compare it with what the service publishes

CHECK it without the internet:  cityops evidence verify FILE
Times ending in _s are seconds since 1970, UTC.
"""
