"""warmstart predict --max-error: what is answered, what is for a person, and what is refused."""

import csv
import json
import pathlib
import shutil
from typing import Any

import pytest

from tests import tiny
from tests.cli.helpers import Done, command
from warmstart import Recipe, storage
from warmstart.cli.budget import share
from warmstart.errors import UserError
from warmstart.models.sound import is_read
from warmstart.runs.run import train

REVIEWS = tiny.reviews(340)
UNCLEAR = [{"text": f"{first} {second} good bad", "label": "negative"} for first in tiny.FILLER for second in ("so",)]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A run that knows 240 held-out rows, a few of them wrongly labelled."""
    folder = tmp_path_factory.mktemp("budget")
    held_out = [{**row, "label": "positive"} if number % 60 == 3 else row for number, row in enumerate(REVIEWS[100:])]
    settings = {
        "data": str(tiny.write(folder / "train.csv", REVIEWS[:100])),
        "validation": str(tiny.write(folder / "validation.csv", held_out)),
        "model": tiny.checkpoint(folder / "model"),
        "out": str(folder / "run"),
        **{"epochs": 5, "lr": 3e-3, "schedule": "constant", "baselines": False, "cpu": True},
    }
    return train(Recipe.of(settings)).folder


@pytest.fixture
def new(tmp_path: pathlib.Path) -> pathlib.Path:
    rows = [{"text": row["text"]} for row in [*tiny.reviews(30, seed=9), *UNCLEAR]]
    return tiny.write(tmp_path / "new.csv", rows)


def decisions(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("asked", ["5%", "0.05", "5 %", "5,0%", ".05", "５％"])
def test_rows_that_the_model_is_sure_of_are_answered(
    asked: str, run: pathlib.Path, new: pathlib.Path, capsys: Capture
) -> None:
    if asked != "5%":
        assert share(asked, "--max-error", "5%") == pytest.approx(0.05)
        return
    done = command(capsys, "predict", run, new, "--max-error", asked, "--json")
    assert done.status == 0, done.err
    budget = done.json["error_budget"]
    rows = decisions(new.with_name("new.predictions.csv"))
    assert list(rows[0]) == ["text", "prediction", "decision", "p(negative)", "p(positive)"]
    for row in rows:
        sure = max(float(row["p(negative)"]), float(row["p(positive)"]))
        assert row["decision"] == ("answered" if sure > budget["threshold"] else "person")
    assert done.json["answered"] == sum(row["decision"] == "answered" for row in rows)
    assert (budget["max_error"], budget["confidence"], budget["rows"]) == (0.05, 0.95, 240)
    kept = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["error_budget"]["budgets"]
    assert budget in kept


def test_it_is_said_how_many_are_answered_and_by_what(run: pathlib.Path, new: pathlib.Path, capsys: Capture) -> None:
    done = command(
        capsys, "predict", run, new, "--max-error", "10%", "--confidence", "90%", "--out", new.parent / "p.tsv"
    )
    assert done.status == 0, done.err
    assert f"of {30 + len(UNCLEAR)} rows are answered" in done.err
    assert "with a confidence of 90%, at most 10% of the answers are wrong" in done.err
    assert "of 240 held-out rows" in done.err
    assert "exact binomial" in done.err
    assert "chosen" not in done.err


@pytest.mark.parametrize("sure", [True, False])
def test_of_one_text_it_is_said_whether_a_person_should_look(sure: bool, run: pathlib.Path, capsys: Capture) -> None:
    path = run / "model" / "held_out.json"
    before, manifest = path.read_bytes(), (run / "model" / storage.MANIFEST).read_bytes()
    held_out = json.loads(before)
    if not sure:  # none of the more doubtful half is right, and few are as sure as this
        held_out["confidence"] = [1 - 1e-12 * number for number in range(120)] + [1 - 1e-9] * 120
        held_out["right"] = [1] * 120 + [0] * 120
    path.write_text(json.dumps(held_out), encoding="utf-8")
    storage.seal(run / "model", is_read)
    try:
        text = command(capsys, "predict", run, "a good film", "--max-error", "5%")
        as_json = command(capsys, "predict", run, "a good film", "--max-error", "5%", "--json").json
    finally:
        path.write_bytes(before)
        (run / "model" / storage.MANIFEST).write_bytes(manifest)
    assert text.status == 0, text.err
    second = text.out.splitlines()[1]
    assert second == ("answered within the error budget" if sure else "a person should look")
    assert as_json["decision"] == ("answered" if sure else "person")
    assert as_json["prediction"] == text.out.splitlines()[0]


@pytest.mark.parametrize("given", ["5", "1", "0", "100%", "-5%", "five", "", "%", "nan", "1e-2"])
def test_what_is_no_share_is_refused_with_how_to_write_it(given: str) -> None:
    with pytest.raises(UserError) as refused:
        share(given, "--max-error", "5%")
    assert "--max-error 5%" in refused.value.fix
    assert "--max-error 0.05" in refused.value.fix


def refused(done: Done, problem: str) -> str:
    assert done.status == 2
    assert problem in done.err
    assert "fix:" in done.err
    return done.err


def test_what_cannot_be_promised_is_refused(run: pathlib.Path, new: pathlib.Path, capsys: Capture) -> None:
    error = refused(
        command(capsys, "predict", run, new, "--max-error", "1%"), "240 rows held out are too few to promise"
    )
    assert "at least 400 validation rows" in error
    error = refused(command(capsys, "predict", run, new, "--confidence", "90%"), "--confidence says nothing without")
    assert not new.with_name("new.predictions.csv").exists()


def old(run: pathlib.Path, place: pathlib.Path) -> pathlib.Path:
    """The run as an earlier version would have left it."""
    shutil.copytree(run, place)
    (place / "model" / "held_out.json").unlink()
    storage.seal(place / "model", is_read)
    return place


def test_a_run_of_an_earlier_version_says_how_to_get_there(
    run: pathlib.Path, new: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    earlier = old(run, tmp_path / "run")
    recipe = (earlier / "recipe.toml").read_text(encoding="utf-8")
    for name in ("train.csv", "validation.csv", "model"):  # paths start from the run's folder
        recipe = recipe.replace(f'"../{name}"', f'"{run.parent / name}"')
    (earlier / "recipe.toml").write_text(recipe, encoding="utf-8")
    error = refused(command(capsys, "predict", earlier, new, "--max-error", "5%"), "has not kept how sure it was")
    assert f"warmstart resume {earlier}" in error
    assert command(capsys, "resume", earlier).status == 0
    assert command(capsys, "predict", earlier, new, "--max-error", "5%").status == 0
    for checkpoint in earlier.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    (earlier / "model" / "held_out.json").unlink()
    storage.seal(earlier / "model", is_read)
    error = refused(command(capsys, "predict", earlier, new, "--max-error", "5%"), "has not kept how sure it was")
    assert "train again" in error


@pytest.mark.parametrize("how", ["edited", "unsealed", "put there"])
def test_held_out_rows_that_are_not_the_run_s_are_refused(
    how: str, run: pathlib.Path, new: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    other = tmp_path / "run"
    if how == "put there":
        old(run, other)
        shutil.copy(run / "model" / "held_out.json", other / "model")
    else:
        shutil.copytree(run, other)
    if how == "edited":
        path = other / "model" / "held_out.json"
        path.write_text(path.read_text(encoding="utf-8").replace("0", "1", 1), encoding="utf-8")
    if how == "unsealed":
        (other / "model" / storage.MANIFEST).unlink()
    error = refused(command(capsys, "predict", other, new, "--max-error", "5%"), "")
    assert "warmstart resume" in error


def other_run(folder: pathlib.Path, model: str, rows: list[dict[str, Any]], **more: Any) -> pathlib.Path:
    data = tiny.write(folder / "data.jsonl", rows)
    plain = {"data": str(data), "model": model, "out": str(folder / "run"), "baselines": False, "cpu": True}
    return train(Recipe.of({**plain, "updates": 2, **more})).folder


def test_numbers_have_no_share_of_errors(
    run: pathlib.Path, new: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    rows = [{"text": row["text"], "score": len(row["text"]) + 0.5} for row in REVIEWS[:40]]
    numbers = other_run(tmp_path, str(run.parent / "model"), rows, save_every="never", evaluate_every="never")
    refused(command(capsys, "predict", numbers, new, "--max-error", "5%"), "a number is neither right nor wrong")


def test_of_several_labels_the_whole_row_counts_and_of_the_best_checkpoint_it_is_said(
    run: pathlib.Path, new: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    rows = [
        {"text": row["text"], "tags": [word for word in ("good", "film") if word in row["text"]]} for row in REVIEWS
    ]
    settings = {"updates": 40, "lr": 5e-3, "best": True, "validation_fraction": 0.5, "evaluate_every": 20}
    several = other_run(tmp_path, str(run.parent / "model"), rows, **settings)
    done = command(capsys, "predict", several, new, "--max-error", "30%")
    assert done.status == 0, done.err
    assert "the checkpoint was chosen on the held-out rows" in done.err
    kept = json.loads((several / "model" / "held_out.json").read_text(encoding="utf-8"))
    with (several / "predictions.csv").open(encoding="utf-8", newline="") as file:
        right = [sorted(json.loads(row["tags"].replace("'", '"'))) == sorted(filter(None, row["prediction"].split("|")))
                 for row in csv.DictReader(file)]  # fmt: skip
    assert sum(kept["right"]) == sum(right)
    assert len(kept["right"]) == len(right)
