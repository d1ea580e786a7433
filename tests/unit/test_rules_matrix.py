"""An authority's own matrix: read from CSV with every error and its line, checked, and kept as TOML."""

from __future__ import annotations

import pytest
from msgspec import structs

from rules.catalogue.check import check
from rules.catalogue.faults import parse_file
from rules.catalogue.loader import load, read_files
from rules.catalogue.matrix_csv import COLUMNS, as_csv, as_toml, faults_of, read_csv
from rules.catalogue.matrix_text import band, matrix_lines
from rules.core.dose import DoseParameters
from rules.core.matrix import MatrixRow, TreatmentMatrix
from rules.core.matrix_check import errors_of, gaps_of, oddities_of

SHIPPED = load().matrix
DOSE = DoseParameters()
HEAD = "condition,surface,above_c,below_c,below_inclusive,dry_salt_g_m2,passes\n"


def faults(*lines: str) -> list[str]:
    return [str(f) for f in read_csv("ours.csv", HEAD + "\n".join(lines))[2]]


def test_a_matrix_comes_back_as_it_was_from_csv_and_from_toml() -> None:
    rows, lines, wrong = read_csv("ours.csv", as_csv(SHIPPED))
    assert (rows, wrong) == (SHIPPED.rows, ())
    assert lines == tuple(range(2, len(rows) + 2))
    source = 'Plan "2026"\nrow \\ two'
    ours = structs.replace(SHIPPED, source=source)
    assert parse_file("m.toml", as_toml(ours), TreatmentMatrix).value == ours


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hoar,any,,,,8,1", "condition = 'hoar': allowed: frost, ice,"),
        ("frost,moist,,,,8,1", "surface = 'moist': allowed: any, dry_or_damp, wet"),
        ("frost,any,minus 5,,,8,1", "above_c = 'minus 5': a number is wanted"),
        ("frost,any,nan,,,8,1", "above_c = 'nan': a number is wanted"),
        ("frost,any,,,maybe,8,1", "below_inclusive = 'maybe': allowed: true, yes, 1, false, no, 0"),
        ("frost,any,,,,-8,1", "dry_salt_g_m2 = -8.0: expected `float` > 0"),
        ("frost,any,,,,0,1", "dry_salt_g_m2 = 0.0: expected `float` > 0"),
        ("frost,any,,,,80,1", "dry_salt_g_m2 = 80.0: expected `float` <= 60"),
        ("frost,any,,,,8,two", "passes = 'two': a whole number from 1 to 4 is wanted"),
        ("frost,any,,,,8,9", "passes = 9: expected `int` <= 4"),
        ("frost,any,,,,8,1,7", "8 cells, but the header has 7 columns"),
        (",any,,,,8,1", "object missing required field `condition`"),
        ("frost,any,-2,-5,,8,1", "no temperature is above -2 and below -5 °C"),
    ],
)
def test_every_error_names_line_column_value_and_what_is_allowed(line: str, says: str) -> None:
    [found] = faults("# a comment", "frost,any,0,,,8,1", "", line)
    assert found.startswith("ours.csv:5: ")
    assert says in found


def test_a_rate_of_nothing_is_refused_in_a_catalogue() -> None:
    files = read_files()
    name = "matrix_scottish_2010.toml"
    files[name] += '\n[[rows]]\ncondition = "frost"\nbelow_c = -20.0\nprewet_g_m2 = 0.0\n'
    [error] = check(files).errors
    assert "expected `float` > 0" in error.text


def test_all_errors_are_told_at_once_and_cells_of_several_lines_keep_count() -> None:
    text = 'condition,dry_salt_g_m2,note\nfrost,8,"two\nlines"\nfog,8,\nice,much,\n'
    assert [f.line for f in read_csv("ours.csv", text)[2]] == [4, 5]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no header"),
        (
            "condition,salt,dry_salt_g_m2\nfrost,8,8\n",
            "column 'salt': no such column; columns: condition, surface",
        ),
        ("surface,dry_salt_g_m2\nany,8\n", "column 'condition' is missing"),
        ("condition\nfrost\n", "column 'dry_salt_g_m2' or 'prewet_g_m2' is missing"),
        ("condition,condition,prewet_g_m2\nfrost,frost,8\n", "column 'condition' is there twice"),
        ("condition,dry_salt_g_m2\n", "no rows"),
    ],
)
def test_a_wrong_header_is_told(text: str, says: str) -> None:
    assert says in str(read_csv("ours.csv", text)[2][0])


