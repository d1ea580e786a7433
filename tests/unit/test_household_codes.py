"""Codes that nobody guesses, networks that are counted as one, and days as residents read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from ops_api.households.codes import ALPHABET, GROUPS, hint, new_code, new_token, source_hash, token_hash
from ops_api.web import household_view
from ops_api.web.brand import Brand

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_code_is_typed_easily_and_holds_65_bits() -> None:
    made = {new_code() for _ in range(500)}
    assert len(made) == 500
    for code in made:
        assert [len(group) for group in code.split("-")] == list(GROUPS)
        assert set(code) <= set(ALPHABET) | {"-"}
        assert code.endswith(hint(code))
    assert not set("ILOU") & set(ALPHABET)
    assert sum(GROUPS) * math.log2(len(ALPHABET)) >= 64


def test_a_token_is_stored_as_its_hash() -> None:
    token = new_token()
    assert len(token) >= 43
    assert len(token_hash(token)) == 32
    assert token.encode() not in token_hash(token)


def test_an_ipv6_network_counts_as_one_and_an_ipv4_address_by_itself() -> None:
    assert source_hash("2001:db8::1") == source_hash("2001:db8::ffff:1")
    assert source_hash("2001:db8::1") != source_hash("2001:db8:0:1::1")
    assert source_hash("203.0.113.1") != source_hash("203.0.113.2")
    assert len({source_hash(""), source_hash("testclient"), source_hash("203.0.113.1")}) == 3


def consent(**changed: object) -> dict[str, object]:
    row = {
        "consent_id": uuid4(), "device": None, "room": None, "statistic": "risk", "recipient_kind": "landlord",
        "recipient": "Mr Lord", "from_at": None, "to_at": None, "given_at": NOW, "given_by": "Ada",
        "revoked_at": None, "revoked_by": None,
    }  # fmt: skip
    return row | changed


def test_the_first_line_says_who_sees_the_home() -> None:
    def headline(*rows: dict[str, object]) -> str:
        return household_view.shared(rows, Brand(), NOW).headline

    assert headline() == "The council does not see your home. Your landlord sees nothing."
    assert headline(consent(revoked_at=NOW, revoked_by="Ben")) == headline()
    other = "Your landlord sees nothing. You said yes to 1 other: nothing is sent to them yet."
    assert headline(consent()) == f"The council does not see your home. {other}"
    both = headline(consent(), consent(recipient_kind="council", recipient="housing"))
    assert both == f"The council sees some of your home. {other}"


def council(**changed: object) -> dict[str, object]:
    return consent(recipient_kind="council", recipient="housing", **changed)


def test_what_is_over_or_to_begin_is_not_seen_now() -> None:
    day = timedelta(days=1)
    over, later = council(from_at=NOW - 9 * day, to_at=NOW), council(from_at=NOW + day)
    view = household_view.shared([over, later], Brand(), NOW)
    assert view.headline == "The council does not see your home. Your landlord sees nothing."
    assert (view.now, len(view.later), len(view.before)) == ((), 1, 1)
    assert (view.council, view.council_sees) == (True, False), "there is something to stop"
    begun = household_view.shared([later], Brand(), NOW + day)
    assert (begun.council_sees, len(begun.now), begun.later) == (True, 1, ())


def test_a_council_that_is_the_landlord_is_said_to_be_it() -> None:
    alone = household_view.shared([], Brand(), NOW, council_owned=True)
    assert alone.headline == "The council is your landlord. It does not see your home."
    seen = household_view.shared([council()], Brand(), NOW, council_owned=True)
    assert seen.headline == "The council is your landlord. It sees some of your home."


def test_a_yes_that_nothing_reads_is_not_told_as_seen() -> None:
    rows = [council(), council(statistic="hourly"), council(statistic="diary"), consent()]
    assert [s.is_read for s in household_view.shared(rows, Brand(), NOW).now] == [True, False, False, False]
    diary = household_view.shared([council(statistic="diary")], Brand(), NOW)
    assert (diary.council, diary.council_sees) == (True, False)
    assert "does not see" in diary.headline


def test_a_risk_that_looks_back_before_the_day_it_is_shared_from_says_so() -> None:
    rows = [council(from_at=NOW), council(from_at=None), council(from_at=NOW, statistic="daily")]
    assert [s.looks_back for s in household_view.shared(rows, Brand(), NOW).now] == [True, False, False]


def test_the_last_day_is_the_one_before_the_end() -> None:
    [shared] = household_view.shared([consent(to_at=datetime(2026, 12, 25, tzinfo=UTC))], Brand(), NOW).now
    assert shared.until == "24 December 2026"
    assert shared.since == "the day your frog came"


def test_a_receipt_leaves_out_what_was_not_there() -> None:
    row = {
        "erasure_id": "e", "done_at": NOW, "deleted": {"readings": 12_000, "diary": 0, "stays": 1},
        "kept": [(NOW - timedelta(days=2), NOW)],
    }  # fmt: skip
    said = household_view.receipt(row, Brand())
    assert said.gone == (("12,000", "readings of your frogs"), ("1", "lines that say you lived there"))
    assert said.kept == ("from 28 November 2026 to 30 November 2026",)
