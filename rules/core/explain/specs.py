"""What an alarm of each rule is explained by: its inputs, its thresholds, and what would clear it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Input:
    """A stored input: its key, what it is called, unit and digits; ``is_time`` for an instant."""

    key: str
    name: str
    unit: str = ""
    digits: int = 1
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold: what it is called, where the value stands.

    Attributes:
        key: in the stored inputs; empty where only the catalogue has it.
        paths: in the catalogue's file, the first that is there.
        rule_id: whose file; None = the alarm's own rule.
        source: where it comes from when it is neither the catalogue's nor an override.
        is_span: it is a time in seconds.
    """

    name: str
    key: str
    paths: tuple[str, ...]
    unit: str = ""
    rule_id: str | None = None
    source: str | None = None
    is_span: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """How a rule's alarms are explained.

    Attributes:
        inputs: the one that matters most first.
        limits: thresholds.
        clears: input, stored threshold and its paths for the distance to clear; None where that is no distance.
        way: in which direction it clears.
        ends: what ends it, where that is no distance, as a sentence without its end.
    """

    inputs: tuple[Input, ...]
    limits: tuple[Threshold, ...]
    clears: tuple[str, str, tuple[str, ...]] | None = None
    way: Literal["less", "colder", "warmer"] = "less"
    ends: str = ""


def _dwell(what: str, key: str) -> Threshold:
    paths = (f"alarm.dwell.{key}", f"parameters.dwell.{key}", f"parameters.{key}")
    return Threshold(what, "", paths, is_span=True)


HELD, CALM = _dwell("must hold for", "raise_after_s"), _dwell("must be gone for", "clear_after_s")
FLAPS = Threshold("while it comes and goes, must be calm for", "", ("alarm.flap.calm_s",), is_span=True)


def _major(unit: str) -> tuple[Threshold, Threshold]:
    """Return where an alarm becomes major, and where it is no longer."""
    return (
        Threshold("major from", "", ("alarm.levels.1.raise_at",), unit),
        Threshold("no longer major below", "", ("alarm.levels.1.clear_at",), unit),
    )


_ROAD = Spec(
    inputs=(
        Input("surface_temperature_c", "road surface", "°C"),
        Input("dew_point_c", "dew point", "°C"),
        Input("frost_point_c", "frost point", "°C"),
        Input("air_temperature_c", "air", "°C"),
        Input("humidity_pct", "humidity", "%", 0),
        Input("trend_c_h", "trend of the surface", "°C/h"),
        Input("state", "state of the road"),
        Input("source", "known from"),
    ),
    limits=(
        HELD,
        CALM,
        FLAPS,
        Threshold("leaves the state only above its limit by", "", ("parameters.hysteresis_c",), "°C", "winter.surface"),
        Threshold("a reading counts for", "", ("parameters.sensor_age_s",), "", "winter.surface", is_span=True),
    ),
    way="warmer",
)  # fmt: skip

