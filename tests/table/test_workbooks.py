"""Excel workbooks: cells as a person sees them, the sheet that is meant, and what is not right told."""

import contextlib
import datetime
import pathlib
import subprocess
import sys
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.tables import FEW, GOOD
from warmstart.errors import UserError
from warmstart.table import origin
from warmstart.table.reading import compression
from warmstart.table.sources import load

OLD = pathlib.Path(__file__).parent / "book.xls"  # written by xlwt: text, a number, a date, a truth


def written(path: pathlib.Path, **sheets: list[list[Any]]) -> pathlib.Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def rows_of(path: pathlib.Path, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load(path, cache_dir=str(path.parent / "cache"), **options)["train"].to_list()
    return found


def refused(path: pathlib.Path, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        rows_of(path, **options)
    assert caught.value.fix
    return caught.value


SEEN = [
    ("plain words", "plain words"),
    (" padded\nlines ", " padded\nlines "),
    ("007", "007"),
    (1, "1"),
    (1.0, "1"),
    (-2.5, "-2.5"),
    (0.1 + 0.2, "0.3"),
    (10**12, "1000000000000"),
    (True, "TRUE"),
    (datetime.date(2026, 11, 25), "2026-11-25"),
    (datetime.datetime(2026, 11, 25, 14, 30), "2026-11-25 14:30:00"),
    (datetime.time(9, 5), "09:05:00"),
    (datetime.timedelta(hours=36, minutes=2), "36:02:00"),
    ("=1+1", None),  # no program has computed it
    (None, None),
    ("#N/A", "#N/A"),
    ("nan", "nan"),
]


@pytest.mark.parametrize(("value", "seen"), SEEN)
def test_a_cell_is_what_a_person_sees(tmp_path: pathlib.Path, value: Any, seen: str | None) -> None:
    path = written(tmp_path / "a.xlsx", Rows=[["cell", "n"], [value, "x"]])
    assert rows_of(path) == [{"cell": seen, "n": "x"}]


def test_numbers_that_are_shown_with_zeros(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path / "a.xlsx", Rows=[["zip"], [501], [20095]])
    book = openpyxl.load_workbook(path)
    for cell in ("A2", "A3"):
        book["Rows"][cell].number_format = "00000"
    book.save(path)
    assert rows_of(path) == [{"zip": "00501"}, {"zip": "20095"}]


def test_the_old_format(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(OLD.read_bytes())
    assert rows_of(path) == [
        {"text": "fine", "n": "1", "when": "2026-11-25", "ok": "TRUE"},
        {"text": "bad", "n": "2.5", "when": None, "ok": "FALSE"},
    ]
    assert "did you mean 'Rows'" in refused(path, sheet="rows").fix
    renamed = tmp_path / "a.xlsx"  # some programs give the new name to the old format
    renamed.write_bytes(OLD.read_bytes())
    assert rows_of(renamed) == rows_of(path)


letters = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)


@settings(FEW, max_examples=25)
# What begins with "=" would be written as a formula.
@given(
    st.lists(
        st.lists(st.none() | letters.filter(lambda text: text[:1] != "="), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_comes_back(tmp_path: pathlib.Path, cells: list[list[str | None]]) -> None:
    rows = [["last", "words", None], *[[*row, "x"] for row in cells]]  # a third column, which has no name
    path = written(tmp_path / "a.xlsx", Rows=rows)
    wide = written(tmp_path / "b.xlsx", Rows=[["last", "words", "n"], *rows[1:]])
    assert [list(row.values()) for row in rows_of(wide)] == rows[1:]
    assert "row 2 has a cell to the right" in refused(path).problem


def test_a_title_above_the_header(tmp_path: pathlib.Path) -> None:
    rows = [["Survey of 2026"], [], ["text", "label"], ["a", "x"]]
    error = refused(written(tmp_path / "a.xlsx", Rows=rows))
    assert "row 3 has a cell to the right" in error.problem
    assert "delete what stands above the header" in error.fix
    assert rows_of(written(tmp_path / "b.xlsx", Rows=rows[2:])) == [{"text": "a", "label": "x"}]


def test_blank_rows_are_rows_only_between_others(tmp_path: pathlib.Path) -> None:
    rows = [[], [None, None], ["text", "label"], ["a", "x"], [], ["b", None], [None], []]
    book = written(tmp_path / "a.xlsx", Rows=rows)
    assert rows_of(book) == [
        {"text": "a", "label": "x"},
        {"text": None, "label": None},
        {"text": "b", "label": None},
    ]
    assert rows_of(book, header=False)[0] == {"column_1": "text", "column_2": "label"}


def test_the_first_sheet_with_rows_is_read_and_said(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path / "a.xlsx", Empty=[], One=[["text"], ["1st"]], Two=[["text"], ["2nd"]])
    splits = load(path, cache_dir=str(tmp_path / "cache"))
    assert splits["train"].to_list() == [{"text": "1st"}]
    [said] = origin.notes(splits.values())
    assert "a.xlsx has several sheets" in said
    assert "'One' is read, not 'Two'" in said
    splits = load(path, cache_dir=str(tmp_path / "cache"), sheet="Two")
    assert (splits["train"].to_list(), origin.notes(splits.values())) == ([{"text": "2nd"}], [])
    assert "did you mean 'Two'? There are: Empty, One, Two" in refused(path, sheet="two").fix
    assert "--sheet" in refused(path, sheet="Empty").fix
    book = openpyxl.load_workbook(path)
    book["One"].sheet_state = "hidden"
    book.save(path)
    assert rows_of(path) == [{"text": "2nd"}]
    assert rows_of(path, sheet="One") == [{"text": "1st"}]


def test_what_was_said_is_said_again_of_rows_found_in_the_cache(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path / "a.xlsx", One=[["text", None, "label"], ["x", "y", "=1"]], Two=[["text"], ["2nd"]])
    first, second = (load(path, cache_dir=str(tmp_path / "cache")) for _unused in range(2))
    assert len(origin.notes(first.values())) == 3
    assert origin.notes(first.values()) == origin.notes(second.values())
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(path.read_bytes())
    said = origin.notes(load(copy, cache_dir=str(tmp_path / "cache")).values())
    assert [each.replace("copy.xlsx", "a.xlsx") for each in said] == origin.notes(first.values())
    assert all("copy.xlsx" in each for each in said)


def test_formulas_without_a_value_are_named(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path / "a.xlsx", Rows=[["text", "n"], ["a", "=1+1"], ["b", 2], ["c", '="x"']])
    splits = load(path, cache_dir=str(tmp_path / "cache"))
    [said] = origin.notes(splits.values())
    assert "(B2, B4)" in said


def test_a_size_that_the_file_states_wrongly_cuts_nothing(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path / "a.xlsx", Rows=[["text", "label"], ["a", "x"], ["b", "y"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert b'<dimension ref="A1:B3"' in parts[name]
    parts[name] = parts[name].replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"')
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in parts.items():
            archive.writestr(each, content)
    assert len(rows_of(path)[1]) == 2


def test_workbooks_that_are_not_right(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(tmp_path / "a.xlsx", Rows=[["text", "label"], ["a", "x"]])
    content = whole.read_bytes()
    for name, wrong in (("b.xlsx", content[:2000]), ("c.xls", OLD.read_bytes()[:1500]), ("d.xlsx", b"PK\3\4" * 9)):
        (tmp_path / name).write_bytes(wrong)
        assert "cannot be read as a workbook" in refused(tmp_path / name).problem
    (tmp_path / "e.xlsx").write_text(GOOD)
    assert "is not Excel" in refused(tmp_path / "e.xlsx").problem
    (tmp_path / "f.csv").write_bytes(content)
    assert "rename it to f.xlsx" in refused(tmp_path / "f.csv").fix
    assert len(rows_of((tmp_path / "f.csv").rename(tmp_path / "f.xlsx"))) == 1
    with zipfile.ZipFile(tmp_path / "sheet.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    for name in ("sheet.ods", "sheet.csv"):
        (tmp_path / name).write_bytes((tmp_path / "sheet.ods").read_bytes())
        error = refused(tmp_path / name)
        assert "an office file" in error.problem
        assert "save the table as CSV" in error.fix
    assert "a header and no rows" in refused(written(tmp_path / "g.xlsx", Rows=[["text"]])).problem
    assert "no rows" in refused(written(tmp_path / "h.xlsx", Rows=[])).problem
    assert "'text' more than once" in refused(written(tmp_path / "i.xlsx", Rows=[["text", "text"], [1, 2]])).problem
    monkeypatch.setattr(compression, "MOST", 1000)
    assert "would become more than" in refused(written(tmp_path / "j.xlsx", Rows=[["text"], ["a" * 9]])).problem


def test_flipped_bytes_are_told_or_harmless(tmp_path: pathlib.Path) -> None:
    whole = {"a.xlsx": written(tmp_path / "a.xlsx", R=[["text", "label"], ["a", "x"]]).read_bytes()}
    whole["a.xls"] = OLD.read_bytes()
    for name, content in whole.items():
        for at in range(0, len(content), len(content) // 60):
            (tmp_path / name).write_bytes(content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :])
            with contextlib.suppress(UserError):  # whatever else is raised fails
                rows_of(tmp_path / name, keep=False)


@pytest.mark.parametrize(("package", "name"), [("openpyxl", "a.xlsx"), ("xlrd", "a.xls")])
def test_the_package_that_is_missing_is_named(tmp_path: pathlib.Path, package: str, name: str) -> None:
    written(tmp_path / "a.xlsx", Rows=[["text"], ["a"]])
    (tmp_path / "a.xls").write_bytes(OLD.read_bytes())
    script = f"import sys; sys.modules['{package}'] = None; from warmstart import load; load('{name}', cache_dir='c')"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"{package} is not installed" in done.stderr
    assert f"pip install {package}" in done.stderr
    assert "warmstart[excel]" in done.stderr


def test_a_sheet_is_asked_only_of_workbooks(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    assert "no Excel workbook" in refused(tmp_path / "a.csv", sheet="One").problem
    written(tmp_path / "b.xlsx", One=[["text", "label"], ["a", "x"]], Two=[["text", "label"], ["b", "y"]])
    splits = load(tmp_path / "a.csv", validation=str(tmp_path / "b.xlsx"), sheet="Two", cache_dir=str(tmp_path / "c"))
    assert splits["validation"].to_list() == [{"text": "b", "label": "y"}]
