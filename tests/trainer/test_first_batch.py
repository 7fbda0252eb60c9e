"""A learner's slips: each is told before the first update in words of ours, and its own fix leads out."""

import pathlib
import re
from typing import Any

import datasets
import numpy as np
import pytest
import torch
import transformers
from datasets import Sequence, Value
from transformers import DataCollatorWithPadding

from tests import tiny
from tests.trainer.helpers import VOCABULARY, tiny_bert
from tests.trainer.slips import LONG, SLIPS, Case, Slipped, fixed, relabelled
from tests.trainer.trainers import EVAL, TRAIN, Pairs, Plain, accuracy, make
from warmstart import Trainer
from warmstart.errors import UserError
from warmstart.events import Warned


def given(case: Slipped, changed: Case | None = None) -> Case:
    changed = {name: value for name, value in (changed or {}).items() if name != "rows"}
    model = changed.pop("model", case.model)
    return {"eval_dataset": None, "max_steps": 1, "model": model(), **case.given, **changed}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_and_its_fix_leads_out(name: str, tmp_path: pathlib.Path) -> None:
    case = SLIPS[name]
    trainer = make(tmp_path, train_dataset=case.rows, **given(case))
    before = [p.clone() for p in trainer.model.parameters()]
    with pytest.raises(UserError) as caught:
        trainer.train()
    assert re.search(case.says, caught.value.problem), caught.value.problem
    assert caught.value.where.startswith("train_dataset")
    assert all(torch.equal(p, was) for p, was in zip(trainer.model.parameters(), before, strict=True))
    found = re.search(case.code, caught.value.fix)
    assert found, caught.value.fix
    names = {"dataset": case.rows, "tokenizer": tiny.tokenizer(), "Value": Value, "Sequence": Sequence}
    if found[0].startswith("dataset = ") and not case.by_hand.get("rows"):
        exec(found[0], names)  # the very words of the fix
    dataset = case.by_hand.get("rows", names["dataset"])
    again = {} if "model" in case.by_hand else {"model": lambda: trainer.model}  # the very model, as in a notebook
    mended = make(tmp_path, train_dataset=dataset, **given(case, {**again, **case.by_hand}))
    assert np.isfinite(mended.train().training_loss)


RAW = ["classes from 1", "ids beyond the table", "longer than the model", "no padding", "no token to pad with"]


@pytest.mark.parametrize("name", RAW)
def test_the_stock_trainer_raises_what_torch_or_the_model_says(name: str, tmp_path: pathlib.Path) -> None:
    case = SLIPS[name]
    with pytest.raises((IndexError, RuntimeError, ValueError)) as caught:
        make(tmp_path, kind=transformers.Trainer, train_dataset=case.rows, **given(case)).train()
    assert not isinstance(caught.value, UserError)


@pytest.mark.parametrize("name", ["classes from 1", "ids beyond the table", "longer than the model", "no padding"])
@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_evaluating_looks_too(name: str, call: str, tmp_path: pathlib.Path) -> None:
    case = SLIPS[name]
    trainer = make(tmp_path, train_dataset=None, **given(case))
    with pytest.raises(UserError, match=case.says) as caught:
        getattr(trainer, call)(case.rows)
    assert caught.value.where.startswith("eval_dataset" if call == "evaluate" else "test_dataset")


def test_a_later_batch_is_looked_at_when_it_fails_and_its_rows_are_named(tmp_path: pathlib.Path) -> None:
    labels = [0] * 39 + [5]
    dataset = TRAIN.remove_columns("label").add_column("label", labels)
    trainer = make(tmp_path, train_dataset=dataset, train_sampling_strategy="sequential", num_train_epochs=1)
    with pytest.raises(UserError, match="labels go from 0 to 5") as caught:
        trainer.train()
    assert caught.value.where == "train_dataset, rows 40"
    assert trainer.state.global_step == 4


def test_code_of_the_users_own_may_do_anything_with_a_batch(tmp_path: pathlib.Path) -> None:
    """What looks wrong is right for it; and where it is not, the cause is told all the same."""

    class FromOne(Trainer):
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:  # type: ignore[override]
            outputs = model(input_ids=(inputs["input_ids"] - 30).clamp(min=0), labels=inputs["labels"] - self.first)
            return (outputs.loss, outputs) if return_outputs else outputs.loss

    shifted = relabelled(lambda label: label + 1).map(lambda row: {"input_ids": [i + 30 for i in row["input_ids"]]})
    trainer = make(tmp_path, kind=FromOne, train_dataset=shifted, max_steps=2)
    trainer.first = 1
    trainer.train()
    trainer.first = 0
    with pytest.raises(UserError, match=r"token id|labels go"):
        trainer.train()


@pytest.mark.parametrize("name", ["classes from 1", "longer than the model", "labels that are texts", "no padding"])
def test_a_step_of_the_users_own_is_explained_when_it_fails(name: str, tmp_path: pathlib.Path) -> None:
    class Own(Trainer):
        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            return super().training_step(model, inputs, num_items_in_batch)

    case = SLIPS[name]
    with pytest.raises(UserError) as caught:
        make(tmp_path, kind=Own, train_dataset=case.rows, **given(case)).train()
    assert re.search(case.says, caught.value.problem)


def test_an_error_that_is_nobodys_slip_is_left_as_it_is(tmp_path: pathlib.Path) -> None:
    class Own(Trainer):
        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            raise ValueError("mine, of a label")

    with pytest.raises(ValueError, match="mine"):
        make(tmp_path, kind=Own).train()
    wrong = make(tmp_path, train_dataset=relabelled(float), bf16=True)
    heard: list[Any] = []
    wrong.events.listeners.append(heard.append)
    with pytest.raises(UserError, match="labels are float32"):
        wrong.train()
    assert not [event for event in heard if isinstance(event, Warned)]


