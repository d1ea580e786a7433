"""What the frog's own page says, to whom, and what it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from devices.air import saturation_pa, vapour_pa
from devices.page import words
from devices.page.answer import CANNOT_TELL, WARM_UP, air_out, answer, facts, town
from devices.page.app import MAX_FORM_BYTES, Request, with_security
from devices.page.html import SAFETY
from devices.page.judge import Opinion, opinion
from devices.page.ring import Ring
from devices.page.samples import SLOT_S, Note, Sample
from devices.page.standing import Desk, Left
from tests.fakes.frog_page import (
    HOST,
    NOW_S,
    ZONE,
    answered,
    app_of,
    filled,
    get,
    post,
    room_at,
    standing,
    text_of,
    token_in,
)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    """A year of a damp room, with some diary."""
    ring = filled(tmp_path_factory.mktemp("frog"), 366)
    ring.note(Note(3829, 4_000, NOW_S - 5 * 3600, "shower", "button"))
    ring.note(Note(3829, 4_001, NOW_S - 3600, "cooking", "page"))
    yield ring
    ring.close()


@pytest.fixture
def desk() -> Desk:
    found = Desk(lambda: 1000.0, patience_s=20.0)
    found.standing = standing(waiting_diary=frozenset({(3829, 4_001)}))
    return found


# -- what it says ------------------------------------------------------------------


def test_the_answer_comes_first_and_the_rest_is_there(year: Ring, desk: Desk) -> None:
    page = get(app_of(year, desk))
    assert page.status == 200
    said = unescape(text_of(page))
    assert said.index("Your cold wall is getting wet.") < said.index("In this room now")
    assert "Measured just now, today at 12:10." in said
    assert "The town has not answered since today at 9:05. 37 messages wait here. Nothing is lost" in said
    assert "Cooking today at 11:10 Kept here until the town has it." in said
    assert "Shower or bath today at 7:10, by the button" in said
    assert said.count("Kept here") == 1
    assert "eyes blink on and off: do something soon" in said
    assert "Once: shower or bath. Twice: cooking. Three times: drying clothes." in said


def test_a_range_of_one_value_is_that_value() -> None:
    assert words.span("63%", "63%") == "63%"
    assert words.span("\N{MINUS SIGN}1.0 °C", "0.0 °C") == "\N{MINUS SIGN}1.0 °C to 0.0 °C"


@pytest.mark.parametrize(("path", "during"), [("/", "two days"), ("/month", "month"), ("/year", "year")])
def test_each_length_is_small_drawn_here_and_asks_nobody_else(
    year: Ring, desk: Desk, path: str, during: str
) -> None:
    app = app_of(year, desk)
    page = get(app, path)
    text = page.body.decode()
    assert f"In the last {during} humidity was" in text
    assert text.count('<svg class="chart') == 2
    files = [get(app, "/frog.css"), get(app, "/frog.svg")]
    assert [f.status for f in files] == [200, 200]
    assert len(page.body) + sum(len(f.body) for f in files) < 100_000
    assert "<script" not in text
    assert "style=" not in text
    assert set(re.findall(r'(?:href|src|action)="([^"#]*)', text)) <= {
        "/",
        "/month",
        "/year",
        "/diary",
        "/forget",
        "/frog.svg",
        "",
    } | set(re.findall(r'href="(/frog\.css\?v=[0-9a-f]+)"', text))
    assert "http" not in text.replace("http-equiv", "")


def test_the_year_is_told_in_months(year: Ring, desk: Desk) -> None:
    said = text_of(get(app_of(year, desk), "/year"))
    assert "January 2026" in said
    assert "February 2025" in said


def test_every_header_that_guards_a_page(year: Ring, desk: Desk) -> None:
    headers = dict(with_security(get(app_of(year, desk))))
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_no_text_from_outside_is_html(year: Ring, desk: Desk) -> None:
    app = app_of(year, desk, room='<b>&"bold"</b>')
    text = get(app, "/?saved=<script>&soon=%3Cscript%3E").body.decode()
    assert "<b>&" not in text
    assert "<script" not in text
    assert "&lt;b&gt;" in text


def test_before_the_first_turn_and_before_the_clock_is_set(year: Ring) -> None:
    empty = Desk(lambda: 0.0)
    assert get(app_of(year, empty)).status == 503
    empty.standing = standing(
        now_s=900, clock_set=False, latest=Sample(600, 1, 20.0, 50.0), opinion=Opinion("calm", False, False)
    )
    said = unescape(text_of(get(app_of(year, empty))))
    assert "does not know the time yet" in said
    assert "1970" not in said


def test_a_card_that_fails_is_told_and_the_page_stays(tmp_path: Path, desk: Desk) -> None:
    ring = Ring(tmp_path / "frog.db")
    ring.close()
    (tmp_path / "frog.db").write_bytes(b"no database" * 1000)
    page = get(app_of(ring, desk))
    assert page.status == 200
    assert "cannot read its memory card" in text_of(page)


# -- the frog's opinion ------------------------------------------------------------


def lately(
    temperature_c: float, humidity_pct: float, wall_c: float | None = None, hours: float = 3.0
) -> list[Sample]:
    count = round(hours * 12)
    return [Sample(NOW_S - i * SLOT_S, 1, temperature_c, humidity_pct, wall_c) for i in range(count, -1, -1)]


@pytest.mark.parametrize(
    ("samples", "mood", "cold"),
    [
        (lately(20, 50), "calm", False),
        (lately(20, 60), "look", False),
        (lately(20, 70), "act", False),
        (lately(20, 95, hours=0.5), "look", False),  # a shower
        (lately(15, 50), "look", True),
        (lately(15, 75), "act", True),
        (lately(20, 75, wall_c=19.0), "look", False),  # the wall decides, not the air
        (lately(20, 50, wall_c=9.5), "act", False),
        (lately(20, 50, wall_c=16.0), "calm", False),
    ],
)
def test_moods(samples: list[Sample], mood: str, cold: bool) -> None:
    found = opinion(samples, NOW_S)
    assert found is not None
    assert (found.mood, found.cold) == (mood, cold)


def test_no_opinion_without_fresh_samples() -> None:
    assert opinion([], NOW_S) is None
    assert opinion(lately(20, 50), NOW_S + 3600) is None


def test_words_for_every_mood() -> None:
    cold = standing(opinion=Opinion("look", False, True))
    assert answer(cold, ZONE).headline == "It is cold in here"
    assert WARM_UP in answer(cold, ZONE).action
    quiet = standing(opinion=None, sensor_trouble="bad checksum")
    assert "cannot read its sensor" in answer(quiet, ZONE).action
    assert answer(standing(opinion=None, latest=None), ZONE).headline == "Your frog is quiet"
    assert "2 hours ago" in answer(standing(opinion=None, latest=room_at(NOW_S - 7200)), ZONE).action


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct"), [(19.5, 70.0), (10.0, 75.0), (2.0, 80.0), (25.0, 99.9)]
)
def test_a_window_is_advised_only_where_it_dries_the_room_whatever_the_weather(
    temperature_c: float, humidity_pct: float
) -> None:
    said = air_out(Sample(NOW_S, 1, temperature_c, humidity_pct))
    assert said.startswith("Use a fan.")
    [below] = re.findall(r"colder outside than (\N{MINUS SIGN}?\d+)", said)
    below_c = float(below.replace("\N{MINUS SIGN}", "-"))
    assert saturation_pa(below_c) <= vapour_pa(temperature_c, humidity_pct), (
        "full air from outside holds less"
    )
    assert saturation_pa(below_c + 1.0) > vapour_pa(temperature_c, humidity_pct), "and no window is left out"


def test_mild_wet_weather_is_no_time_for_a_window() -> None:
    """19.5 °C and 70 % in, 17 °C and 95 % out: the air outside holds more water."""
    said = answer(
        standing(latest=Sample(NOW_S, 1, 19.5, 70.0), opinion=Opinion("act", False, False)), ZONE
    ).action
    assert "If it is colder outside than 13\N{NO-BREAK SPACE}°C, open a window for ten minutes." in said
    assert "window" not in air_out(Sample(NOW_S, 1, 20.0, 0.0))


def test_without_a_probe_the_frog_does_not_promise_dry_walls() -> None:
    calm = standing(latest=Sample(NOW_S, 1, 18.0, 59.0), opinion=Opinion("calm", False, False))
    assert answer(calm, ZONE).action == CANNOT_TELL
    probed = standing(latest=Sample(NOW_S, 1, 18.0, 50.0, 17.0), opinion=Opinion("calm", True, False))
    assert answer(probed, ZONE).action == "You do not need to do anything."


def test_vents_and_heaters_without_a_flue_and_no_word_against_the_figures(year: Ring, desk: Desk) -> None:
    said = unescape(text_of(get(app_of(year, desk))))
    assert SAFETY in said
    assert "over 60%: a lot of water in the air" in said


def test_the_town_in_words() -> None:
    assert town(standing(waiting=0), ZONE) == "The town has everything that your frog measured."
    assert (
        town(standing(waiting=1, connected=True, answered_s=NOW_S - 20), ZONE)
        == "1 message waits on the way to the town."
    )
    said = town(standing(waiting=3, connected=True, answered_s=NOW_S - 90_000), ZONE)
    assert "not answered since yesterday at 11:10" in said


def test_figures_say_what_they_mean() -> None:
    by_name = {f.name: f for f in facts(Sample(NOW_S, 1, 18.0, 70.0, 5.0))}
    assert by_name["Dew point"].value == "12.4"
    assert by_name["Your cold wall"].tone == "act"
    assert "100% full" in by_name["Your cold wall"].meaning
    assert "Dew point" not in {f.name for f in facts(Sample(NOW_S, 1, 18.0, 0.0))}
    assert facts(None) == ()


def test_what_the_cold_wall_cannot_take_is_not_called_just_right() -> None:
    said = {
        wall_c: next(f.meaning for f in facts(Sample(NOW_S, 1, 18.0, 59.0, wall_c)) if f.name == "Humidity")
        for wall_c in (11.0, 17.0, None)
    }
    assert said == {11.0: "More than your cold wall can take.", 17.0: "Just right.", None: "Just right."}


def syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^l])e$", "", word.lower()))))


def test_reading_age_nine(year: Ring, desk: Desk) -> None:
    """Flesch-Kincaid grade 4 is what nine-year-olds read."""
    text = []
    for st in (
        standing(),
        standing(waiting=0),
        standing(opinion=Opinion("calm", False, False)),
        standing(opinion=None),
    ):
        desk.standing = st
        body = get(app_of(year, desk)).body.decode()
        text += [
            unescape(p) for p in re.findall(r"<p[^>]*>([^<]+)</p>|<h1>([^<]+)</h1>", body) for p in p if p
        ]
    sentences = [s for part in text for s in re.split(r"[.:!?]\s|[.:!?]$", part) if re.search("[a-z]", s)]
    words = [w for s in sentences for w in re.findall(r"[A-Za-z']+", s)]
    grade = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade < 4.0, grade


# -- who may ask -------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        HOST,
        f"{HOST}:8080",
        "FROG-0001.local.",
        "192.168.1.20:8080",
        "[fe80::1]:8080",
        "127.0.0.1",
        "localhost:8080",
    ],
)
def test_its_own_names_and_home_addresses_are_answered(year: Ring, desk: Desk, host: str) -> None:
    assert get(app_of(year, desk), host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "8.8.8.8",
        "frog-0001.local.evil.example",
        "[2001:db8::1]",
        "100.64.0.1",
    ],
)
def test_foreign_names_are_not(year: Ring, desk: Desk, host: str) -> None:
    """DNS rebinding: a page's own name suddenly points at the frog."""
    app = app_of(year, desk)
    assert get(app, host=host).status == 421
    assert post(app, "/diary", "activity=shower", host=host).status == 421


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods(year: Ring, desk: Desk, method: str) -> None:
    assert app_of(year, desk).handle(Request(method, "/", {"host": HOST})).status == 405


