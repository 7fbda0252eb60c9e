"""Runs whose loaders, checkpoints and weights go through methods of the user's: resumed, or told why not."""

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch.utils.data import DataLoader, RandomSampler, WeightedRandomSampler

from tests.trainer.helpers import Pad, tiny_bert
from tests.trainer.test_overrides import BOTH, GradientAttack, OwnLoader, Weighted
from tests.trainer.test_ragged_inputs import table
from tests.trainer.trainers import EVAL, TRAIN, accuracy, make, same, weights
from warmstart import Trainer
from warmstart.errors import UserError
from warmstart.events import Warned


class Shuffled(Pad):
    """Draws in the collator too."""

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = super().__call__(examples)
        batch["input_ids"] = torch.where(torch.rand(batch["input_ids"].shape) < 0.1, 5, batch["input_ids"])
        return batch


class Generator:
    """A sampler whose generator goes on from epoch to epoch."""

    def _get_train_sampler(self: Any, train_dataset: Any = None) -> Any:
        generator = torch.Generator().manual_seed(3)
        return WeightedRandomSampler([1.0 + i % 3 for i in range(20)], 20, generator=generator)


class Ours:
    def get_train_dataloader(self: Any) -> Any:
        sampler = RandomSampler(self.train_dataset, generator=torch.Generator().manual_seed(5))
        return DataLoader(self.train_dataset, batch_size=8, sampler=sampler, collate_fn=self.data_collator)


def logged(trainer: Any) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.mark.parametrize("body", [Weighted, Generator, Ours, OwnLoader, GradientAttack])
def test_a_resumed_run_draws_what_an_undisturbed_one_draws(body: type, tmp_path: pathlib.Path) -> None:
    """From within an epoch, from its end, and from within the second."""
    kind: Any = type("Own", (body, Trainer), {"__module__": __name__})
    given = {"kind": kind, "max_steps": 8, "save_strategy": "steps", "save_steps": 1, "logging_steps": 1}
    given |= {"data_collator": Shuffled(), "eval_strategy": "steps", "eval_steps": 2}
    given |= {"train_dataset": TRAIN.select(range(20)), "per_device_train_batch_size": 4}  # five updates an epoch
    whole = make(tmp_path, **given)
    whole.train()
    for at in (3, 5, 7):
        again = make(tmp_path / str(at), **{**given, "save_strategy": "no"})
        torch.rand(3)  # whatever the process has drawn
        again.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{at}"))
        assert logged(again) == logged(whole), at
        assert same(weights(again), weights(whole)), at


class Remembers(torch.utils.data.Sampler[int]):
    """Begins one row later in each epoch."""

    def __init__(self, rows: int) -> None:
        self.rows, self.epochs = rows, 0

    def __iter__(self) -> Any:
        self.epochs += 1
        return iter([(i + self.epochs) % self.rows for i in range(self.rows)])

    def __len__(self) -> int:
        return self.rows


class Counting:
    def _get_train_sampler(self: Any, train_dataset: Any = None) -> Any:
        return Remembers(40)


@pytest.mark.parametrize(("body", "says"), [(Counting, "Remembers"), (Weighted, None), (None, "drawn anew")], ids=str)
def test_where_resuming_may_not_be_exact_is_told(body: Any, says: str | None, tmp_path: pathlib.Path) -> None:
    kind: Any = Trainer if body is None else type("Own", (body, Trainer), {"__module__": __name__})
    given = {"max_steps": 4, "save_strategy": "steps", "save_steps": 2}
    make(tmp_path, kind=kind, **given).train()
    again = make(tmp_path, kind=type("Own", (body or Weighted, Trainer), {"__module__": __name__}), **given)
    heard: list[Any] = []
    again.events.listeners.append(heard.append)
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    told = [event.text for event in heard if isinstance(event, Warned)]
    assert len(told) == (says is not None)
    assert says is None or says in told[0]


@pytest.mark.parametrize("body", [Weighted, Generator])
def test_a_token_table_is_drawn_by_a_sampler_of_ones_own(body: type, tmp_path: pathlib.Path) -> None:
    found = []
    for rows in (TRAIN, table(TRAIN)):
        kind: Any = type("Own", (body, Trainer), {"__module__": __name__})
        trainer = make(tmp_path, kind=kind, train_dataset=rows, num_train_epochs=2, logging_steps=1)
        trainer.train()
        found.append(logged(trainer))
    assert found[1] == pytest.approx(found[0], rel=1e-5)


