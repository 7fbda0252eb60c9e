"""Quotes that are text: rows that a stray one joins are found, and those that are meant are left in peace."""

import csv
import io
import itertools
import pathlib
import subprocess
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.table.tables import FEW, Make, refused
from warmstart.table import origin

FERRY = """label\ttext
0\tan early start, and rain
1\t"what a ferry, said the guide
0\tdull
1\tfine views from the deck
0\tthe coffee was cold
1\tand there he closed it"
0\tnever again
"""


def test_a_stray_quote_does_not_join_rows_in_silence(make: Make) -> None:
    error = refused(make, "a.tsv", FERRY)
    assert "3-7" in error.problem
    assert error.where.endswith("line 3")
    assert "--quoting none" in error.fix
    assert "--quoting standard" in error.fix
    as_text = make("a.tsv", FERRY, quoting="none")
    assert len(as_text) == 7
    assert as_text["text"][1] == '"what a ferry, said the guide'
    as_one = make("a.tsv", FERRY, quoting="standard")
    assert len(as_one) == 3
    assert as_one["text"][1].count("\n") == 4


words = st.sampled_from("ferry guide views deck coffee cold rain never again, early said. 3 :-) 好看".split())
sentences = st.lists(words, min_size=2, max_size=6).map(" ".join)
LAYOUTS = (("label", "text"), ("text", "label"), ("id", "text", "label"), ("label", "text", "stars"), ("id", "text"))


def table(texts: list[str], layout: tuple[str, ...], data: Any) -> list[list[str]]:
    """Rows with these texts and cells as such columns have them."""
    cells = {
        "label": st.sampled_from(["pos", "neg"]),
        "stars": st.sampled_from(["1", "2.5", "4", "5"]),
    }
    return [
        [{"text": text, "id": f"r-{n:03}"}.get(name) or data.draw(cells[name]) for name in layout]
        for n, text in enumerate(texts)
    ]


@settings(FEW, max_examples=30)
@given(
    texts=st.lists(sentences, min_size=6, max_size=14, unique=True),
    layout=st.sampled_from(LAYOUTS),
    delimiter=st.sampled_from("\t;|"),
    data=st.data(),
)
def test_wherever_a_quote_joins_rows_it_is_told_and_the_way_out_leads_out(
    make: Make, texts: list[str], layout: tuple[str, ...], delimiter: str, data: Any
) -> None:
    first = data.draw(st.integers(1, len(texts) - 3), label="first")
    last = data.draw(st.integers(first + 1, len(texts) - 2), label="last")
    rows = table(texts, layout, data)
    at = layout.index("text")
    rows[first][at] = '"' + rows[first][at]
    rows[last][at] += '"'
    content = "".join(delimiter.join(row) + "\n" for row in [list(layout), *rows])
    error = refused(make, "a.csv", content, delimiter=delimiter)
    assert f"{first + 2}-{last + 2}" in error.problem
    assert "say --quoting none" in error.fix
    back = make("a.csv", content, delimiter=delimiter, quoting="none")
    assert [list(row.values()) for row in back.to_list()] == rows
    assert len(make("a.csv", content, delimiter=delimiter, quoting="standard")) == len(rows) - (last - first)


@FEW
@given(
    texts=st.lists(
        st.lists(sentences, min_size=1, max_size=7).flatmap(
            lambda parts: st.tuples(*[st.sampled_from(["\n", ", ", "\r\n", "; ", ' "so" ', "\n\n"])] * len(parts)).map(
                lambda ends: "".join(map("".join, zip(parts, ends, strict=True)))
            )
        ),
        min_size=1,
        max_size=10,
    ),
    layout=st.sampled_from(LAYOUTS),
    delimiter=st.sampled_from(",;"),
    quote_all=st.booleans(),
    data=st.data(),
)
def test_texts_of_several_lines_with_delimiters_are_no_joined_rows(
    make: Make, texts: list[str], layout: tuple[str, ...], delimiter: str, quote_all: bool, data: Any
) -> None:
    rows = table(texts, layout, data)
    file = io.StringIO()
    style = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(file, delimiter=delimiter, quoting=style).writerows([layout, *rows])
    back = make("a.csv", file.getvalue(), delimiter=delimiter)
    assert [list(row.values()) for row in back.to_list()] == rows


def test_reviews_in_which_each_line_has_a_comma_are_read(make: Make) -> None:
    """As many delimiters in each line as in the header, and no line with a label."""
    text = "Great food, nice staff\nWould come again, surely\nNot cheap, but good\nThe end, my friend"
    file = io.StringIO()
    csv.writer(file).writerows([("label", "text"), *[(label, text) for label in ("pos", "neg")] * 9])
    assert list(make("a.csv", file.getvalue())["text"]) == [text] * 18


def test_only_the_first_ten_joined_places_are_listed(make: Make) -> None:
    block = '1\t"so it began {n}\n0\tand went on\n1\tand ended"\n0\tquiet between {n}\n'
    error = refused(make, "a.tsv", "label\ttext\n" + "".join(block.format(n=n) for n in range(12)))
    assert "2-4, 6-8, " in error.problem
    assert "and 2 more" in error.problem