def test_looking_takes_nothing_and_draws_nothing(tmp_path: pathlib.Path) -> None:
    taken: list[int] = []

    class Once(torch.utils.data.IterableDataset[Any]):
        """Its rows come once."""

        def __init__(self, count: int) -> None:
            self.rows = iter([TRAIN[i] for i in range(count)])

        def __iter__(self) -> Any:
            for row in self.rows:
                taken.append(row["input_ids"][0])
                yield row

    first = [row[0] for row in TRAIN["input_ids"]]
    trainer = make(tmp_path, train_dataset=Once(40), max_steps=5, model=tiny_bert(dropout=0.1))
    trainer.train()
    assert taken == first
    taken.clear()
    torch.manual_seed(7)
    state = torch.get_rng_state()
    found = trainer.predict(Once(13))
    assert torch.equal(torch.get_rng_state(), state) or found.predictions.shape == (13, 2)
    assert taken == first[:13]


class TwoLabels(torch.nn.Module):
    """Has a second name with `label` in it, which nobody gives."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = tiny_bert()

    def forward(self, input_ids: Any, attention_mask: Any = None, labels: Any = None, soft_labels: Any = None) -> Any:
        return self.inner(input_ids=input_ids, attention_mask=attention_mask, labels=labels)


class Wanted(Plain):
    def forward(self, x: torch.Tensor, wanted: torch.Tensor | None = None) -> Any:
        return super().forward(x, wanted)


def wanted(examples: list[Any]) -> dict[str, torch.Tensor]:
    x, y = (torch.stack([example[name] for example in examples]) for name in ("x", "labels"))
    return {"x": x, "wanted": y}


UNREACHABLE: dict[str, Case] = {
    "of two names one": {"model": TwoLabels, "label_names": None},
    "a name without label in it": {
        "model": Wanted, "train_dataset": Pairs(), "eval_dataset": Pairs(8), "data_collator": wanted,
        "remove_unused_columns": False,
    },
    "a name that is not": {"model": tiny_bert, "label_names": ["klass"]},
}  # fmt: skip


@pytest.mark.parametrize("name", UNREACHABLE)
@pytest.mark.parametrize("call", ["evaluate", "train"])
def test_metrics_that_would_never_be_called_are_told(name: str, call: str, tmp_path: pathlib.Path) -> None:
    called: list[int] = []

    def metrics(found: Any) -> dict[str, float]:
        called.append(len(found.label_ids))
        return accuracy(found)

    case = {**UNREACHABLE[name], "compute_metrics": metrics, "max_steps": 1, "eval_strategy": "steps", "eval_steps": 1}
    stock = make(tmp_path, kind=transformers.Trainer, **{**case, "model": case["model"]()})
    stock.evaluate()
    assert called == []  # without a word
    trainer = make(tmp_path, **{**case, "model": case["model"]()})
    with pytest.raises(UserError, match="compute_metrics would never be called") as caught:
        getattr(trainer, call)()
    assert caught.value.where == ("eval_dataset" if call == "evaluate" else "train_dataset")
    names = re.search(r"TrainingArguments\(label_names=(\[.*\])\)", caught.value.fix)
    assert names, caught.value.fix
    again = make(tmp_path, **{**case, "model": case["model"](), "label_names": re.findall(r"'(\w+)'", names[1])})
    getattr(again, call)()
    assert called


def test_unlabelled_rows_are_predicted_without_a_word(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, compute_metrics=accuracy, data_collator=None, processing_class=tiny.tokenizer())
    assert trainer.predict(EVAL.remove_columns("label")).predictions.shape == (13, 2)


def big_bird() -> Any:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    special = {"bos_token_id": 1, "eos_token_id": 2, "sep_token_id": 3, "pad_token_id": 0, "block_size": 4}
    plain = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "num_random_blocks": 1}
    config = transformers.BigBirdConfig(
        vocab_size=VOCABULARY, max_position_embeddings=128, num_labels=2, **sizes, **special, **plain
    )
    return transformers.BigBirdForSequenceClassification(config)


@pytest.mark.parametrize("call", ["train", "evaluate"])
def test_a_model_whose_code_cannot_run_in_bf16_runs_in_fp32_and_says_so(call: str, tmp_path: pathlib.Path) -> None:
    found, heard = [], []
    for bf16 in (True, False):
        settings = {"train_dataset": fixed(LONG, 64), "eval_dataset": fixed(LONG, 64), "max_steps": 3}
        trainer = make(tmp_path, model=big_bird(), bf16=bf16, logging_steps=1, **settings)
        trainer.events.listeners.append(heard.append)
        result = getattr(trainer, call)()
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        found.append(losses or result["eval_loss"])
    assert found[0] == found[1]
    told = [event.text for event in heard if isinstance(event, Warned)]
    assert len(told) == 1
    assert "fp32" in told[0]


@pytest.mark.parametrize("gives", ["a list", "two numbers", "nothing", "no gradient"])
def test_a_loss_that_is_none_is_told(gives: str, tmp_path: pathlib.Path) -> None:
    class Slip(Trainer):
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:  # type: ignore[override]
            outputs = model(**inputs)
            losses = {"a list": (outputs.loss, outputs), "two numbers": outputs.logits, "nothing": None}
            return losses.get(gives, outputs.loss.detach())

    with pytest.raises(UserError, match="loss") as caught:
        make(tmp_path, kind=Slip, max_steps=1).train()
    assert caught.value.fix


def test_datasets_knows_the_words_of_the_fixes() -> None:
    for name in ("Sequence", "Value"):
        assert hasattr(datasets, name)
    assert DataCollatorWithPadding
