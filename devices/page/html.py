"""The page as HTML. Pure; every text from outside goes through ``escape``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from devices.page import words
from devices.page.answer import Answer, Fact
from devices.page.chart import Axes, svg
from devices.page.judge import AIR_LOOK_PCT
from devices.page.spans import SPANS, Series, Span

SAFETY = "Never block a vent. Do not use a gas or paraffin heater without a flue: it wets the air and can poison you."
_TONES = {"calm": "✓", "look": "!", "act": "!!", "quiet": "…"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around every page: the room's name, the style sheet's address, and whether the world may look."""

    room: str
    style: str
    public: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A diary entry as shown."""

    name: str
    at: str
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the page shows; see the functions below for where."""

    answer: Answer
    facts: Sequence[Fact]
    span: Span
    start_s: int
    end_s: int
    series: Series
    marks: Sequence[tuple[int, str]]
    entries: Sequence[Entry]
    notice: str
    token: str
    town: str
    eyes: str
    button: bool
    clock_set: bool
    trouble: str


def render(page: Page, frame: Frame) -> str:
    """Return the document."""
    body = "".join(
        (
            _answer(page.answer),
            _facts(page.facts),
            _diary(page),
            _charts(page),
            _town(page),
        )
    )
    return document(f"{page.answer.headline} – {frame.room}", body, frame)


def document(title: str, body: str, frame: Frame) -> str:
    """Return a whole document around ``body`` (which is HTML; the rest is text)."""
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light"><link rel="icon" href="/frog.svg" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{escape(frame.style)}"></head><body>'
        '<a class="skip" href="#main">Skip to main content</a>'
        f'<header class="bar"><p><a href="/">Your frog</a> <span>{escape(frame.room)}</span></p></header>'
        f'<main id="main" tabindex="-1">{body}</main>'
        f"<footer><p>This page comes from the frog itself.{_who(frame)}</p></footer></body></html>"
    )


def _who(frame: Frame) -> str:
    return "" if frame.public else " Only people on your home network can see it. Your landlord cannot."


def _answer(a: Answer) -> str:
    safety = "" if a.tone == "quiet" else f'<p class="hint">{SAFETY}</p>'
    measured = f'<p class="hint">{escape(a.measured)}</p>' if a.measured else ""
    return (
        f'<div class="answer answer--{a.tone}"><p class="answer__sign" aria-hidden="true">{_TONES[a.tone]}</p><div>'
        f"<h1>{escape(a.headline)}.</h1><p>{escape(a.action)}</p>{safety}{measured}</div></div>"
    )


def _facts(facts: Sequence[Fact]) -> str:
    if not facts:
        return ""
    items = "".join(
        f'<div class="fact fact--{f.tone}"><dt>{escape(f.name)}</dt>'
        f'<dd class="fact__value">{escape(f.value)}<small>{words.NBSP}{escape(f.unit)}</small></dd>'
        f"<dd>{escape(f.meaning)}</dd></div>"
        for f in facts
    )
    return f'<section aria-labelledby="now"><h2 id="now">In this room now</h2><dl class="facts">{items}</dl></section>'


def _diary(page: Page) -> str:
    notice = f'<p class="saved" role="status">{escape(page.notice)}</p>' if page.notice else ""
    buttons = "".join(
        f'<button name="activity" value="{key}">{escape(words.ACTIVITIES[key])}</button>'
        for key in words.BUTTONS
    )
    more = "".join(
        f'<button name="activity" value="{key}">{escape(name)}</button>'
        for key, name in words.ACTIVITIES.items()
        if key not in words.BUTTONS
    )
    on_frog = (
        '<p class="hint">Or press the button on your frog. Once: shower or bath. Twice: cooking. '
        "Three times: drying clothes. More: something else. Its eyes blink as often as you pressed.</p>"
        if page.button
        else ""
    )
    return (
        '<section class="card" id="diary" aria-labelledby="diary-t"><h2 id="diary-t">What did you just do?</h2>'
        '<p class="hint">Tap a button. It shows where the water in your air comes from.</p>'
        f"{notice}"
        f'<form method="post" action="/diary"><input type="hidden" name="token" value="{escape(page.token)}">'
        f'<div class="presses">{buttons}</div><details><summary>Something else</summary>'
        f'<div class="presses">{more}</div></details></form>{on_frog}{_entries(page.entries)}</section>'
    )


def _entries(entries: Sequence[Entry]) -> str:
    if not entries:
        return '<p class="hint">Nothing in your diary in the last two days.</p>'
    items = "".join(
        f"<li><b>{escape(e.name)}</b> <span>{escape(e.at)}</span>"
        f"{' <em>Kept here until the town has it.</em>' if e.waits else ''}</li>"
        for e in entries
    )
    return f'<h3>Your diary</h3><ul class="entries">{items}</ul>'