class Attached:
    """Something is put beside what a checkpoint holds, and looked at when it is loaded."""

    def _save_checkpoint(self: Any, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        folder = pathlib.Path(self._get_output_dir(trial)) / f"checkpoint-{self.state.global_step}"
        (folder / "mine.txt").write_text("mine")

    def _load_from_checkpoint(self: Any, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]
        self.found = (pathlib.Path(resume_from_checkpoint) / "mine.txt").read_text()

    def _save(self: Any, output_dir: Any = None, state_dict: Any = None) -> None:
        super()._save(output_dir, state_dict)  # type: ignore[misc]
        (pathlib.Path(output_dir) / "beside.txt").write_text("beside")


@pytest.mark.parametrize("base", BOTH)
def test_what_is_saved_and_loaded_beside_a_checkpoint(base: Any, tmp_path: pathlib.Path) -> None:
    kind: Any = type("Own", (Attached, base), {"__module__": __name__})
    given = {"kind": kind, "max_steps": 4, "save_strategy": "steps", "save_steps": 2}
    first = make(tmp_path, **given)
    first.train()
    assert (tmp_path / "checkpoint-2" / "mine.txt").is_file()
    assert (tmp_path / "checkpoint-2" / "beside.txt").is_file()
    again = make(tmp_path, **given)
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    assert again.found == "mine"
    for name, tensor in weights(first).items():
        torch.testing.assert_close(weights(again)[name], tensor, rtol=1e-5, atol=1e-6)
    again.save_model(str(tmp_path / "model"))
    assert (tmp_path / "model" / "beside.txt").is_file()
    assert transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "model").config.num_labels == 2


def test_a_way_to_save_that_leaves_nothing_to_resume_from_is_told_once(tmp_path: pathlib.Path) -> None:
    class WeightsOnly(Trainer):
        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            self.model.save_pretrained(pathlib.Path(self.args.output_dir) / f"weights-{self.state.global_step}")

    heard: list[Any] = []
    trainer = make(tmp_path, kind=WeightsOnly, max_steps=4, save_strategy="steps", save_steps=1)
    trainer.events.listeners.append(heard.append)
    trainer.train()
    assert sorted(path.name for path in tmp_path.glob("weights-*")) == [f"weights-{step}" for step in range(1, 5)]
    told = [event.text for event in heard if isinstance(event, Warned)]
    assert len(told) == 1
    assert "super()._save_checkpoint(model, trial)" in told[0]


def test_an_optimizer_and_a_schedule_made_together(tmp_path: pathlib.Path) -> None:
    """The stock trainer of today makes them one by one, and never calls this one; older scripts have it."""

    class Together(Trainer):
        def create_optimizer_and_scheduler(self, num_training_steps: int) -> None:
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
            self.lr_scheduler = torch.optim.lr_scheduler.ConstantLR(self.optimizer, 1.0, num_training_steps)

    trainer = make(tmp_path, kind=Together, max_steps=2)
    trainer.train()
    assert type(trainer.optimizer) is torch.optim.SGD
    assert trainer.lr_scheduler.total_iters == 2


def test_operations_are_counted_as_the_user_counts_them(tmp_path: pathlib.Path) -> None:
    class Seven:
        def floating_point_ops(self, inputs: Any) -> Any:
            return 7 * inputs["input_ids"].numel()

    found = []
    for base in BOTH:
        kind: Any = type("Own", (Seven, base), {"__module__": __name__})
        trainer = make(tmp_path, kind=kind, max_steps=7, logging_steps=2, gradient_accumulation_steps=2)
        found.append(trainer.train().metrics["total_flos"])
    assert found[0] == found[1] > 0


