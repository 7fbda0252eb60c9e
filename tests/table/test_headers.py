"""The first lines of delimited files: headers that repeat, lack names or are not there, and lines above them."""

import csv
import io
import pathlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.table.tables import FEW, GOOD, Make, refused
from warmstart.table import origin
from warmstart.table.infer import infer_task
from warmstart.table.sources import load


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_that_were_put_together(make: Make, parts: int, mark: str) -> None:
    """As `cat a.csv b.csv` does; programs that write a byte-order mark write one into each."""
    error = refused(make, "a.csv", "".join(mark + GOOD for _unused in range(parts)))
    assert "header stands among the rows again" in error.problem
    assert error.where.endswith("line 4" if parts == 2 else "lines 4, 7")
    mended = (mark + GOOD) + GOOD.split("\n", 1)[1] * (parts - 1)
    assert len(make("a.csv", mended)) == 2 * parts


def test_a_cell_named_like_its_column_is_a_cell(make: Make) -> None:
    assert list(make("a.csv", "text\nfine\ntext\n")["text"]) == ["fine", "text"]  # one column: a text like any other
    assert list(make("b.csv", "text,label\ntext,pos\nfine,label\n")["text"]) == ["text", "fine"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=; "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_says_what_separates(make: Make, first: str, end: str) -> None:
    content = first + end + GOOD.replace(",", ";").replace("\n", end)
    rows = make("a.csv", content)
    assert rows.to_list() == [{"text": "fine", "label": "pos"}, {"text": "bad", "label": "neg"}]
    [said] = origin.notes([rows])
    assert "a.csv begins with a line" in said
    assert "';'" in said


def test_what_the_user_names_wins_over_that_line(make: Make) -> None:
    rows = make("a.csv", "sep=;\ntext,label\na; b,pos\n", delimiter=",")
    assert rows.to_list() == [{"text": "a; b", "label": "pos"}]
    assert make("a.csv", "sep=\t\n1\t2\n", header=False).to_list() == [{"column_1": "1", "column_2": "2"}]


@pytest.mark.parametrize("first", ['sep="', "sep=", "sep=a", "sep=;;", "separator;text"])
def test_a_line_that_only_looks_so_is_a_header(make: Make, first: str) -> None:
    assert make("a.csv", f"{first},b\nc,d\n").column_names == [first, "b"]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("text,label,", ["text", "label", "column_3"]),
        ("text,,label", ["text", "column_2", "label"]),
        (",text,label", ["", "text", "label"]),  # a data frame's index
        (",,label", ["", "column_2", "label"]),
        ("column_3,label,", ["column_3", "label", "column_3_"]),
    ],
)
def test_columns_without_a_name_get_one_and_it_is_said(make: Make, header: str, names: list[str]) -> None:
    rows = make("a.csv", header + "\na,b,c\nd,e,f\n")
    assert rows.column_names == names
    unnamed = [name for name, given in zip(names, header.split(","), strict=True) if name != given]
    said = origin.notes([rows])
    assert [all(name in each for name in unnamed) for each in said] == [True] * bool(unnamed)


@pytest.mark.parametrize("above", ["Reviews of 2026\n", "# made by a program, in May\n", "Title\nand subtitle\n"])
def test_what_stands_above_the_header_is_told(make: Make, above: str) -> None:
    table = "text,label,stars\n" + "fine,pos,5\nbad,neg,1\n"
    error = refused(make, "a.csv", above + table)
    assert "delete what stands above the header" in error.fix
    assert error.where.endswith(("lines 2, 3, 4", "lines 3, 4, 5"))
    assert len(make("a.csv", table)) == 2


def test_a_delimiter_too_many_in_the_rows_alone_is_an_error_as_before(make: Make) -> None:
    assert "a delimiter that the header does not have" in refused(make, "a.csv", "text,label\na,pos,\n").fix


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@FEW
@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_without_a_header_every_line_is_a_row(make: Make, rows: list[tuple[str, str, str]], delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    assume(not file.getvalue().lower().startswith(("sep=", '"sep=')))
    back = make("a.csv", file.getvalue(), delimiter=delimiter, header=False, quoting="standard")
    assert back.column_names == ["column_1", "column_2", "column_3"]
    assert [tuple(row.values()) for row in back.to_list()] == rows


def test_faults_without_a_header(make: Make) -> None:
    assert "a row has 1 cells" in refused(make, "a.csv", "a,b\nc\n", header=False).problem
    assert "--delimiter ';'" in refused(make, "a.csv", "a;b\nc;d\n", header=False).fix
    assert "blank" in refused(make, "a.csv", "\na,b\n", header=False).problem
    assert len(make("a.csv", "a,b\n", header=False)) == 1


def test_a_table_without_a_header_says_which_option_leads_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"a long review number {n},{'pos' if n % 2 else 'neg'}\n" for n in range(20)))
    cache = str(tmp_path / "cache")
    with pytest.raises(Exception, match="seems to have no header") as caught:
        infer_task(load(path, cache_dir=cache))
    assert "--no-header" in str(caught.value)
    task = infer_task(load(path, cache_dir=cache, header=False))
    assert (task.text, task.label, task.classes) == ("column_1", "column_2", ("neg", "pos"))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (GOOD, 2),
        (GOOD.replace(",", "\t"), 2),
        (GOOD.replace(",", "|"), 2),
        ('text;label\n"a;\nb";pos\n', 1),
        ('{"text": "a"}\n{"text": "b"}\n', 2),
        ('[{"text": "a"}]', 1),
    ],
)
@pytest.mark.parametrize("name", ["table", "table.txt", "table.data", "train.csv.1"])
def test_what_a_name_does_not_say_is_seen_in_the_file(make: Make, name: str, content: str, rows: int) -> None:
    found = make(name, content)
    assert len(found) == rows
    assert all(name in said and "--delimiter" in said for said in origin.notes([found]))
    assert bool(origin.notes([found])) is (not content.startswith(("{", "[")))


@pytest.mark.parametrize("content", ["one line\nand another\n", "a,b\nc\nd,e,f\n", "\n\n"])
def test_what_cannot_be_seen_is_asked(make: Make, content: str) -> None:
    error = refused(make, "table", content)
    assert "cannot tell what table is" in error.problem
    assert "--delimiter" in error.fix


def test_other_files_without_a_suffix_are_known_by_their_first_bytes(make: Make) -> None:
    assert "pickle" in refused(make, "table", b"\x80\x04\x95").problem
    assert "is empty" in refused(make, "table", b"").problem
    assert "--encoding gb18030" in refused(make, "table", "文本,label\n好看,pos\n难看,neg\n".encode("gb18030")).fix