def test_a_spreadsheet_s_habits_are_understood() -> None:
    text = "\N{BYTE ORDER MARK}condition,above_c,above_inclusive,dry_salt_g_m2\r\nfrost, \N{MINUS SIGN}5 ,YES,8\r\n"
    [row], _, wrong = read_csv("ours.csv", text)
    assert wrong == ()
    assert row == MatrixRow(condition="frost", above_c=-5.0, above_inclusive=True, dry_salt_g_m2=8.0)


def test_rows_that_contradict_each_other_are_an_error() -> None:
    assert faults("frost,any,-5,,,10,1", "frost,wet,-9,-5,yes,16,1", "frost,wet,-9,-4,,16,1") == [
        "ours.csv:4: row 2 is for frost on a wet road at -7 °C too: one of them must give way",
        "ours.csv:4: row 1 is for frost on a wet road at -4.5 °C too: one of them must give way",
    ]
    assert faults("frost,any,-5,,,10,1", "frost,any,-9,-5,yes,16,1") == []  # they meet
    assert (
        len(faults("frost,any,-5,,,10,1", "frost,any,,-5,yes,16,1", "ice,any,,,,20,1", "ice,wet,,,,20,1"))
        == 1
    )


def test_gaps_are_the_duty_officer_s() -> None:
    assert [f.text for f in gaps_of(SHIPPED.rows)] == [
        f"frost on a {road} road, up to -10 °C: no rate, the duty officer decides"
        for road in ("dry or damp", "wet")
    ]
    rows = (
        MatrixRow(condition="frost", surface="wet", above_c=-2.0, dry_salt_g_m2=8.0),
        MatrixRow(condition="frost", surface="wet", above_c=-5.0, below_c=-3.0, dry_salt_g_m2=8.0),
    )
    found = [f.text for f in gaps_of(rows)]
    assert "frost on a dry or damp road, any temperature: no rate, the duty officer decides" in found
    assert "frost on a wet road, from -3 °C and up to -2 °C: no rate, the duty officer decides" in found
    assert "frost on a wet road, up to -5 °C: no rate, the duty officer decides" in found
    assert "ice, any temperature: no rate, the duty officer decides" in found


def test_what_looks_like_a_slip_is_told() -> None:
    assert oddities_of(SHIPPED.rows, DOSE) == []
    rows = (
        MatrixRow(condition="frost", above_c=-2.0, above_inclusive=True, dry_salt_g_m2=10.0),
        MatrixRow(condition="frost", above_c=-5.0, below_c=-2.0, dry_salt_g_m2=8.0),
        MatrixRow(condition="ice", above_c=-5.0, dry_salt_g_m2=5.0, prewet_g_m2=20.0),
        MatrixRow(condition="light_snow", prewet_g_m2=18.0),
    )
    found = [(f.row, f.text) for f in oddities_of(rows, DOSE)]
    assert (1, "8 g/m² for a colder road than that of 10 g/m²") in found
    assert (2, "the physical dose is 15 g/m² more than its dry salt") in found
    assert (3, "no rate for dry salt: the duty officer decides where dry salt is spread") in found
    assert {f.line for f in faults_of("m.csv", (2, 3, 4, 5), oddities_of(rows, DOSE))} == {3, 4, 5}


def test_a_catalogue_with_rows_that_contradict_each_other_is_refused() -> None:
    files = read_files()
    name = "matrix_scottish_2010.toml"
    files[name] += '\n[[rows]]\ncondition = "ice"\nabove_c = -3.0\ndry_salt_g_m2 = 10.0\n'
    [error] = check(files).errors
    line = max(n for n, t in enumerate(files[name].splitlines(), 1) if 'condition = "ice"' in t)
    assert str(error).startswith(f"{name}:{line}: ")
    assert "one of them must give way" in error.text
    spare = {**read_files(), "matrix_spare.toml": files[name]}
    assert "one of them must give way" in str(check(spare).errors[0])


def test_a_matrix_is_shown_with_its_dose() -> None:
    said = "\n".join(matrix_lines(SHIPPED, DOSE))
    assert "2 × 15" in said
    assert "33 at -9.9 °C" in said
    assert "open: frost on a wet road, up to -10 °C" in said
    assert band(SHIPPED.rows[3]) == "> -10, ≤ -5"
    assert errors_of(SHIPPED.rows) == []
    assert set(COLUMNS) >= {"condition", "plough", "note"}