def test_what_the_stock_trainer_calls_in_the_middle_can_be_called(tmp_path: pathlib.Path) -> None:
    seen = []
    for base in BOTH:
        trainer = make(tmp_path, kind=base, compute_metrics=accuracy)
        batch = next(iter(trainer.get_eval_dataloader()))
        before = [p.clone() for p in trainer.model.parameters()]
        trainer.current_gradient_accumulation_steps = 1
        loss = trainer.training_step(trainer.model, dict(batch))
        assert all(
            torch.equal(p, was) and p.grad is not None
            for p, was in zip(trainer.model.parameters(), before, strict=True)
        )
        assert trainer._prepare_inputs(batch).keys() == batch.keys()
        found = trainer.evaluation_loop(trainer.get_eval_dataloader(), "Evaluation", metric_key_prefix="x")
        assert found.num_samples == len(EVAL)
        assert found.metrics.keys() - {"x_model_preparation_time"} == {"x_loss", "x_accuracy"}
        seen.append((float(loss), found.metrics["x_loss"], found.predictions))
        assert trainer.accelerator.unwrap_model(trainer.model) is trainer.model
        assert trainer.accelerator.is_main_process
    theirs, ours = seen
    assert ours[:2] == pytest.approx(theirs[:2], rel=1e-5)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["_inner_training_loop", "prediction_loop", "get_batch_samples", "_run_epoch"])
def test_what_cannot_be_overridden_says_what_can(name: str) -> None:
    with pytest.raises(UserError, match=name) as caught:
        type("Mine", (Trainer,), {name: lambda self, *a, **k: None})
    named = [word.strip(" ,") for word in caught.value.fix.split() if hasattr(Trainer, word.strip(" ,"))]
    assert named or "callbacks" in caught.value.fix


class NoRowsGiven:
    """All rows are the loaders' own."""

    def get_train_dataloader(self: Any) -> Any:
        return DataLoader(TRAIN, batch_size=8, shuffle=True, collate_fn=Pad())

    def get_eval_dataloader(self: Any, eval_dataset: Any = None) -> Any:
        return DataLoader(EVAL, batch_size=13, collate_fn=Pad())


def test_loaders_of_ones_own_need_no_data_set(tmp_path: pathlib.Path) -> None:
    found = []
    for base in BOTH:
        kind: Any = type("Own", (NoRowsGiven, base), {"__module__": __name__})
        given = {"kind": kind, "train_dataset": None, "max_steps": 7, "logging_steps": 1, "compute_metrics": accuracy}
        trainer = make(tmp_path / base.__module__, eval_dataset=None, **given)
        trainer.train()
        found.append([*logged(trainer), trainer.evaluate()["eval_loss"], trainer.evaluate()["eval_accuracy"]])
    assert found[1] == pytest.approx(found[0], rel=1e-5)


@pytest.mark.parametrize("steps", [1, 2])
def test_micro_batches_of_ones_own_training_step_are_one_update(steps: int, tmp_path: pathlib.Path) -> None:
    """Ours weighs each by its targets, however the batch is cut."""

    class Seen:
        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            assert int(num_items_in_batch) == 8
            assert self.current_gradient_accumulation_steps == steps  # type: ignore[attr-defined]
            return super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]

    kind: Any = type("Own", (Seen, Trainer), {"__module__": __name__})
    size = {"per_device_train_batch_size": 8 // steps, "gradient_accumulation_steps": steps}
    own = make(tmp_path, kind=kind, max_steps=4, logging_steps=1, **size)
    plain = make(tmp_path, max_steps=4, logging_steps=1)
    for trainer in (own, plain):
        trainer.train()
    assert logged(own) == pytest.approx(logged(plain), rel=1e-5)


def test_two_passes_in_one_loss_drop_different_things(tmp_path: pathlib.Path) -> None:
    """R-Drop: the two passes of a batch are compared, and would be alike with the same masks."""
    apart: list[float] = []

    class Twice(Trainer):
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:  # type: ignore[override]
            one, two = model(**inputs), model(**inputs)
            apart.append(float((one.logits - two.logits).detach().abs().max()))
            loss = (one.loss + two.loss) / 2
            return (loss, one) if return_outputs else loss

    make(tmp_path, kind=Twice, model=tiny_bert(dropout=0.1), max_steps=2).train()
    assert min(apart) > 1e-4


def test_what_does_not_fit_into_the_memory_is_not_cut_where_a_step_is_ones_own(tmp_path: pathlib.Path) -> None:
    class Large(Trainer):
        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            if len(inputs["input_ids"]) > 4:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().training_step(model, inputs, num_items_in_batch)

    with pytest.raises(UserError, match="is not cut for you") as caught:
        make(tmp_path, kind=Large, max_steps=1).train()
    assert "halve per_device_train_batch_size" in caught.value.fix
    halved = make(tmp_path, kind=Large, max_steps=1, per_device_train_batch_size=4, gradient_accumulation_steps=2)
    halved.train()