def _charts(page: Page) -> str:
    links = "".join(
        f'<a href="{s.path}#charts"{" aria-current=page" if s is page.span else ""}>{s.name}</a>'
        for s in SPANS
    )
    head = (
        '<section class="card" id="charts" aria-labelledby="charts-t">'
        f'<h2 id="charts-t">{escape(page.span.during)}</h2><nav class="spans" aria-label="How long">{links}</nav>'
    )
    if not page.clock_set:
        return f"{head}<p>Your frog does not know the time yet. It gets it from the internet.</p></section>"
    if not page.series.humidity:
        return f"{head}<p>Your frog has no readings from this time.</p></section>"
    summary = _summary(page)
    drawn = "".join(_chart(page, name, summary) for name in ("humidity", "temperature"))
    return f'{head}{drawn}<p class="hint">{escape(summary)}</p>{_table(page)}</section>'


def _chart(page: Page, name: str, summary: str) -> str:
    humid = name == "humidity"
    points = page.series.humidity if humid else page.series.temperature
    axes = Axes(
        start_s=page.start_s,
        end_s=page.end_s,
        gap_s=page.span.gap_s,
        ticks=page.series.ticks,
        step=20 if humid else 5,
        at_least=(40, 80) if humid else (15, 25),
        above=AIR_LOOK_PCT if humid else None,
    )
    title = f"{'Humidity' if humid else 'Temperature'}. {page.span.during}"
    key = (
        f'<p class="hint"><span class="key" aria-hidden="true"></span> over {AIR_LOOK_PCT:.0f}%: a lot of water in the air'
        f"{' · ▼ your diary' if page.marks else ''}</p>"
        if humid
        else ""
    )
    drawing = svg(points, axes, name=name, title=title, summary=summary, marks=page.marks if humid else ())
    return f"<h3>{'Humidity, %' if humid else 'Temperature, °C'}</h3>{drawing}{key}"


def _summary(page: Page) -> str:
    humidity, temperature = page.series.humidity, page.series.temperature
    low_pct = min(p.value if p.low is None else p.low for p in humidity)
    high_pct = max(p.value if p.high is None else p.high for p in humidity)
    low_c = min(p.value if p.low is None else p.low for p in temperature)
    high_c = max(p.value if p.high is None else p.high for p in temperature)
    return (
        f"{page.span.during} humidity was {words.span(f'{words.number(low_pct)}%', f'{words.number(high_pct)}%')}. "
        f"Temperature was {words.span(words.degrees(low_c), words.degrees(high_c))}."
    )


def _table(page: Page) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(at)}</th><td>{words.degrees(t)}</td><td>{words.number(h)}%</td>'
        f"<td>{'–' if dew is None else words.degrees(dew)}</td></tr>"
        for at, t, h, dew in page.series.rows
    )
    return (
        "<details><summary>Show the numbers</summary><table><caption>Newest first</caption><thead><tr>"
        '<th scope="col">Time</th><th scope="col">Temperature</th><th scope="col">Humidity</th>'
        f'<th scope="col">Dew point</th></tr></thead><tbody>{rows}</tbody></table></details>'
    )


def _town(page: Page) -> str:
    said = [page.town, page.eyes, page.trouble]
    lines = "".join(f"<p>{escape(text)}</p>" for text in said if text)
    leaving = '<p class="hint">Moving out? <a href="/forget">Have your frog forget you</a>.</p>'
    return f'<section aria-labelledby="town-t"><h2 id="town-t">Your frog and the town</h2>{lines}{leaving}</section>'


def forget_form(token: str, notice: str, frame: Frame) -> str:
    """Return the page on which the household has the frog forget them."""
    said = f'<p class="sorry" role="alert">{escape(notice)}</p>' if notice else ""
    body = (
        f"<h1>Have your frog forget you</h1>{said}"
        "<p>Your frog deletes its charts and its diary: all that it measured here and has told the town. "
        "Nobody can bring that back.</p>"
        "<p>What the town has, it keeps. You can delete that on the council's page, under My data. "
        "What the town has not yet is still sent, and then your frog forgets that, too.</p>"
        f'<form class="pin" method="post" action="/forget"><input type="hidden" name="token" value="{escape(token)}">'
        '<p class="tick"><input id="sure" name="sure" type="checkbox" value="yes" required>'
        '<label for="sure">Yes, forget what was measured here</label></p>'
        '<button>Forget it</button></form><p><a href="/">No, back to your frog</a></p>'
    )
    return document("Have your frog forget you", body, frame)


def pin_form(token: str, notice: str, frame: Frame) -> str:
    """Return the page that asks for the PIN."""
    said = f'<p class="sorry" role="alert">{escape(notice)}</p>' if notice else ""
    body = (
        f"<h1>What is your frog's PIN?</h1>{said}"
        f'<form class="pin" method="post" action="/pin"><input type="hidden" name="token" value="{escape(token)}">'
        '<label for="pin">PIN</label><input id="pin" name="pin" type="password" inputmode="numeric" '
        'autocomplete="current-password" required><button>Show my frog</button></form>'
        '<p class="hint">The PIN is on the card that came with your frog, if somebody set one.</p>'
    )
    return document("PIN", body, frame)


def message(headline: str, text: str, frame: Frame) -> str:
    """Return a page that says one thing."""
    body = f'<h1>{escape(headline)}</h1><p>{escape(text)}</p><p><a href="/">Back to your frog</a></p>'
    return document(headline, body, frame)