SPECS: Mapping[str, Spec] = {
    "damp.surface_humidity": Spec(
        inputs=(
            Input("surface_humidity_pct", "humidity at the coldest wall", "%", 0),
            Input("surface_temperature_c", "coldest wall", "°C"),
            Input("temperature_c", "room", "°C"),
            Input("humidity_pct", "humidity of the room", "%", 0),
            Input("outdoor_temperature_c", "outdoors", "°C"),
            Input("temperature_factor", "temperature factor of the wall", "", 2),
        ),
        limits=(
            Threshold("raised at", "raise_pct", ("alarm.levels.0.raise_at", "parameters.raise_pct"), "%"),
            Threshold("cleared below", "clear_pct", ("alarm.levels.0.clear_at", "parameters.clear_pct"), "%"),
            *_major("%"),
            HELD,
            CALM,
            FLAPS,
        ),
        clears=("surface_humidity_pct", "clear_pct", ("alarm.levels.0.clear_at", "parameters.clear_pct")),
    ),
    "winter.hoar_frost": _ROAD,
    "winter.ice": _ROAD,
    "winter.forecast_stale": Spec(
        inputs=(Input("issued_at", "newest road forecast"),),
        limits=(Threshold("a road forecast counts for", "fresh_h", ("parameters.fresh_h",), "h"),),
    ),
    "bins.full": Spec(
        inputs=(
            Input("fill_pct", "fill", "%", 0),
            Input("filtered_pct", "filtered readings", "%", 0),
            Input("distance_mm", "distance to the waste", "mm", 0),
        ),
        limits=(
            Threshold(
                "raised at", "threshold_pct", ("alarm.levels.0.raise_at",), "%", source="set for this bin"
            ),
            Threshold(
                "cleared below", "clear_pct", (), "%", source="this bin's threshold less the hysteresis"
            ),
            Threshold("hysteresis", "", ("parameters.hysteresis_pct",), "% points"),
            *_major("%"),
            FLAPS,
        ),
        clears=("fill_pct", "clear_pct", ("alarm.levels.0.clear_at",)),
    ),
    "bins.fire": Spec(
        inputs=(Input("temperature_c", "in the bin", "°C", 0), Input("readings", "last readings", "°C")),
        limits=(
            Threshold("fire at", "hot_c", ("alarm.levels.0.raise_at", "parameters.hot_c"), "°C"),
            Threshold("or, when rising fast, above", "", ("parameters.rising_c",), "°C"),
            Threshold("fast is more than, in 10 min", "", ("parameters.rising_c_per_10_min",), "°C"),
            Threshold("cleared below", "", ("alarm.levels.0.clear_at", "parameters.clear_c"), "°C"),
            CALM,
        ),
        clears=("temperature_c", "", ("alarm.levels.0.clear_at", "parameters.clear_c")),
        way="colder",
    ),
    "bins.tilted": Spec(
        inputs=(Input("tilt_deg", "tilt", "°", 0), Input("since", "on its side since", is_time=True)),
        limits=(Threshold("on its side from", "limit_deg", (), "°", source="bins.full, for this bin"), FLAPS),
        ends="A reading of it upright again",
    ),
    "bins.blocked": Spec(
        inputs=(
            Input("by", "said by"),
            Input("since", "since", is_time=True),
            Input("fill_pct", "fill before", "%", 0),
        ),
        limits=(FLAPS,),
        ends="An echo from the waste again, an emptying, or a crew’s word that it was collected",
    ),
    "bins.not_emptied": Spec(
        inputs=(
            Input("serviced_at", "said to be serviced", is_time=True),
            Input("failed_visits", "visits that failed", "", 0),
            Input("fill_pct", "fill", "%", 0),
        ),
        limits=(Threshold("visits that may not fail", "", ("parameters.failed_visits",)),),
        ends="An emptying that its level shows, or the word taken back that it was serviced,",
    ),
    "bins.contaminated": Spec(
        inputs=(Input("since", "said by the crew", is_time=True), Input("stream", "stream")),
        limits=(),
        ends="A crew’s word that it was collected, or the crew’s act taken back,",
    ),
    "device.silent": Spec(
        inputs=(
            Input("last_reading_at", "last reading", is_time=True),
            Input("cadence_s", "reports every", "s", 0),
            Input("kind", "kind of device"),
        ),
        limits=(
            Threshold("may say nothing for", "limit_s", (), is_span=True),
            Threshold("in intervals of its own", "", ("parameters.intervals",)),
            FLAPS,
        ),
    ),
    "device.quarantined": Spec(
        inputs=(Input("since", "kept out since", is_time=True), Input("why", "because of")),
        limits=(),
        ends="A release, a new label or its retirement",
    ),
    "platform.no_readings": Spec(
        inputs=(
            Input("silent_s", "without readings for", "s", 0),
            Input("last_received_at", "last readings received", is_time=True),
            Input("devices", "devices that ever reported", "", 0),
            Input("cadence_s", "the most frequent reports every", "s", 0),
        ),
        limits=(
            Threshold(
                "nothing may be received for",
                "limit_s",
                (),
                is_span=True,
                source="the longer of the two below",
            ),
            Threshold("at least", "", ("parameters.silent_s",), is_span=True),
            Threshold("in intervals of the most frequent device", "", ("parameters.intervals",)),
            Threshold("critical when over it by", "", ("alarm.levels.1.raise_at",), is_span=True),
            CALM,
        ),
    ),
    "platform.rules_behind": Spec(
        inputs=(
            Input("lag_s", "behind the ingester by", "s", 0),
            Input("waiting_since", "the oldest not judged was received", is_time=True),
        ),
        limits=(
            Threshold("raised at", "", ("alarm.levels.0.raise_at",), is_span=True),
            Threshold("major from", "", ("alarm.levels.1.raise_at",), is_span=True),
            Threshold("cleared below", "", ("alarm.levels.0.clear_at",), is_span=True),
            HELD,
            CALM,
        ),
    ),
    "platform.channel_failing": Spec(
        inputs=(
            Input("failures", "attempts in a row that failed", "", 0),
            Input("waited_s", "a message that is due has waited for", "s", 0),
        ),
        limits=(
            Threshold("failures in a row", "", ("parameters.failures",)),
            Threshold("or a message waits for", "", ("parameters.waits_s",), is_span=True),
            HELD,
            CALM,
        ),
    ),
    "winter.order_unanswered": Spec(
        inputs=(
            Input("proposal", "proposal"),
            Input("proposed_at", "proposed", is_time=True),
            Input("waited_s", "has waited for", "s", 0),
            Input("call_out_by", "the crew must be called by", is_time=True),
            Input("no_answer", "what counts without an answer"),
        ),
        limits=(
            Threshold("to be answered within", "", ("parameters.answer_s",), is_span=True),
            Threshold(
                "and before the crew must be called by", "", ("parameters.before_start_s",), is_span=True
            ),
            Threshold("major when over it by", "", ("alarm.levels.1.raise_at",), is_span=True),
        ),
    ),
    "platform.rota_empty": Spec(
        inputs=(
            Input("empty_h", "nobody on call for", "h"),
            Input("next_at", "somebody is on call", is_time=True),
            Input("escalations", "escalations that call for it"),
        ),
        limits=(
            Threshold("raised at", "", ("alarm.levels.0.raise_at",), "h"),
            Threshold("cleared below", "", ("alarm.levels.0.clear_at",), "h"),
            HELD,
        ),
    ),
}
"""By rule id."""
