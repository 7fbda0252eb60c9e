"""How a table is to be read is an option of every command that reads one, and what a reader decided is said by each."""

import csv
import functools
import gzip
import http.server
import pathlib
import random
import threading
import tomllib
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

from tests import tiny
from tests.cli.helpers import Run

SHORT = ["--model", "tiny", "--updates", 2, "--cpu", "--precision", "fp32", "--evaluate-every", "never"]
AS_TEXT = ["--no-header", "--quoting", "none", "--delimiter", "\\t"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A folder with a tiny model and one table in several kinds of files, with a cache of its own."""
    folder = tmp_path_factory.mktemp("place")
    tiny.checkpoint(folder / "tiny")
    rows = tiny.reviews(60)
    draw = random.Random(3)
    lines = [
        f"{row['label']}\t{chr(34) * (draw.random() < 0.1)}{row['text']}{chr(34) * (draw.random() < 0.1)}\n"
        for row in rows
    ]
    assert sum(line.count('"') for line in lines) > 5
    (folder / "messages").write_text("".join(lines))
    tiny.write(folder / "reviews.csv", rows)
    book = openpyxl.Workbook()
    book.worksheets[0].append(["about", "this"])
    book.worksheets[0].append(["some", "reviews"])
    sheet = book.create_sheet("Rows")
    sheet.append(["label", "text"])
    for row in rows:
        sheet.append([row["label"], row["text"]])
    book.save(folder / "book.xlsx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        yield folder


def column(path: pathlib.Path, name: str) -> list[Any]:
    with path.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def test_a_published_file_from_the_first_error_to_the_predictions(run: Run, place: pathlib.Path) -> None:
    """Each error names the option that leads on."""
    first = run("train", "messages", *SHORT, "--out", "out")
    assert (first.status, "--quoting none" in first.err) == (2, True)
    second = run("train", "messages", *SHORT, "--quoting", "none", "--out", "out")
    assert (second.status, "--no-header" in second.err) == (2, True)
    done = run("train", "messages", *SHORT, "--quoting", "none", "--no-header", "--out", "out")
    assert done.status == 0
    assert "messages is read as a table whose cells are separated by '\\t'" in done.err
    recipe = tomllib.loads((place / "out" / "recipe.toml").read_text())
    assert (recipe["quoting"], recipe["header"]) == ("none", False)

    predicted = run("predict", "out", "messages", *AS_TEXT, "--out", "labelled.csv", "--json")
    assert predicted.json["rows"] == 60
    lines = (place / "messages").read_text().splitlines()
    assert column(place / "labelled.csv", "column_2") == [line.split("\t")[1] for line in lines]
    commands = (
        ("evaluate", "out", "messages", *AS_TEXT),
        ("inspect", "messages", *AS_TEXT, "--model", "tiny"),
        ("plan", "messages", *AS_TEXT, *SHORT),
    )
    for words in commands:
        done = run(*words)
        assert done.status == 0, done.err
        assert "is read as a table" not in done.err + done.out  # the delimiter was named
    refused = run("evaluate", "out", "messages", "--no-header")
    assert (refused.status, "--quoting none" in refused.err) == (2, True)
    again = run("train", "--recipe", "out/recipe.toml", "--out", "again")
    assert again.status == 0
    assert "messages is read as a table" in again.err


def test_what_was_decided_is_said_by_each_command(run: Run, place: pathlib.Path) -> None:
    trained = run("train", "reviews.csv", *SHORT, "--out", "told")
    assert trained.status == 0
    assert "reviews.csv is" not in trained.err
    (place / "sheet.csv").write_text("sep=;\n" + (place / "reviews.csv").read_text().replace(",", ";"))
    said = "sheet.csv begins with a line that says what separates its cells, ';'"
    assert said in run("inspect", "sheet.csv", "--model", "tiny").out
    assert any(said in note for note in run("inspect", "sheet.csv", "--model", "tiny", "--json").json["notes"])
    for words in (("predict", "told", "sheet.csv"), ("evaluate", "told", "sheet.csv"), ("plan", "sheet.csv", *SHORT)):
        done = run(*words)
        assert done.status == 0
        assert done.err.count(said) == 1


def test_a_sheet_is_an_option_of_every_command(run: Run, place: pathlib.Path) -> None:
    wrong = run("train", "book.xlsx", *SHORT, "--sheet", "rows", "--out", "book")
    assert (wrong.status, "did you mean 'Rows'" in wrong.err) == (2, True)
    assert run("train", "book.xlsx", *SHORT, "--sheet", "Rows", "--out", "book").status == 0
    assert tomllib.loads((place / "book" / "recipe.toml").read_text())["sheet"] == "Rows"
    assert run("predict", "book", "book.xlsx", "--sheet", "Rows", "--json").json["rows"] == 60
    assert run("evaluate", "book", "book.xlsx", "--sheet", "Rows", "--json").json["rows"] == 60
    assert run("inspect", "book.xlsx", "--sheet", "Rows", "--model", "tiny", "--json").json["splits"] == {"train": 60}
    for words in (("predict", "book"), ("evaluate", "book"), ("train",), ("plan",), ("inspect",)):
        done = run(*words, "book.xlsx")
        assert done.status == 2
        assert "'Sheet' is read, not 'Rows'; --sheet says otherwise" in done.err


def test_predictions_of_a_compressed_table_are_beside_it(run: Run, place: pathlib.Path) -> None:
    (place / "new.csv.gz").write_bytes(gzip.compress((place / "reviews.csv").read_bytes()))
    assert run("train", "new.csv.gz", *SHORT, "--out", "packed").status == 0
    assert run("predict", "packed", "new.csv.gz", "--json").json == {"rows": 60, "out": "new.predictions.csv"}


def test_an_address_for_every_command(run: Run, place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(place))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/reviews.csv"
            assert run("train", address, *SHORT, "--json").json["run"] == "runs/reviews-1"
            assert tomllib.loads((place / "runs" / "reviews-1" / "recipe.toml").read_text())["data"] == address
            assert run("evaluate", "runs/reviews-1", address, "--json").json["rows"] == 60
            for number, asked in (("", address), ("-2", address + "?version=2")):
                done = run("predict", "runs/reviews-1", asked, "--json")
                assert done.json == {"rows": 60, "out": f"reviews.predictions{number}.csv"}
            assert run("inspect", address, "--model", "tiny", "--json").json["splits"] == {"train": 60}
        finally:
            server.shutdown()
            thread.join()
    gone = run("train", address, *SHORT, "--out", "gone")
    assert (gone.status, address in gone.err) == (2, True)