@pytest.mark.parametrize("target", ["/nothing", "//evil.example/", "*", "/../etc/passwd", "/diary"])
def test_other_addresses(year: Ring, desk: Desk, target: str) -> None:
    assert get(app_of(year, desk), target).status == 404


# -- what it takes -----------------------------------------------------------------


def test_a_tap_is_kept_once_however_often_it_is_sent(year: Ring, desk: Desk) -> None:
    app = app_of(year, desk)
    form = f"activity=washing&token={token_in(get(app))}"
    with answered(desk, year) as clerk:
        first, again = post(app, "/diary", form), post(app, "/diary", form)
        assert clerk.written == ["washing"]
    for response in (first, again):
        assert (response.status, dict(response.headers)["Location"]) == (303, "/?saved=washing#diary")
    said = text_of(get(app, "/?saved=washing"))
    assert "Saved: Drying clothes. Thank you." in said
    assert "Drying clothes today at 12:10 Kept here until the town has it." in said


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_another_pages_form_is_turned_away(year: Ring, desk: Desk, headers: dict[str, str]) -> None:
    app = app_of(year, desk)
    form = f"activity=washing&token={token_in(get(app))}"
    assert post(app, "/diary", form, **headers).status == 403
    assert desk.taps() == []


def test_forms_without_a_true_token(year: Ring, desk: Desk) -> None:
    now_s = 1000.0
    app = app_of(year, desk, clock=lambda: now_s)
    token = token_in(get(app))
    for wrong in ("", "a.b.c", token[:-1] + ("0" if token[-1] != "0" else "1"), "1" + token):
        assert post(app, "/diary", f"activity=shower&token={wrong}").status == 403
    now_s += 13 * 3600
    assert post(app, "/diary", f"activity=shower&token={token}").status == 403
    assert post(app, "/diary", f"activity=dancing&token={token_in(get(app))}").status == 400
    assert post(app, "/diary", "x" * (MAX_FORM_BYTES + 1)).status == 413
    assert post(app, "/elsewhere", "").status == 404
    assert desk.taps() == []


