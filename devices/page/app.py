"""The page's answers to requests: no socket, no thread; the server around it is ``server.py``."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from devices.contract.messages import Activity
from devices.page import html, words
from devices.page.answer import answer, eyes, facts, forgotten, town
from devices.page.guard import HEADERS, FormTokens, PinGate, host_is_ours, is_foreign
from devices.page.reader import RingReader
from devices.page.samples import Note
from devices.page.spans import SPANS, Series, Span, of_days, of_hours, of_samples
from devices.page.standing import Desk, Left, Standing

MAX_FORM_BYTES = 2_048
_FOLDER = Path(__file__).parent
_HTML = "text/html; charset=utf-8"
_EMPTY = Series((), (), (), ())
_ACTIVITIES = get_args(Activity)
_TWO_DAYS = SPANS[0]


@dataclass(frozen=True, slots=True)
class Request:
    """A request; ``headers`` by name in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the security headers come on top."""

    status: int
    body: bytes
    content_type: str = _HTML
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrogHouse:
    """What a page is about.

    Attributes:
        room: what the room is called on the page.
        names: Host headers that are the frog's, lower case.
        zone: time zone of the household.
        public: whether it was told to serve more than the home network.
    """

    room: str
    names: frozenset[str]
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    public: bool = False


class FrogApp:
    """Answers requests.

    Args:
        reader: the frog's record.
        desk: how things stand, and where taps go.
        pin: None asks for none.
        clock: monotonic [s].
    """

    def __init__(
        self, house: FrogHouse, reader: RingReader, desk: Desk, pin: str | None, clock: Callable[[], float]
    ) -> None:
        self._house = house
        self._reader = reader
        self._desk = desk
        self._tokens = FormTokens(clock)
        self._gate = PinGate(pin, clock)
        self._leave_tokens = FormTokens(clock)
        self._pin_tokens = FormTokens(clock)  # of its own: who tries out PINs must not use up the diary's
        self._files = {
            "/frog.css": ("text/css; charset=utf-8", (_FOLDER / "frog.css").read_bytes()),
            "/frog.svg": ("image/svg+xml", (_FOLDER / "frog.svg").read_bytes()),
        }
        digest = hashlib.sha256(self._files["/frog.css"][1]).hexdigest()[:12]
        self._frame = html.Frame(house.room, f"/frog.css?v={digest}", house.public)

    def handle(self, request: Request) -> Response:
        """Return the answer; never raises for what a request may contain."""
        if not host_is_ours(request.headers.get("host", ""), self._house.names, public=self._house.public):
            return Response(421, b"This is not the address of this frog.\n", "text/plain; charset=utf-8")
        address = urlsplit("//frog" + request.target if request.target.startswith("/") else "//frog/*")
        if request.method in ("GET", "HEAD"):
            return self._get(address.path, parse_qs(address.query), request)
        if request.method == "POST":
            return self._post(address.path, request)
        return self._message(
            405, "That does not work", "This page can only be read and written with its own buttons."
        )

    # -- reading -------------------------------------------------------------------

    def _get(self, path: str, query: Mapping[str, list[str]], request: Request) -> Response:
        if path in self._files:
            kind, body = self._files[path]
            return Response(200, body, kind, (("Cache-Control", "public, max-age=86400"),))
        if not self._gate.is_open(request.headers.get("cookie", "")):
            return self._ask_pin("")
        if path == "/forget":
            return self._ask_forget("")
        span = next((s for s in SPANS if s.path == path), None)
        if span is None:
            return self._message(
                404, "There is no such page", "Your frog has one page for two days, a month and a year."
            )
        standing = self._desk.standing
        if standing is None:
            return self._message(503, "Your frog is waking up", "Please try again in a minute.")
        return self._text(200, self._page(span, standing, _notice(query)))

    def _page(self, span: Span, st: Standing, notice: str) -> str:
        start_s, end_s = st.now_s - span.seconds, st.now_s
        trouble = "The frog's memory card has a problem. Please tell the council." if st.card_trouble else ""
        series, notes = _EMPTY, list[Note]()
        if st.clock_set:
            try:
                series = self._series(span, start_s, end_s)
                notes = self._reader.notes(end_s - _TWO_DAYS.seconds, end_s)
            except sqlite3.Error:
                trouble = "The frog cannot read its memory card. Please tell the council."
        return html.render(
            html.Page(
                answer=answer(st, self._house.zone),
                facts=facts(st.latest if st.opinion is not None else None, st.limits),
                span=span,
                start_s=start_s,
                end_s=end_s,
                series=series,
                marks=[(n.at_s, _name(n.activity)) for n in notes] if span is _TWO_DAYS else [],
                entries=[self._entry(n, st) for n in notes],
                notice=notice,
                token=self._tokens.issue(),
                town=town(st, self._house.zone),
                eyes=eyes(st),
                button=st.button,
                clock_set=st.clock_set,
                trouble=trouble,
            ),
            self._frame,
        )

    def _series(self, span: Span, start_s: int, end_s: int) -> Series:
        if span.length == "days":
            return of_samples(self._reader.samples(start_s, end_s), start_s, end_s, self._house.zone)
        make = of_hours if span.length == "month" else of_days
        return make(self._reader.hours(start_s, end_s), start_s, end_s, self._house.zone)

    def _entry(self, note: Note, st: Standing) -> html.Entry:
        at = words.day_and_clock(note.at_s, st.now_s, self._house.zone)
        by = ", by the button" if note.source == "button" else ""
        return html.Entry(_name(note.activity), f"{at}{by}", (note.boot, note.seq) in st.waiting_diary)

    # -- writing -------------------------------------------------------------------

    def _post(self, path: str, request: Request) -> Response:
        if is_foreign(request.headers):
            return self._message(403, "That was not this page", "Another page tried to write in your diary.")
        if len(request.body) > MAX_FORM_BYTES:
            return self._message(413, "That is too much", "Please go back and try again.")
        form = {k: v[0] for k, v in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if path == "/pin":
            return self._enter(form)
        if not self._gate.is_open(request.headers.get("cookie", "")):
            return self._ask_pin("")
        if path == "/diary":
            return self._write(form)
        if path == "/forget":
            return self._forget(form)
        return self._message(404, "There is no such page", "Please go back.")

    def _write(self, form: Mapping[str, str]) -> Response:
        activity, token = form.get("activity", ""), form.get("token", "")
        if activity not in _ACTIVITIES:
            return self._message(400, "Your frog does not know that", "Please go back and tap a button.")
        if self._tokens.was_used(token):
            return _see_other(f"/?saved={quote(activity)}#diary")
        if not self._tokens.take(token):
            return self._message(
                403, "This page is too old", "Please go back, load it again, and tap once more."
            )
        kept = self._desk.tap(msgspec.convert(activity, Activity))
        if kept == "failed":
            return self._message(
                507,
                "Your frog could not keep that",
                "Its memory card is full or broken. Please tell the council.",
            )
        return _see_other(f"/?{'saved' if kept == 'kept' else 'soon'}={quote(activity)}#diary")

    def _forget(self, form: Mapping[str, str]) -> Response:
        if not self._leave_tokens.take(form.get("token", "")):
            return self._ask_forget("This page was too old. Please tick and tap once more.")
        if form.get("sure") != "yes":
            return self._ask_forget("Please tick the box first.")
        left = self._desk.forget()
        if isinstance(left, Left):
            return self._message(200, "Your frog has forgotten", forgotten(left))
        if left == "soon":
            return self._message(
                202, "Your frog is busy", "It forgets in a moment. Look at its page again soon."
            )
        return self._message(
            507,
            "Your frog could not forget",
            "Its memory card does not take it. Please tell the council.",
        )

    def _enter(self, form: Mapping[str, str]) -> Response:
        if not self._pin_tokens.take(form.get("token", "")):
            return self._ask_pin("This page was too old. Please type the PIN once more.")
        if (wait_s := self._gate.wait_s()) > 0:
            minutes = words.plural(max(1, round(wait_s / 60)), "minute", "minutes")
            return self._ask_pin(f"Too many wrong PINs. Please wait {minutes}.")
        value = self._gate.enter(form.get("pin", ""))
        if value is None:
            return self._ask_pin("That PIN is not right.")
        cookie = f"frog={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000"
        return Response(303, b"", headers=(("Location", "/"), ("Set-Cookie", cookie)))

    # -- answers -------------------------------------------------------------------

    def _ask_forget(self, notice: str) -> Response:
        return self._text(
            200 if not notice else 403, html.forget_form(self._leave_tokens.issue(), notice, self._frame)
        )

    def _ask_pin(self, notice: str) -> Response:
        return self._text(403, html.pin_form(self._pin_tokens.issue(), notice, self._frame))

    def _message(self, status: int, headline: str, text: str) -> Response:
        return self._text(status, html.message(headline, text, self._frame))

    def _text(self, status: int, text: str) -> Response:
        return Response(status, text.encode())


def with_security(response: Response) -> tuple[tuple[str, str], ...]:
    """Return all headers of an answer: its own, its length, and the security headers."""
    own = {name for name, _ in response.headers}
    caching = () if "Cache-Control" in own else (("Cache-Control", "no-store"),)
    length = (("Content-Type", response.content_type), ("Content-Length", str(len(response.body))))
    return (*length, *response.headers, *caching, *HEADERS)


def _notice(query: Mapping[str, list[str]]) -> str:
    """Return what to say after a tap; unknown words from an address are not repeated."""
    saved, soon = query.get("saved", [""])[0], query.get("soon", [""])[0]
    if saved in words.ACTIVITIES:
        return f"Saved: {words.ACTIVITIES[saved]}. Thank you."
    if soon in words.ACTIVITIES:
        return f"{words.ACTIVITIES[soon]}: your frog is busy and writes it down in a moment. You need not tap again."
    return ""


def _name(activity: str) -> str:
    return words.ACTIVITIES.get(activity, words.ACTIVITIES["other"])


def _see_other(address: str) -> Response:
    return Response(303, b"", headers=(("Location", address),))
