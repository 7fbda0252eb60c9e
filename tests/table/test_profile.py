"""What a profile finds is what training refuses and says, in the same words."""

import pathlib
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict

from tests import tiny
from tests.bad_inputs.helpers import write
from warmstart import Recipe
from warmstart.batches.lengths import token_lengths
from warmstart.errors import UserError
from warmstart.runs.prepared import prepare
from warmstart.table.findings import refuse
from warmstart.table.infer import infer_task
from warmstart.table.profile import Profile, profile
from warmstart.table.sources import load
from warmstart.table.task import Task


def changed(*cells: tuple[int, str, Any], rows: int = 30) -> list[dict[str, Any]]:
    """Good rows with some cells replaced."""
    found = tiny.reviews(rows)
    for row, name, cell in cells:
        found[row][name] = cell
    return found


TABLES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "good": {"train": changed()},
    "no text and no label": {"train": changed((1, "text", ""), (2, "text", None), (9, "label", None))},
    "one class": {"train": [{**row, "label": "same"} for row in changed()]},
    "few rows": {"train": changed(rows=3)},
    "copies": {"train": [{"text": "the same", "label": label} for label in ("a", "b") * 10]},
    "two labels": {"train": [*changed(), {**changed()[0], "label": "negative"}]},
    "a leak": {"train": changed(), "test": changed(rows=4)},
    "another class": {"train": changed(), "validation": [{"text": "new", "label": "new"}, {"text": "x", "label": "y"}]},
    "bad numbers": {"train": [{"text": f"t {n}", "label": n / 7 if n != 5 else None} for n in range(30)]},
    "tags": {"train": [{"text": f"t {n}", "label": ["a", "b"][: n % 3] if n != 5 else None} for n in range(30)]},
}


@pytest.mark.parametrize("name", TABLES)
def test_it_is_what_training_does(name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    for split, rows in TABLES[name].items():
        (tmp_path / "data").mkdir(exist_ok=True)
        write(tmp_path / "data" / f"{split}.jsonl", rows)
    recipe = Recipe.of({"data": str(tmp_path / "data")})
    splits = load(recipe.data)
    found = profile(splits, infer_task(splits), fraction=recipe.validation_fraction, seed=recipe.seed)
    assert found.splits == {split: len(rows) for split, rows in TABLES[name].items()}
    if found.errors:
        with pytest.raises(UserError) as said:
            refuse([*found.errors])
        with pytest.raises(UserError) as refused:
            prepare(recipe)
        assert str(said.value) == str(refused.value)
    else:
        assert {*map(str, found.warnings), *found.notes} == {*prepare(recipe).notes}
    check_facts(found, TABLES[name])


def check_facts(found: Profile, tables: dict[str, list[dict[str, Any]]]) -> None:
    first = next(iter(tables.values()))
    assert list(found.columns) == ["text", "label"]
    assert [len(column.examples) for column in found.columns.values()] == [min(3, len(first))] * 2
    assert found.to_dict()["splits"] == dict(found.splits)
    for split, rows in tables.items():
        balance = found.labels[split]
        if balance is None:  # none of its labels is one of the training rows
            assert split == "validation"
            continue
        labels = [row["label"] for row in rows if row["label"] is not None]
        if isinstance(labels[0], str) and split == "train":
            assert balance == {name: labels.count(name) for name in sorted(set(labels))}
        elif isinstance(labels[0], float):
            assert balance["most"] == pytest.approx(max(labels))


def test_bytes_that_are_no_text_can_be_looked_at() -> None:
    """Files with such bytes are refused when they are read; a data set of the Hub may have them."""
    texts = [f"good film {n}".encode() + (b" \xff" if n == 1 else b"") for n in range(30)]
    labels = ["negative", "positive"] * 15
    rows = Dataset(pa.table({"text": pa.array(texts, pa.binary()).view(pa.string()), "label": labels}))
    task = Task("classes", "text", None, "label", ("negative", "positive"), ("negative", "positive"))
    found = profile(DatasetDict(train=rows), task, fraction=0.1, seed=0)
    assert found.columns["text"].examples == ("good film 0", "good film 1 \\xff", "good film 2")
    [finding] = found.errors
    assert "not UTF-8 in 1 row" in finding.problem
    assert finding.rows == (1,)
    lengths = token_lengths(rows, task, tiny.tokenizer(), 5)
    assert lengths is not None
    assert (lengths.rows_counted, lengths.median, lengths.share_over_limit) == (30, 5, 1 / 30)
    assert token_lengths(rows.select([]), task, tiny.tokenizer(), 5) is None
