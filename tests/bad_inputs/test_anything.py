"""Whatever a file holds, its table is accepted or refused in words; nothing else is ever raised."""

import json
import pathlib
import shutil
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad_inputs.helpers import accepted, csv_of, reviews, write
from warmstart.errors import UserError

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OBJECTS = "".join(json.dumps(dict(zip(("text", "label"), row, strict=True))) + "\n" for row in reviews())
GOOD = {"a.csv": csv_of(reviews()), "a.tsv": csv_of(reviews()).replace(",", "\t"), "a.jsonl": OBJECTS}
names = st.sampled_from(
    ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.parquet", "a.arrow", "a.xlsx", "a.xls", "a.csv.gz", "a.jsonl.zst", "a"]
)
options = st.fixed_dictionaries(
    {},
    optional={
        "encoding": st.sampled_from(["utf-8", "utf-16", "gb18030", "cp1252", "utf-32"]),
        "delimiter": st.sampled_from([",", ";", "\\t"]),
        "quoting": st.sampled_from(["standard", "none"]),
        "header": st.just(False),
        "on_empty": st.just("drop"),
        "kind": st.sampled_from(["classes", "labels", "number"]),
        "label": st.just("label"),
    },
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["\ud83d", -100])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


def told(folder: pathlib.Path, name: str, content: bytes, settings: dict[str, Any]) -> None:
    """The table is taken, or refused with a problem, its place and a fix."""
    refusal = None
    try:
        accepted(write(folder / name, content), **settings)
    except UserError as error:
        refusal = error
    shutil.rmtree(folder / "cache", ignore_errors=True)
    if refusal is not None:
        assert refusal.problem
        assert name in str(refusal)
        assert refusal.fix or "\n  2. " in refusal.problem


@pytest.fixture(autouse=True)
def own_cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@MANY
@given(name=names, content=st.binary(max_size=200), settings=options)
def test_any_bytes(tmp_path: pathlib.Path, name: str, content: bytes, settings: dict[str, Any]) -> None:
    told(tmp_path, name, content, settings)


@MANY
@given(
    name=st.sampled_from([*GOOD]),
    edits=st.lists(
        st.tuples(
            st.integers(0, 300),
            st.integers(0, 2),
            st.sampled_from([*b'",\t\n\r\0\\{}[]\xed\xa0\xff ']) | st.integers(0, 255),
        ),
        max_size=4,
    ),
    settings=options,
)
def test_a_good_table_with_a_few_wrong_bytes(
    tmp_path: pathlib.Path, name: str, edits: list[tuple[int, int, int]], settings: dict[str, Any]
) -> None:
    content = GOOD[name].encode()
    for place, removed, byte in edits:
        content = content[:place] + bytes([byte]) + content[place + removed :]
    told(tmp_path, name, content, settings)


@MANY
@given(
    rows=st.lists(
        st.fixed_dictionaries({"label": values}, optional={"text": st.text(max_size=5) | values}), max_size=8
    ),
    settings=options,
)
def test_any_values_in_json(tmp_path: pathlib.Path, rows: list[dict[str, Any]], settings: dict[str, Any]) -> None:
    numbered = [{"text": f"text {number}", **row} for number, row in enumerate(rows)]
    told(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in numbered).encode(), settings)