def test_where_some_quotes_do_enclose_cells_the_advice_is_another(make: Make) -> None:
    """With quotes as text the quoted cell would be cut: that way would not lead out."""
    content = FERRY + '1\t"a cell with a\ttab"\n'
    error = refused(make, "a.tsv", content)
    assert "--quoting none" not in error.fix
    assert "write it twice" in error.fix
    mended = content.replace('"what a ferry, said the guide', '"""what a ferry, said the guide"')
    mended = mended.replace('and there he closed it"', '"and there he closed it"""')
    rows = make("a.tsv", mended)
    assert (len(rows), rows["text"][1]) == (8, '"what a ferry, said the guide')
    again = refused(make, "a.tsv", content, quoting="none")
    assert "leave --quoting none out" in again.fix


@pytest.mark.parametrize(
    "content",
    [
        'a\tb\n1\tfine\n2\t"never closed\n3\tlast\n',
        'a\tb\n1\tfine\n2\t"closed" too early\n3\tlast\n',
        'a\tb\n1\tfine\n"2\tto here\n3\tlast"\n',  # a row of one cell
    ],
)
def test_other_faults_of_quotes_name_that_way_out_where_it_is_one(make: Make, content: str) -> None:
    assert "--quoting none" in refused(make, "a.tsv", content).fix
    assert len(make("a.tsv", content, quoting="none")) == 3
    with_tab = content + '4\t"with\ttab"\n'
    assert "--quoting none" not in refused(make, "a.tsv", with_tab).fix


@pytest.mark.parametrize(
    "text", ['He said \\"hi\\", and left', '\\"so\\" it began', 'of two\nlines, \\"so\\", they said']
)
def test_quotes_behind_a_backslash_are_named_and_the_command_leads_out(
    make: Make, tmp_path: pathlib.Path, text: str
) -> None:
    """As databases and Spark write them."""
    content = f'text,label\nfine,pos\n"{text}",neg\n'
    error = refused(make, "a b.csv", content)
    assert 'in this file \\" seems to stand for a quote' in error.problem
    command = error.fix.partition(": ")[2]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert make("c.csv", (tmp_path / "mended.csv").read_text())["text"][1] == text.replace("\\", "")


SPAM = 'ham\tGo until jurong point, crazy\nham\t"Ok lar\nspam\tFree "entry" in 2 a wkly comp\nham\tU dun say so" ?\n'


def test_a_published_file_of_one_message_a_line(make: Make) -> None:
    """No header, no suffix, quotes that are text."""
    first = refused(make, "SMSSpamCollection", SPAM, header=False)
    assert "--quoting none" in first.fix
    rows = make("SMSSpamCollection", SPAM, header=False, quoting="none")
    assert rows.column_names == ["column_1", "column_2"]
    assert [list(row.values()) for row in rows.to_list()] == [line.split("\t") for line in SPAM.splitlines()]
    [said] = origin.notes([rows])
    assert "'\\t'" in said
    assert "--delimiter" in said
    asked = make("SMSSpamCollection", SPAM, header=False, quoting="none", delimiter="\\t")
    assert (asked.to_list(), origin.notes([asked])) == (rows.to_list(), [])


@FEW
@given(st.lists(st.lists(st.text('ab", ', min_size=1, max_size=6), min_size=2, max_size=3), min_size=1, max_size=6))
def test_without_quotes_every_line_is_cut_at_its_delimiters(make: Make, rows: list[list[str]]) -> None:
    assume(len(set(map(len, rows))) == 1)
    content = "".join("|".join(row) + "\n" for row in rows)
    back = make("a.csv", content, delimiter="|", quoting="none", header=False)
    assert [list(row.values()) for row in back.to_list()] == rows


def test_the_shape_of_lines_is_asked_of_every_file_and_costs_little(make: Make, tmp_path: pathlib.Path) -> None:
    """The columns are looked at only where a row of several lines might be rows: not for rows of one line."""
    from warmstart.table.reading import joined

    looked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joined, "refuse", lambda *arguments: looked.append(arguments))
        make("a.csv", "text,label\n" + "a b c,pos\n" * 50)
        make("b.csv", "text,label\n" + '"a\nb",pos\n' * 50)
        assert not looked
        make("c.tsv", FERRY)
    assert len(looked) == 1


def test_an_unknown_quoting_is_answered(make: Make) -> None:
    assert "standard" in refused(make, "a.csv", FERRY, quoting="standart").fix


def test_lines_are_numbered_as_an_editor_does_below_a_line_that_is_no_row(make: Make) -> None:
    content = "sep=\t\n" + FERRY
    assert "4-8" in refused(make, "a.csv", content).problem
    for wrong, line in (("1\n", 10), ('1\t"open\n', 10), ("\n1\tx\n", 10), ("label\ttext\n", 10)):
        clean = content.replace('"', "") + wrong
        assert refused(make, "a.csv", clean).where.endswith(f"line {line}")


def test_texts_alone_are_judged_by_tabs(make: Make) -> None:
    """Two columns of texts: nothing but the number of tabs tells rows apart."""
    texts = [" ".join(pair) for pair in itertools.permutations(["one fish", "two fish", "red fish", "blue fish"], 2)]
    lines = [f"{one}\t{other}" for one, other in zip(texts, texts[1:] + texts[:1], strict=True)]
    lines[3] = '"' + lines[3]
    first, tab, second = lines[6].partition("\t")
    lines[6] = first + '"' + tab + second
    error = refused(make, "a.tsv", "first\tsecond\n" + "\n".join(lines))
    assert "5-8" in error.problem
