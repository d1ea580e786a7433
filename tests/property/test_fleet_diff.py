"""Edits are exactly what lies between two settings, and layers compose whatever they hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contract.kind import discover
from devices.contract.settings.check import check
from devices.contract.settings.declared import settings_of
from devices.contract.settings.model import Setting
from ingest.fleet.core.diff import applied, diff, same
from ingest.fleet.core.layers import Layer, Member, compose, layers_of, origins

FROG = settings_of(discover()["frog"])


def _values(s: Setting) -> st.SearchStrategy[object]:
    if s.type == "flag":
        return st.booleans()
    if s.type == "choice":
        return st.sampled_from(s.choices)
    if s.type in ("text", "pem"):
        return st.just("mqtt.example")
    assert s.minimum is not None
    assert s.maximum is not None
    if s.type == "integer":
        return st.integers(int(s.minimum), int(s.maximum))
    return st.floats(s.minimum, s.maximum, allow_nan=False)


NAMES = st.sampled_from(sorted(FROG))
SOME = st.lists(NAMES, unique=True, max_size=8).flatmap(
    lambda names: st.fixed_dictionaries({n: _values(FROG[n]) for n in names})
)
ANY = st.dictionaries(
    st.text(max_size=5),
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
)


@settings(max_examples=60, deadline=None)
@given(SOME | ANY, SOME | ANY)
def test_a_diff_applied_gives_the_other(before, after):
    made = applied(before, diff(before, after))
    assert made.keys() == after.keys()
    assert all(same(made[name], after[name]) for name in after)
    assert diff(made, after) == ()
    assert diff(before, before) == ()


@settings(max_examples=40, deadline=None)
@given(SOME, SOME, SOME, SOME)
def test_layers_compose_to_the_last_that_names_a_setting(fleet, kind, group, device):
    layers = {
        ("fleet", ""): Layer(scope="fleet", settings=fleet),
        ("kind", "frog"): Layer(scope="kind", target="frog", settings=kind),
        ("group", "g"): Layer(scope="group", target="g", settings=group),
        ("device", "f"): Layer(scope="device", target="f", settings=device),
    }
    mine = layers_of(Member("f", "frog", frozenset("g")), layers)
    made = compose(mine, FROG)
    assert made == {**fleet, **kind, **group, **device}
    assert {n: o.settings[n] for n, o in origins(mine, FROG).items()} == made


@settings(max_examples=60, deadline=None)
@given(ANY | SOME)
def test_what_is_checked_is_right_and_checked_again_is_the_same(given_):
    found = check(FROG, given_)
    assert found.settings.keys() | {w.name for w in found.wrong} | set(found.unknown) >= given_.keys()
    again = check(FROG, found.settings)
    assert again.settings == found.settings
    assert not again.unknown
