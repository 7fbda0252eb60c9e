"""Files of predictions come back as they were."""

import csv
import datetime
import decimal
import json
import pathlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warmstart.reporting.predictions import write_rows

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@FEW
@given(
    rows=st.lists(st.fixed_dictionaries({"text": text, "prediction": text, "p(坏)": st.floats(0, 1)}), min_size=1),
    ending=st.sampled_from([".csv", ".tsv", ".jsonl", ".ndjson"]),
)
def test_a_file_of_predictions_comes_back_as_it_was(tmp_path: pathlib.Path, rows: Any, ending: str) -> None:
    path = tmp_path / f"p{ending}"
    write_rows(path, rows)
    content = path.read_text(encoding="utf-8")
    if ending in (".jsonl", ".ndjson"):
        assert [json.loads(line) for line in content.removesuffix("\n").split("\n")] == rows
    else:
        with path.open(encoding="utf-8", newline="") as file:
            back = list(csv.DictReader(file, delimiter="\t" if ending == ".tsv" else ","))
        assert back == [{**row, "p(坏)": str(row["p(坏)"])} for row in rows]
    assert [entry.name for entry in tmp_path.iterdir() if "unfinished" in entry.name] == []


def test_no_rows_make_a_file_with_a_header(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "p.csv", [])
    assert (tmp_path / "p.csv").read_text() == "prediction\n"


def test_a_file_that_is_there_is_replaced_whole(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("something longer than what comes\n" * 9)
    write_rows(path, [{"prediction": "x"}])
    assert path.read_text() == "prediction\nx\n"


def test_what_json_has_no_word_for_is_still_written(tmp_path: pathlib.Path) -> None:
    when = datetime.datetime(2024, 5, 6, 7, 8)
    row = {"when": when, "day": when.date(), "price": decimal.Decimal("1.10"), "raw": b"caf\xc3\xa9 \xff"}
    write_rows(
        tmp_path / "p.jsonl", [{**row, "n": [float("nan"), {"x": float("-inf")}], "b": True, "i": 2, "no": None}]
    )
    assert json.loads((tmp_path / "p.jsonl").read_text(encoding="utf-8")) == {
        **{"when": "2024-05-06 07:08:00", "day": "2024-05-06", "price": "1.10", "raw": "café \\xff"},
        **{"n": [None, {"x": None}], "b": True, "i": 2, "no": None},
    }
