"""Files that the road model reads: what is right, and what each wrong one is told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.core.road_surface.fit import BOUNDS
from rules.core.road_surface.metro import METRO
from rules.core.road_surface.nights import despiked
from rules.core.road_surface.sun import direct_share, lit_share, position, street_horizon_deg
from rules.road_data import hornsgatan, metro_xml, sets
from tests.fakes.street_file import HEAD, january

STATION = (
    "<station><station-type>bridge</station-type><roadlayer-list><roadlayer><position>1</position>"
    "<type>Asphalt</type><thickness>0.2</thickness></roadlayer></roadlayer-list></station>"
)


def test_a_street_s_hours_are_utc_and_missing_is_not_a_number(tmp_path: Path) -> None:
    hours = hornsgatan.read(january(tmp_path / "m.txt", 3))
    assert hours.at_s[0] == np.datetime64("2014-12-31T23:00:00").astype("datetime64[s]").astype(float)
    assert np.isnan(hours.values["cloud"]).all()
    assert not np.isnan(hours.values["surface_c"]).any()
    series = hornsgatan.series(hours)
    assert series.pressure_pa[0] == 100_000.0


def test_where_the_street_is_comes_from_its_metadata(tmp_path: Path) -> None:
    path = january(tmp_path / "m.txt", 3)
    (tmp_path / "metadata.txt").write_text(
        "Latitude \t51.5\nLongitude \t-0.1\nTime difference (UTC)\t0\nText\tfree\n"
    )
    hours = hornsgatan.read(path)
    assert (hours.latitude_deg, hours.longitude_deg, hours.utc_offset_h) == (51.5, -0.1, 0.0)
    assert hours.at_s[0] == np.datetime64("2015-01-01").astype("datetime64[s]").astype(float)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: ["a\tb", *lines[1:]], "first line must name"),
        (lambda lines: [lines[0], lines[1].replace("85.00", "wet"), *lines[2:]], "line 2"),
        (lambda lines: [lines[0], lines[1].rsplit("\t", 1)[0], *lines[2:]], "15 columns instead of 16"),
        (lambda lines: [*lines[:5], *lines[6:]], "without a gap"),
        (lambda lines: [lines[0], lines[1].replace("2015\t1\t1", "2015\t13\t1"), *lines[2:]], "line 2"),
        (lambda lines: lines[:2], "without a gap"),
    ],
)
def test_a_wrong_street_file_is_told_what_is_wrong(tmp_path: Path, change, told: str) -> None:
    path = january(tmp_path / "m.txt", 3)
    path.write_text("\n".join(change(path.read_text().splitlines())))
    with pytest.raises(ConfigurationError, match=told):
        hornsgatan.read(path)
    with pytest.raises(ConfigurationError, match="no such file"):
        hornsgatan.read(tmp_path / "other.txt")
    assert HEAD.count("\t") == 15


def test_a_sensor_that_leaps_in_the_dark_is_not_believed() -> None:
    road = np.array([2.0, 1.9, 9.9, 0.6, 0.4, -3.0, -3.1])
    dark = np.zeros(7)
    assert np.isnan(despiked(road, dark)).tolist() == [False, False, True, False, False, False, False]
    assert not np.isnan(despiked(road, dark + 400.0)).any()


def metro_case(folder: Path, **texts: str) -> Path:
    measures = "".join(
        f"<measure><observation-time>2020-01-01T{h:02d}:00Z</observation-time><at>-2</at><td>-4</td><ws>7.2</ws>"
        f"<st>{'9999' if h == 3 else -1}</st><sst>1</sst></measure>"
        for h in range(12)
    )
    predictions = "".join(
        f"<prediction><roadcast-time>2020-01-01T{h}:{m}0Z</roadcast-time><at>-2</at><td>-4</td><ws>7.2</ws><qp-ra>0</qp-ra>"
        f"<qp-sn>0</qp-sn><ra>0</ra><sn>0</sn><sf>0</sf><ir>250</ir><st>-1.5</st></prediction>"
        for h in range(12, 15)
        for m in (0, 2, 4)
    )
    files = {
        "station": STATION,
        "observation": f"<observation>{measures}</observation>",
        "roadcast_reference": f"<roadcast>{predictions}</roadcast>",
    } | texts
    for name, text in files.items():
        (folder / f"{name}.xml").write_text(text)
    return folder


def test_a_metro_case_is_read_in_si_units_without_sentinels(tmp_path: Path) -> None:
    case = metro_xml.read_case(metro_case(tmp_path))
    assert case.bridge
    assert case.layers[0].conductivity_w_mk == 0.8
    assert case.sensed.wind_m_s[0] == pytest.approx(2.0)
    assert len(case.sensed.at_s) == 11  # 9999 is none
    assert case.roadcast.longwave_w_m2.tolist() == [250.0] * 9


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"station": "<station>"}, "no element found|mismatched"),
        ({"station": '<!DOCTYPE s [<!ENTITY a "b">]><station>&a;</station>'}, "document type"),
        ({"station": STATION.replace("Asphalt", "cheese")}, "material 'cheese'"),
        ({"station": STATION.replace("0.2", "-1")}, "above 0 m"),
        ({"station": "<station/>"}, "no roadlayer"),
        ({"observation": "<observation/>"}, "no usable road temperature"),
        ({"observation": "<o><measure><st>1</st></measure></o>"}, "Invalid isoformat"),
    ],
)
def test_a_wrong_metro_case_is_told_what_is_wrong(tmp_path: Path, texts: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        metro_xml.read_case(metro_case(tmp_path, **texts))


def test_shipped_sets_are_within_their_bounds_and_written_as_they_are_read(tmp_path: Path) -> None:
    assert sets.shipped() == ["hornsgatan", "hornsgatan_start"]
    for name in sets.shipped():
        p = sets.load(name)
        (tmp_path / f"{name}.toml").write_text(sets.to_toml(p))
        assert sets.load(str(tmp_path / f"{name}.toml")) == p
    assert set(sets.load("hornsgatan").fitted) == set(BOUNDS)
    (tmp_path / "metro.toml").write_text(sets.to_toml(METRO))
    assert sets.load(str(tmp_path / "metro.toml")) == METRO


def test_a_wrong_set_is_told_what_is_wrong(tmp_path: Path) -> None:
    p = sets.load("hornsgatan")
    out = msgspec.structs.replace(p, site=msgspec.structs.replace(p.site, sky_view=0.1))
    (tmp_path / "out.toml").write_text(sets.to_toml(out))
    with pytest.raises(ConfigurationError, match=r"sky_view: 0\.1 is not within 0\.2\.\.1\.0"):
        sets.load(str(tmp_path / "out.toml"))
    (tmp_path / "odd.toml").write_text('id = "x"\nversion = 1\nsource = ""\ncolour = "blue"\n')
    with pytest.raises(ConfigurationError, match="colour"):
        sets.load(str(tmp_path / "odd.toml"))
    with pytest.raises(ConfigurationError, match="sets: hornsgatan, hornsgatan_start"):
        sets.load("cambridge")


def test_the_sun_is_where_it_should_be_and_a_street_hides_it() -> None:
    """Stockholm: noon heights from the almanac; along its axis a street sees the sun down to the ground."""
    at = [
        np.datetime64(t).astype("datetime64[s]").astype(float)
        for t in ("2010-06-21T10:50", "2010-12-21T10:46")
    ]
    sun = position(at, 59.33, 18.06)
    assert sun.elevation_deg.tolist() == pytest.approx([54.1, 7.2], abs=0.3)
    assert sun.azimuth_deg.tolist() == pytest.approx([180.0, 180.0], abs=2.0)
    horizon = street_horizon_deg(90.0, 20.0, 20.0, 30.0)
    assert horizon[[9, 27]].tolist() == pytest.approx([0.0, 0.0], abs=1e-9)  # east and west: along the axis
    assert horizon[18] == pytest.approx(71.57, abs=0.01)  # south, 30 m at 10 m
    assert lit_share(np.stack((horizon, horizon * 0.0)), sun).tolist() == [[0.0, 1.0], [0.0, 1.0]]
    shares = direct_share(np.array([600.0, 40.0]), sun)
    assert 0.3 < shares[0] < 0.9
    assert shares[1] < 0.35
