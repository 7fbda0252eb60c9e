"""Labels written otherwise train the same model: compared bit by bit with the run on the plain table."""

import csv
import json
import pathlib
import shutil
from typing import Any

import pytest

from tests import tiny
from tests.runs.recipes import Make, weights
from warmstart import Recipe
from warmstart.errors import UserError
from warmstart.events import lines
from warmstart.heads.notation import Notation
from warmstart.runs.evaluate import measure_run
from warmstart.runs.run import Result, train
from warmstart.runs.saved import SavedRun
from warmstart.table.sources import load

WORDS = ("book", "film", "very")
Rows = list[dict[str, Any]]
SEVERAL: Rows = [
    {"text": row["text"], "tags": [word for word in WORDS if word in row["text"]]} for row in tiny.reviews(60)
]
SCORES: Rows = [{"text": row["text"], "price": len(row["text"].split()) * 1000 + 0.5} for row in tiny.reviews(60)]


def each(rows: Rows, name: str, write: Any) -> Rows:
    return [{**row, name: write(row[name])} for row in rows]


ONE_HOT = [{"text": row["text"], **{word: int(word in row["tags"]) for word in WORDS}} for row in SEVERAL]
WAYS: dict[str, tuple[str, Rows, dict[str, Any]]] = {
    "columns": ("t.csv", ONE_HOT, {"label": "book,film,very"}),
    "columns with blanks": (
        "t.csv",
        [{name: "" if cell == 0 else cell for name, cell in row.items()} for row in ONE_HOT],
        {"label": "book,film,very", "label_empty": "none"},
    ),
    "Python": ("t.csv", each(SEVERAL, "tags", repr), {}),
    "JSON": ("t.csv", each(SEVERAL, "tags", json.dumps), {}),
    "joined": ("t.csv", each(SEVERAL, "tags", "; ".join), {"label_separator": ";", "label_empty": "none"}),
}


@pytest.fixture(scope="module")
def plain(model: str, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("plain")
    settings = {"model": model, "out": str(folder / "run"), "epochs": 1, "lr": 1e-3, "precision": "fp32", "cpu": True}
    return train(Recipe.of({**settings, "data": str(tiny.write(folder / "t.jsonl", SEVERAL))}))


@pytest.mark.parametrize("way", WAYS)
def test_several_labels_in_every_shape(way: str, plain: Result, recipe: Make, tmp_path: pathlib.Path) -> None:
    file, rows, settings = WAYS[way]
    data = tiny.write(tmp_path / file, rows)
    made = recipe(data=str(data), epochs=1, baselines=True, **settings)
    result = train(made)
    assert weights(result.folder) == weights(plain.folder)
    assert result.report is not None
    assert plain.report is not None
    assert result.report.to_dict() == plain.report.to_dict()  # metrics and baselines
    with (result.folder / "predictions.csv").open(encoding="utf-8", newline="") as handle:
        written = list(csv.DictReader(handle))
    assert {*rows[0]} | {"prediction", "p(book)", "p(film)", "p(very)"} == {*written[0]}  # the user's own cells
    run = SavedRun.open(result.folder)
    assert run.task == result.task
    report, notes = measure_run(run, load(str(data)))
    assert not [note for note in notes if "no baselines" in note]
    assert report.rows == 60
    # going on with it
    newest = max(result.folder.glob("checkpoint-*"))
    shutil.rmtree(result.folder / "model")
    again = train(Recipe.read(result.folder / "recipe.toml").changed({"out": made.out}), resume=True)
    assert newest.exists()
    assert weights(again.folder) == weights(plain.folder)


@pytest.mark.parametrize("around", ["{},5", "{}.5 €", "${},5", "{},50%"])
def test_numbers_as_people_write_them(around: str, recipe: Make, tmp_path: pathlib.Path) -> None:
    of_numbers = train(recipe(data=str(tiny.write(tmp_path / "p.csv", SCORES)), epochs=1, label="price"))
    rows = each(SCORES, "price", lambda price: around.format(int(price)))
    data = tiny.write(tmp_path / "t.csv", rows)
    result = train(recipe(data=str(data), epochs=1, label="price", out=str(tmp_path / "written")))
    assert weights(result.folder) == weights(of_numbers.folder)
    report, _notes = measure_run(SavedRun.open(result.folder), load(str(data)))
    assert report.rows == 60


def test_spellings_merged_train_the_model_of_one_spelling(recipe: Make, tmp_path: pathlib.Path) -> None:
    rows = tiny.reviews(60)
    odd = [{**row, "label": f" {row['label'].title()}" if number % 5 == 0 else row["label"]}
           for number, row in enumerate(rows)]  # fmt: skip
    clean, mixed = (tiny.write(tmp_path / name, table) for name, table in (("clean.csv", rows), ("odd.csv", odd)))
    with pytest.raises(UserError, match="look the same"):
        train(recipe(data=str(mixed), epochs=1))
    said: list[str] = []
    merged = train(recipe(data=str(mixed), epochs=1, labels="merge"), listen=lines(said.append))
    assert any("taken as one, as asked: 'positive' (24 rows) = ' Positive' (6 rows)" in line for line in said)
    of_clean = train(recipe(data=str(clean), epochs=1, out=str(tmp_path / "clean")))
    assert weights(merged.folder) == weights(of_clean.folder)
    assert Recipe.read(merged.folder / "recipe.toml").labels == "merge"
    assert json.loads((merged.folder / "task.json").read_text(encoding="utf-8"))["notation"] == {"labels": "merge"}
    measure_run(SavedRun.open(merged.folder), load(str(mixed)))
    # A run of clean rows meets the others: what the error names leads out.
    run = SavedRun.open(of_clean.folder)
    with pytest.raises(UserError, match="no known class in 12 rows") as caught:
        measure_run(run, load(str(mixed)))
    assert "--labels merge" in caught.value.fix
    report, _notes = measure_run(run, load(str(mixed)), notation=Notation.asked(labels="merge"))
    assert report.rows == 60
