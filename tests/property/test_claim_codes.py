"""Claim codes: whatever slips of the pen there are, they are found; and no two lives of one device look like two devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.contract.claim_code import ALPHABET, BITS, LENGTH, RANDOM_BYTES, code_hash, make_code, plain_code
from ops_api.provisioning.core.clones import Run, find_clone

chance = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)


def plain_of(raw: bytes) -> str:
    plain = plain_code(make_code(raw))
    assert plain is not None
    return plain


@given(chance, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_found(raw: bytes, place: int, wrong: str) -> None:
    plain = plain_of(raw)
    typed = plain[:place] + wrong + plain[place + 1 :]
    assert (plain_code(typed) is None) == (wrong != plain[place])


@given(chance, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_any_two_characters_that_changed_places_are_found(raw: bytes, one: int, other: int) -> None:
    letters = list(plain_of(raw))
    same = letters[one] == letters[other]
    letters[one], letters[other] = letters[other], letters[one]
    assert (plain_code("".join(letters)) is None) == (not same)


@given(chance, st.integers(0, LENGTH))
def test_a_character_too_few_or_too_many_is_found(raw: bytes, place: int) -> None:
    plain = plain_of(raw)
    assert plain_code(plain[:place] + "0" + plain[place:]) is None
    assert plain_code(plain[:place] + plain[place + 1 :]) is None or place == LENGTH


@given(chance)
def test_a_code_reads_the_same_however_it_is_typed(raw: bytes) -> None:
    code = make_code(raw)
    for typed in (
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        code.replace("1", "l").replace("0", "O"),
    ):
        assert plain_code(typed) == plain_of(raw)


@given(st.sets(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES), min_size=2, max_size=2))
def test_different_chance_makes_different_codes(two: set[bytes]) -> None:
    used = {int.from_bytes(raw) >> (8 * RANDOM_BYTES - BITS) for raw in two}
    assert len({code_hash(plain_of(raw)) for raw in two}) == len(used)


@given(st.text(max_size=90))
def test_nothing_that_is_typed_raises(text: str) -> None:
    plain = plain_code(text)
    assert plain is None or len(plain) == LENGTH


def lives(cards: list[tuple[str, int]], step_s: int) -> list[Run]:
    runs = []
    for at, (install, boot) in enumerate(cards):
        seen = NOON + timedelta(seconds=at * step_s)
        runs.append(Run(install, boot, None, seen, seen + timedelta(seconds=1)))
    return runs


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), st.integers(1, 100_000))
def test_one_device_is_never_taken_for_two(cards: list[str], step_s: int) -> None:
    """It starts again, and gets other cards and its old ones back; each start counts on."""
    assert find_clone(lives([(card, boot) for boot, card in enumerate(cards)], step_s)) is None


@given(st.sampled_from(["a", "b"]), st.integers(0, 9), st.integers(1, 3600), st.integers(0, 5))
def test_two_that_take_turns_are_always_found(other: str, boot: int, step_s: int, before: int) -> None:
    history = [("z", -1 - n) for n in range(before, 0, -1)]
    turns = [("a", boot), (other, boot + 1), ("a", boot)]
    assert find_clone(lives([*history, *turns], step_s)) is not None