def test_a_frog_that_is_busy_or_cannot_keep_it_says_so(year: Ring) -> None:
    busy = Desk(lambda: 1000.0, patience_s=0.01)
    busy.standing = standing()
    app = app_of(year, busy)
    response = post(app, "/diary", f"activity=shower&token={token_in(get(app))}")
    assert dict(response.headers)["Location"] == "/?soon=shower#diary"
    assert "writes it down in a moment" in text_of(get(app, "/?soon=shower"))
    assert [t.activity for t in busy.taps()] == ["shower"]
    patient = Desk(lambda: 1000.0, patience_s=20.0)
    patient.standing = standing()
    app = app_of(year, patient)
    with answered(patient, year, keeps=False):
        assert post(app, "/diary", f"activity=shower&token={token_in(get(app))}").status == 507


def test_a_household_has_its_frog_forget_once_it_is_sure(year: Ring, desk: Desk) -> None:
    app = app_of(year, desk)
    assert 'href="/forget"' in get(app).body.decode()
    asked = get(app, "/forget")
    assert (asked.status, "My data" in text_of(asked)) == (200, True)
    token = token_in(asked)
    with answered(desk, year) as clerk:
        assert post(app, "/forget", f"sure=yes&token={token}", origin="http://elsewhere").status == 403
        assert post(app, "/forget", "sure=yes&token=made-up").status == 403
        unsure = post(app, "/forget", f"token={token}")
        assert (unsure.status, "tick the box" in text_of(unsure)) == (403, True)
        assert clerk.written == []
        done = post(app, "/forget", f"sure=yes&token={token_in(unsure)}")
        assert (done.status, "Your frog has forgotten" in text_of(done)) == (200, True)
        assert post(app, "/forget", f"sure=yes&token={token_in(unsure)}").status == 403, "once"
        assert clerk.written == ["forgotten"]
        assert not {"for the town", "last traces"} & set(
            re.findall("for the town|last traces", text_of(done))
        )
        clerk.left = Left(waiting=2, traces=True)
        partly = text_of(post(app, "/forget", f"sure=yes&token={token_in(get(app, '/forget'))}"))
        assert (
            "2 entries wait for the town: your frog sends them first, and then forgets them, too." in partly
        )
        assert "The last traces go then at the latest, once nobody reads its card and it has room." in partly
    with answered(desk, year, keeps=False):
        failed = post(app, "/forget", f"sure=yes&token={token_in(get(app, '/forget'))}")
        assert (failed.status, "tell the council" in text_of(failed)) == (507, True)
    behind = app_of(year, desk, pin="4711")
    assert "PIN" in text_of(get(behind, "/forget"))
    assert "PIN" in text_of(post(behind, "/forget", "sure=yes&token=x"))
    busy = Desk(lambda: 1000.0, patience_s=0.01)
    busy.standing = desk.standing
    waiting = app_of(year, busy)
    assert post(waiting, "/forget", f"sure=yes&token={token_in(get(waiting, '/forget'))}").status == 202


