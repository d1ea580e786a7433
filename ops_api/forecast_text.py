"""Weather forecasts as the command line prints them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ops_api.terminal_text import escaped
from rules.core.weather_forecast import WeatherForecast, rows
from rules.winter.weather.ports import Added, Kept, Listed

HEADS = {
    "air_c": ("air °C", "{:.1f}"),
    "dew_point_c": ("dew °C", "{:.1f}"),
    "wind_m_s": ("wind m/s", "{:.1f}"),
    "cloud": ("cloud", "{:.0%}"),
    "precipitation_mm_h": ("falls mm", "{:.1f}"),
    "snow_mm_h": ("snow mm", "{:.1f}"),
    "pressure_hpa": ("hPa", "{:.0f}"),
    "shortwave_w_m2": ("sun W/m²", "{:.0f}"),
    "longwave_w_m2": ("sky W/m²", "{:.0f}"),
}


def added_lines(forecasts: Sequence[WeatherForecast], added: Sequence[Added], zone: ZoneInfo) -> list[str]:
    """Return a line for each forecast that was read."""
    return [_added(f, a, zone) for f, a in zip(forecasts, added, strict=True)]


def _added(f: WeatherForecast, a: Added, zone: ZoneInfo) -> str:
    known = "" if a.is_new else ", which was there already"
    return (
        f"forecast {a.forecast_id}{known}: {escaped(f.place.name)}, {f.source}, issued {_when(f.issued_s, zone)}, "
        f"{len(f.at_s)} hours to {_when(float(f.at_s[-1]), zone)}{_lacks(f)}"
    )


def _lacks(f: WeatherForecast) -> str:
    missing, hours = f.missing(), len(f.at_s)
    parts = [
        name if n == hours else f"{name} at {n} hour{'' if n == 1 else 's'}" for name, n in missing.items()
    ]
    return f"; without {', '.join(parts)}" if parts else ""


NONE = "No weather forecast was imported yet; `cityops forecast import FILE` does."


def list_lines(listed: Sequence[Listed], zone: ZoneInfo) -> list[str]:
    """Return a line a forecast."""
    return [
        f"{x.forecast_id:>6}  {_when(x.issued_s, zone)}  {x.source:<10}  {escaped(x.place)}, "
        f"{_when(x.from_s, zone)} to {_when(x.to_s, zone)}, by {escaped(x.by)}"
        for x in listed
    ] or [NONE]


def none_of(place: str, places: Sequence[str]) -> str:
    """Return that there is no forecast of a place; ``places``: those that there are forecasts of."""
    if not places:
        return NONE
    return f"No weather forecast is for {escaped(place)!r}; there are some for {', '.join(map(escaped, places))}."


def show_lines(kept: Kept, zone: ZoneInfo) -> Iterator[str]:
    """Yield what a forecast says, hour by hour."""
    f, place = kept.forecast, kept.forecast.place
    altitude = "" if place.altitude_m is None else f", {place.altitude_m:g} m"
    yield (
        f"Forecast {kept.forecast_id}: {escaped(place.name)} ({place.latitude_deg:g}, {place.longitude_deg:g}{altitude}), "
        f"{f.source}, issued {_when(f.issued_s, zone)}, by {escaped(kept.by)}"
    )
    names = [name for name in HEADS if name in f.columns()]
    yield "  ".join([f"{'hour':<16}", f"{'lead h':>6}", *(f"{HEADS[n][0]:>8}" for n in names)])
    for lead_h, (at_s, row) in zip(f.leads_h(), rows(f), strict=True):
        cells = (f"{'' if (v := row[n]) is None else HEADS[n][1].format(v):>8}" for n in names)
        yield "  ".join([f"{_when(at_s, zone):<16}", f"{lead_h:>6.1f}", *cells])


def _when(at_s: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at_s, zone):%Y-%m-%d %H:%M}"
