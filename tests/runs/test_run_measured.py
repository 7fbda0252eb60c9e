"""Evaluations, the best checkpoint, and measuring a finished run again."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from tests.runs.recipes import Make, weights
from warmstart.batches import tokens
from warmstart.runs import evaluate, saved
from warmstart.runs.evaluate import measure_run
from warmstart.runs.run import Result, train
from warmstart.runs.saved import SavedRun
from warmstart.table import checks


def test_evaluations_come_as_often_as_asked_for(recipe: Make) -> None:
    result = train(recipe(evaluate_every=4, save_every="never", log_every=2))
    assert [entry["step"] for entry in result.history if "eval_loss" in entry] == [4, 8, 12, 14]
    assert [entry["step"] for entry in result.history if "loss" in entry] == [1, 2, 4, 6, 8, 10, 12, 14]
    assert not list(result.folder.glob("checkpoint-*"))


def test_the_best_checkpoint_is_the_model_and_the_card_says_how_it_was_chosen(recipe: Make) -> None:
    result = train(recipe(patience=2, epochs=6, keep=1, best_metric="loss", lr=1e-2))
    losses = {entry["step"]: entry["eval_loss"] for entry in result.history if "eval_loss" in entry}
    best = min(losses, key=lambda step: losses[step])
    newest = max(losses)
    assert {path.name for path in result.folder.glob("checkpoint-*")} == {f"checkpoint-{best}", f"checkpoint-{newest}"}
    assert (result.folder / f"checkpoint-{best}" / "model.safetensors").read_bytes() == weights(result.folder)
    assert newest == 42 or newest == best + 14  # to the end, or two evaluations after the best
    card = (result.folder / "model" / "README.md").read_text(encoding="utf-8")
    assert "chosen on these rows" in card


def test_the_saved_tokenizer_cuts_where_the_run_did(recipe: Make, tmp_path: pathlib.Path) -> None:
    result = train(recipe(max_length=6, updates=1))
    run = SavedRun.open(result.folder)
    assert run.predictor.tokenizer.model_max_length == 6
    cut_text = Dataset.from_dict({"text": ["a good film was so very bad bad bad bad"]})
    short = Dataset.from_dict({"text": ["a good film was"]})
    np.testing.assert_allclose(run.logits(cut_text), run.logits(short), atol=1e-6)


def test_measuring_again_gives_the_same_numbers(finished: tuple[Result, list[str]]) -> None:
    result, _ = finished
    assert result.report is not None
    run = SavedRun.open(result.folder / "model")
    assert run.folder == result.folder
    report, notes = measure_run(run, DatasetDict({"train": result.splits["validation"]}))
    assert notes == []
    assert report == dataclasses.replace(result.report, facts={}, verdict=None)


def test_measuring_tokenises_the_measured_rows_alone_and_looks_through_them_once(
    finished: tuple[Result, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training rows' tokens, by which it is known that they are the same, are there since training."""
    result, _ = finished
    tokenised, looked = [], []

    def counting(tokenizer: Any, texts: Any, max_length: int) -> Any:
        tokenised.append(len(texts[0]))
        return stock_tokenized(tokenizer, texts, max_length)

    def looking(splits: DatasetDict, *args: Any, **given: Any) -> Any:
        looked.append({name: len(rows) for name, rows in splits.items()})
        return stock_check(splits, *args, **given)

    stock_tokenized, stock_check = tokens.tokenized, checks.check
    monkeypatch.setattr(tokens, "tokenized", counting)
    for module in (evaluate, saved):
        monkeypatch.setattr(module, "check", looking)
    rows = result.splits["validation"]
    measure_run(SavedRun.open(result.folder), DatasetDict({"train": rows}))
    assert sum(tokenised) == len(rows)
    assert looked == [{"train": len(rows)}]


def test_measuring_what_was_learnt_from_is_told(finished: tuple[Result, list[str]]) -> None:
    result, _ = finished
    seen = DatasetDict({"train": result.splits["train"].select(range(3))})
    _, notes = measure_run(SavedRun.open(result.folder), seen)
    assert len(notes) == 1
    assert "3 rows are in the split 'train' too" in notes[0]
    assert "measure on new ones" in notes[0]
