"""What the advice is told; every value in one place, to become a catalogue file."""

from __future__ import annotations

import msgspec

from rules.core.figures import Celsius, NotNegative, Percent, Positive, Share


class AdviceParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of :func:`rules.core.damp_advice.advise.advise`.

    Attributes:
        limit_pct: surface humidity to stay below (BS 5250:2002 annex D) [%].
        watch_pct: from here on there is something to do [%].
        warm_c: a room this warm is never told to heat [°C].
        most_c: nobody is told to heat to more than this [°C].
        healthy_c: a colder room is a risk to health (WHO 2018) [°C].
        gale_m_s: from this wind on (Beaufort 7) no window is to be opened [m/s].
        frosty_c, airing_min, frosty_airing_min: how long a window is wide open [min]; shorter below ``frosty_c`` [°C].
        swapped_share: share of the room's air that this replaces: least, middle, most [-].
        lasting_share: what of it stays away; furnishings give the rest back within hours [-]. About a third
            in the simulated homes: there furnishings hold twice what the air does.
        drier_g_m3: outdoor air must hold this much less water for airing to be worth it [g/m³].
        slow_clear_min: a room that takes longer to clear is told so [min].
        least_events: fewer events do not tell a usual time.
        normal_pa, sound_factor: ordinary moisture excess at 0 °C outdoors [Pa] and a sound wall [-], as in
            :class:`rules.core.damp_cause.parameters.CauseParameters`.
    """

    limit_pct: Percent = 80.0
    watch_pct: Percent = 70.0
    warm_c: Celsius = 20.0
    most_c: Celsius = 21.0
    healthy_c: Celsius = 18.0
    gale_m_s: Positive = 13.9
    frosty_c: Celsius = 5.0
    airing_min: int = 10
    frosty_airing_min: int = 5
    swapped_share: tuple[Share, Share, Share] = (0.3, 0.5, 0.7)
    lasting_share: Share = 0.35
    drier_g_m3: NotNegative = 0.5
    slow_clear_min: Positive = 60.0
    least_events: int = 3
    normal_pa: Positive = 405.0
    sound_factor: Share = 0.75