def test_a_pin_shows_nothing_before_it_was_typed(year: Ring, desk: Desk) -> None:
    now_s = 1000.0
    app = app_of(year, desk, pin="4711", clock=lambda: now_s)
    for path in ("/", "/month", "/year", "/nothing"):
        asked = get(app, path)
        assert asked.status == 403
        assert "Humidity" not in text_of(asked)
    assert post(app, "/diary", "activity=shower").status == 403
    assert get(app, "/frog.css").status == 200
    right = post(app, "/pin", f"pin=4711&token={token_in(asked)}")
    cookie = dict(right.headers)["Set-Cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie
    assert get(app, cookie=cookie.partition(";")[0]).status == 200
    assert get(app, cookie="frog=00").status == 403
    assert get(app, cookie="frog=").status == 403


def test_a_pin_cannot_be_tried_out(year: Ring, desk: Desk) -> None:
    now_s = 1000.0
    app = app_of(year, desk, pin="4711", clock=lambda: now_s)

    def entered(pin: str) -> str:
        response = post(app, "/pin", f"pin={pin}&token={token_in(get(app))}")
        return "in" if response.status == 303 else text_of(response)

    for _ in range(5):
        assert "not right" in entered("0000")
    assert "Please wait 1 minute." in entered("4711")
    now_s += 61.0
    for _ in range(5):
        assert "not right" in entered("0000")
    assert "Please wait 2 minutes." in entered("4711")
    now_s += 121.0
    assert entered(" 4711") == "in"
    old = post(app, "/pin", "pin=4711&token=none")
    assert "once more" in text_of(old)
