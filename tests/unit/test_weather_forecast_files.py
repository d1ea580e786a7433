"""Forecast files of each format: what is made of them, and what each wrong one is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.core.weather_forecast import WeatherForecast
from rules.winter.weather.files import FORMATS, LARGEST_FILE, Format, read, read_file, told
from rules.winter.weather.formats import own_json
from rules.winter.weather.formats.given import Given, station_hpa
from tests.fakes import weather_forecasts as files
from tests.fakes.weather_forecasts import HOURS, T, dumped, forecast

HOUR_S = 3600.0
HERE = Given(latitude_deg=52.118, longitude_deg=-1.052)
CSV_HEAD = "place,latitude_deg,longitude_deg,source,issued_at,at,air_c,dew_point_c,cloud"


def csv_of(*rows: str, head: str = CSV_HEAD) -> bytes:
    return "\n".join((head, *rows)).encode()


def csv_row(hour: int, air: object = 1.0, place: str = "Hill") -> str:
    return f"{place},52.1,-1.0,own,{files.stamp(0)},{files.stamp(hour)},{air},,0.5"


def one(content: bytes | str, form: Format | None = None, given: Given = Given()) -> WeatherForecast:  # noqa: B008
    raw = content.encode() if isinstance(content, str) else content
    [made] = read(raw, "f", given, form)
    return made


def wrong(content: bytes | str, form: Format | None = None, given: Given = Given()) -> str:  # noqa: B008
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ConfigurationError) as refused:
        read(raw, "f.txt", given, form)
    message = str(refused.value)
    assert message.startswith("f.txt: ") or form == "metro", message
    return message


# -- our own JSON --------------------------------------------------------------------


def test_our_json_says_all_of_a_forecast_and_its_schema_agrees() -> None:
    made = forecast(cloud=np.array([0.1, np.nan, 0.3, 0.4, 0.5, 0.6]), shortwave_w_m2=np.zeros(HOURS))
    content = own_json.write(made)
    again = one(content)
    assert (again.digest, again.place) == (made.digest, made.place)
    schema = own_json.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = own_json.document(made)
    jsonschema.validate(document, schema)
    for name, value in (("air_c", 51), ("cloud", -0.1), ("unknown", 1)):
        document = own_json.document(made)
        document["hours"][2][name] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema)
        assert name in wrong(dumped(document))


def test_a_list_of_documents_is_several_places() -> None:
    documents = [own_json.document(forecast()), own_json.document(forecast(source="other"))]
    assert [f.source for f in read(dumped(documents), "f", Given(issued_s=T + 60.0))] == ["test", "other"]
    assert "2 forecasts" in wrong(dumped(documents), given=Given(place="X"))


def in_document(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        target: Any = document
        for step in steps:
            target = target[int(step) if step.isdigit() else step]
        if value is None:
            del target[last]
        else:
            target[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (in_document("hours.2.air_c", "warm"), "hours[2].air_c is 'warm': Expected `float`"),
        (in_document("hours.2.air_c", 60.0), "hours[2].air_c is 60.0: Expected `float` <= 50.0"),
        (in_document("hours.2.air_c", None), "missing required field `air_c`"),
        (in_document("hours.1.wind", 3.0), "unknown field `wind`"),
        (in_document("hours.1.at", "2026-01-09T15:00"), "hours[1].at is '2026-01-09T15:00'"),
        (in_document("hours.1.at", files.stamp(9, "%Y-%m-%dT%H:%M:%SZ")), "hour 2 is 9 h after hour 1"),
        (in_document("place.latitude_deg", 99), "place.latitude_deg is 99: Expected `float` <= 90.0"),
        (in_document("source", "two words"), "source is 'two words'"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_told_where(change: Callable[[dict[str, Any]], None], says: str) -> None:
    document = own_json.document(forecast())
    change(document)
    assert says in wrong(dumped(document))


# -- our own CSV ---------------------------------------------------------------------


def test_our_csv_has_a_row_an_hour_and_any_number_of_places() -> None:
    content = csv_of(
        csv_row(0),
        csv_row(1, 0.5),
        "",
        csv_row(0, 3, "Vale, lower".replace(",", "")),
        csv_row(1, 2, "Vale lower"),
    )
    hill, vale = read(content, "f", Given())
    assert (hill.place.name, hill.source, hill.issued_s) == ("Hill", "own", T)
    assert (list(hill.air_c), list(hill.cloud)) == ([1.0, 0.5], [0.5, 0.5])
    assert np.isnan(hill.dew_point_c).all()
    assert hill.shortwave_w_m2 is None
    assert (vale.place.name, list(vale.air_c)) == ("Vale lower", [3.0, 2.0])


def test_what_a_csv_leaves_out_can_be_given_beside_it() -> None:
    bare = csv_of(f"{files.stamp(0)},1", f"{files.stamp(1)},2", head="at,air_c")
    made = one(bare, given=Given(latitude_deg=51.5, longitude_deg=-0.1, issued_s=T, place="P"))
    assert (made.place.name, made.source, made.issued_s) == ("P", "csv", T)
    assert "latitude_deg is empty" in wrong(bare, given=Given(issued_s=T))
    assert "issued_at is empty" in wrong(bare, given=HERE)
    assert (
        one(bare, given=Given(latitude_deg=51.5, longitude_deg=-0.1, issued_s=T)).place.name
        == "51.5000 -0.1000"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (csv_of(csv_row(0), csv_row(1, "mild")), "line 3: air_c is 'mild'; it must be a number, or empty"),
        (csv_of(csv_row(0), csv_row(1, "inf")), "line 3: air_c is 'inf'"),
        (csv_of(csv_row(0), "a,b"), "line 3 has 2 values; the first line names 9 columns"),
        (csv_of(csv_row(0), head=CSV_HEAD + ",gust"), "column 'gust' is not known; columns: at,"),
        (csv_of(csv_row(0), head=CSV_HEAD.replace("air_c", "cloud")), "column 'cloud' is there twice"),
        (csv_of(csv_row(0), head=CSV_HEAD.replace("air_c", "wind_m_s")), "column 'air_c' is missing"),
        (csv_of(), "no row below its first line"),
        (csv_of(csv_row(0), csv_row(2)), "hour 2 is 2 h after hour 1"),
        (csv_of(csv_row(0), csv_row(1).replace(files.stamp(1), "soon")), "line 3: at is 'soon'"),
        (csv_of(csv_row(0)) + b"\xff", "no UTF-8 text"),
    ],
)  # fmt: skip
def test_a_wrong_csv_is_told_the_line(content: bytes, says: str) -> None:
    assert says in wrong(content, "csv")


# -- METRo ---------------------------------------------------------------------------


def test_metro_s_amounts_units_and_place(tmp_path: Path) -> None:
    path = tmp_path / "forecast.xml"
    path.write_text(files.metro())
    (tmp_path / "station.xml").write_text(files.METRO_STATION)
    [made] = read_file(path, Given())
    assert (made.place.name, made.place.latitude_deg, made.source) == ("ost", 42.9, "metro")
    assert (made.issued_s, made.at_s[0]) == (T, T)
    assert made.wind_m_s[0] == pytest.approx(5.0)
    assert made.cloud[0] == 0.5
    assert made.snow_mm_h == pytest.approx([0, 0, 0, 0, 0.1, 0.1])
    assert made.precipitation_mm_h == pytest.approx([0, 0.2, 0.2, 0.2, 0.3, 0.3])
    (tmp_path / "station.xml").unlink()
    with pytest.raises(ConfigurationError, match=r"put its station\.xml beside it"):
        read_file(path, Given())
    assert one(files.metro(), given=HERE).place.name == "yxu"


def test_metro_s_sentinels_are_not_given_and_not_a_fall() -> None:
    made = one(files.metro(ra=-99.9, sn=-99.9, ap=0.0, td=9999.0), given=HERE)
    for name in ("precipitation_mm_h", "snow_mm_h", "pressure_hpa", "dew_point_c"):
        assert list(np.isnan(getattr(made, name))) == [False] * 5 + [True], name
    marked = one(files.metro(ra=0.0, sn=0.0, pi=-1), given=HERE)
    assert np.isnan(marked.precipitation_mm_h[-1])
    begun = files.metro().replace("<ra>0</ra>", "<ra>3</ra>", 1).replace("<ra>0.2</ra>", "<ra>3</ra>")
    assert "ra of hour 3 is 0.4 after 3" in wrong(begun, given=HERE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (files.metro(ra=0.1), "ra of hour 6 is 0.1 after 0.8; an accumulated amount must not fall"),
        (files.metro(ra=10_000.0), "precipitation_mm_h of hour 6 is 9999"),
        (files.metro(at=9999.0), "air_c of hour 6 is nan; it must be given at every hour"),
        (files.metro().replace("<forecast>", "<observation>").replace("</forecast>", "</observation>"), "<observation>"),
        (files.metro(hours=0), "no <prediction>"),
        (files.metro().replace("production-date", "made"), "production-date is missing"),
        (files.metro().replace(files.stamp(3), "noon"), "noon"),
        ("<!DOCTYPE a><forecast/>", "document type"),
        ("<forecast>", "no element"),
    ],
)  # fmt: skip
def test_a_wrong_metro_file_is_told(content: str, says: str) -> None:
    assert says in wrong(content, "metro", HERE)


# -- DataHub -------------------------------------------------------------------------


def test_datahub_s_hours() -> None:
    made = one(dumped(files.datahub()))
    assert (made.place.name, made.place.altitude_m, made.source, made.issued_s) == (
        "Ourtown",
        85.0,
        "datahub",
        T,
    )
    assert list(made.air_c) == [2.0, 1.0, 0.0, -1.0, -2.0, -3.0]
    assert list(made.cloud) == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    assert list(made.precipitation_mm_h) == [0.4, 0.4, 0.4, 0.4, 0.5, 0.5]  # the last two have a rate only
    assert list(made.snow_mm_h[:4]) == [0.0] * 4
    assert np.isnan(made.snow_mm_h[4:]).all()
    assert made.pressure_hpa[0] == pytest.approx(1015.0 - 10.6, abs=0.2)  # 85 m of air at 2 °C
    assert made.shortwave_w_m2 is None
    assert made.longwave_w_m2 is None


def test_datahub_s_nulls_are_not_given_and_snow_is_never_more_than_falls() -> None:
    made = one(
        dumped(files.datahub(totalSnowAmount=0.6, screenDewPointTemperature=None, significantWeatherCode=5))
    )
    assert list(made.precipitation_mm_h[:4]) == [0.6] * 4
    assert np.isnan(made.dew_point_c).all()
    assert np.isnan(made.cloud).all()
    nameless = files.datahub()
    del nameless["features"][0]["properties"]["location"]
    del nameless["parameters"]
    assert one(dumped(nameless)).place.name == "52.1180 -1.0520"
    assert one(dumped(nameless), given=Given(place="Hill", issued_s=T - HOUR_S)).issued_s == T - HOUR_S


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("type", "Feature", "no GeoJSON feature collection"),
        ("features", [], "no GeoJSON feature collection"),
        ("parameters.0.mslp.unit.symbol.type", "hPa", "unit of mslp is 'hPa'; it must be 'Pa'"),
        ("features.0.properties.timeSeries", None, "features[0].properties.timeSeries is missing"),
        ("features.0.properties.timeSeries", [{"maxScreenAirTemp": 3.0}], "three-hourly or daily"),
        ("features.0.properties.timeSeries.2.screenTemperature", "2", "screenTemperature of hour 3 is '2'"),
        ("features.0.properties.timeSeries.2.screenTemperature", None, "air_c of hour 3 is nan"),
        ("features.0.properties.timeSeries.2.time", "x", "features[0]: time is 'x'"),
        ("features.0.properties.timeSeries.2.time", files.stamp(9), "hour 3 is 8 h after hour 2"),
        ("features.0.properties.modelRunDate", None, "features[0].properties.modelRunDate is None"),
        ("features.0.geometry.coordinates", [1.0], "it must be [longitude, latitude, altitude]"),
    ],
)  # fmt: skip
def test_a_wrong_datahub_file_is_told_where(path: str, value: object, says: str) -> None:
    document = files.datahub()
    in_document(path, value)(document)
    assert says in wrong(dumped(document), "datahub")


# -- Open-Meteo ----------------------------------------------------------------------


def test_open_meteo_s_hours() -> None:
    made = one(dumped(files.open_meteo()), given=Given(fetched_s=T + 60.0))
    assert (made.place.name, made.place.altitude_m, made.issued_s) == ("52.1200 -1.0500", 85.0, T + 60.0)
    assert made.wind_m_s[0] == pytest.approx(2.5)
    assert made.snow_mm_h[4:] == pytest.approx([1.0, 0.5])  # 7 cm of snow are 10 mm of water
    assert list(made.cloud) == [0.5] * HOURS
    assert made.shortwave_w_m2 is not None
    assert made.shortwave_w_m2[0] == 30.0
    assert "does not say when it was issued" in wrong(dumped(files.open_meteo()))


def test_open_meteo_s_other_units_times_and_names() -> None:
    document = files.open_meteo(
        time=[T + HOUR_S * h for h in range(HOURS)], temperature_2m=[32.0, 23.0] * 3, dew_point_2m=None,
        relative_humidity_2m=[100, 50] * 3, wind_speed_10m=[10.0] * HOURS, snowfall=[0.0] * HOURS,
        surface_pressure=None, pressure_msl=[1015.0] * HOURS,
    )  # fmt: skip
    document["hourly_units"] |= {
        "time": "unixtime",
        "temperature_2m": "°F",
        "wind_speed_10m": "mp/h",
        "snowfall": "inch",
    }
    document["utc_offset_seconds"] = 3600
    made = one(dumped(document), given=Given(issued_s=T))
    assert made.at_s[0] == T
    assert made.air_c[:2] == pytest.approx([0.0, -5.0])
    assert made.dew_point_c[:2] == pytest.approx([0.0, -13.9], abs=0.1)
    assert made.wind_m_s[0] == pytest.approx(4.47, abs=0.01)
    assert made.pressure_hpa[0] == pytest.approx(1004.3, abs=0.2)
    local = files.open_meteo()
    local["utc_offset_seconds"] = 3600
    assert one(dumped(local), given=Given(issued_s=T)).at_s[0] == T - HOUR_S


def test_open_meteo_s_padding_is_no_forecast_but_a_hole_is_refused() -> None:
    padded = files.open_meteo(temperature_2m=[None, 1.0, 0.0, -1.0, None, None])
    assert len(one(dumped(padded), given=Given(issued_s=T)).at_s) == 3
    hole = files.open_meteo(temperature_2m=[2.0, 1.0, None, -1.0, -2.0, -3.0])
    assert "air_c of hour 3 is nan" in wrong(dumped(hole), given=Given(issued_s=T))
    several = [files.open_meteo(), files.open_meteo()]
    assert len(read(dumped(several), "f", Given(issued_s=T))) == 2


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("error", True, "holds Open-Meteo's error"),
        ("hourly.time", None, "hourly.time is missing"),
        ("hourly.temperature_2m", None, "hourly.temperature_2m is missing: ask for it, of one model"),
        ("hourly.temperature_2m", [1.0], "hourly.temperature_2m has not the 6 values"),
        ("hourly.cloud_cover", ["x"] * HOURS, "hourly.cloud_cover[0] is 'x'; it must be a number or null"),
        ("hourly.cloud_cover", [101] * HOURS, "cloud of hour 1 is 1.01; it must be 0 to 1"),
        ("hourly_units.wind_speed_10m", "Beaufort", "hourly_units.wind_speed_10m is 'Beaufort'; it must be m/s or km/h"),
        ("hourly_units.precipitation", None, "hourly_units.precipitation is None"),
        ("utc_offset_seconds", None, "utc_offset_seconds is missing"),
        ("latitude", None, "latitude_deg is nan"),
    ],
)  # fmt: skip
def test_a_wrong_open_meteo_file_is_told_where(path: str, value: object, says: str) -> None:
    document = files.open_meteo()
    in_document(path, value)(document)
    assert says in wrong(dumped(document), "open-meteo", Given(issued_s=T))


# -- any ------------------------------------------------------------------------------


def test_formats_are_told_apart(tmp_path: Path) -> None:
    made: dict[Format, bytes] = {
        "json": own_json.write(forecast()),
        "csv": csv_of(csv_row(0), csv_row(1)),
        "metro": files.metro().encode(),
        "datahub": dumped(files.datahub()),
        "open-meteo": dumped(files.open_meteo()),
    }
    assert set(made) == set(FORMATS)
    for form, content in made.items():
        assert told(content, "f") == form
        assert told(b"\xef\xbb\xbf\n" + content, "f") == form
        path = tmp_path / form
        path.write_bytes(content)
        os.utime(path, (T, T))
        [found] = read_file(path, HERE)
        assert found.issued_s == T
    assert "none of json, csv, metro" in wrong(b"hello")
    assert "no JSON" in wrong(b"{", "json")
    with pytest.raises(ConfigurationError, match="No such file"):
        read_file(tmp_path / "none", HERE)
    with pytest.raises(ConfigurationError, match="at most 8000000 are read"):
        read(b"x" * (LARGEST_FILE + 1), "f", HERE)


def test_pressure_falls_with_height_as_in_the_standard_atmosphere() -> None:
    made = station_hpa(np.array([1013.25]), 1000.0, np.array([15.0 - 6.5]))
    assert made[0] == pytest.approx(898.7, abs=0.3)
