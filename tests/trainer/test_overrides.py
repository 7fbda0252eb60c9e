"""What people override: the same class body on the stock trainer and on ours gives the same run."""

import collections
import contextlib
import inspect
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, WeightedRandomSampler

from tests.trainer.trainers import EVAL, accuracy, make
from warmstart import Trainer

BOTH = (transformers.Trainer, Trainer)


class Counted:
    """Counts the calls of the methods that its subclasses write."""

    def __init_subclass__(cls) -> None:
        for name, value in list(vars(cls).items()):
            if inspect.isfunction(value) and not name.startswith("__"):
                setattr(cls, name, cls._counting(name, value))

    @staticmethod
    def _counting(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def count(self: Any, *given: Any, **named: Any) -> Any:
            vars(self).setdefault("calls", collections.Counter())[name] += 1
            return method(self, *given, **named)

        return count


class GradientAttack(Counted):
    """FGM: a second pass with the word embeddings moved along their gradient."""

    def training_step(self: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]
        weight = model.get_input_embeddings().weight
        move = 0.5 * weight.grad / weight.grad.norm()
        weight.data.add_(move)
        super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]
        weight.data.sub_(move)
        return loss


class ProjectedAttack(Counted):
    """PGD: three steps, of which the last one's gradients are added to the clean ones."""

    def training_step(self: Any, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        model.train()
        inputs = self._prepare_inputs(inputs)

        def backward() -> torch.Tensor:
            with self.compute_loss_context_manager():
                loss = self.compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
            self.accelerator.backward(loss)
            return loss.detach()  # type: ignore[no-any-return]

        loss = backward()
        weight = model.get_input_embeddings().weight
        clean, kept = weight.data.clone(), {name: p.grad.clone() for name, p in model.named_parameters()}
        for step in range(3):
            move = weight.data - clean + 0.3 * weight.grad / weight.grad.norm()
            weight.data.copy_(clean + move * min(1.0, 0.5 / float(move.norm())))
            model.zero_grad()
            if step == 2:
                for name, p in model.named_parameters():
                    p.grad = kept[name]
            backward()
        weight.data.copy_(clean)
        return loss / self.current_gradient_accumulation_steps


class OwnInputs(Counted):
    def _prepare_inputs(self: Any, inputs: Any) -> Any:
        inputs = super()._prepare_inputs(inputs)  # type: ignore[misc]
        return {**inputs, "input_ids": inputs["input_ids"].clamp(max=40)}


class OwnInput(Counted):
    def _prepare_input(self: Any, data: Any) -> Any:
        return super()._prepare_input(data)  # type: ignore[misc]


class Context(Counted):
    """Something is otherwise while the loss is computed."""

    def compute_loss_context_manager(self: Any) -> Any:
        @contextlib.contextmanager
        def shifted() -> Iterator[None]:
            shift = torch.tensor([0.5, -0.5])
            self.model.classifier.bias.data.add_(shift)
            yield
            self.model.classifier.bias.data.sub_(shift)

        return shifted()


class OwnLoader(Counted):
    def get_train_dataloader(self: Any) -> Any:
        return DataLoader(self.train_dataset, batch_size=5, shuffle=True, collate_fn=self.data_collator)


class LoaderAround(Counted):
    """Makes one out of ours."""

    def get_train_dataloader(self: Any) -> Any:
        given = super().get_train_dataloader()  # type: ignore[misc]
        return DataLoader(given.dataset, batch_size=given.batch_size or 8, collate_fn=given.collate_fn, shuffle=True)


class SuperLoader(Counted):
    def get_train_dataloader(self: Any) -> Any:
        return super().get_train_dataloader()  # type: ignore[misc]


class Endless(Counted):
    """A loader without a length."""

    def get_train_dataloader(self: Any) -> Any:
        class Batches(torch.utils.data.IterableDataset[Any]):
            def __iter__(_self) -> Any:
                rows = [{**row, "labels": row["label"]} for row in self.train_dataset.select(range(16))]
                return iter([self.data_collator(rows[:8]), self.data_collator(rows[8:])])

        return DataLoader(Batches(), batch_size=None)


class Weighted(Counted):
    """Rare classes more often, drawn with the global generator."""

    def _get_train_sampler(self: Any, train_dataset: Any = None) -> Any:
        return WeightedRandomSampler([1.0 + i % 3 for i in range(len(self.train_dataset))], len(self.train_dataset))


class OwnGenerator(Counted):
    def _get_train_sampler(self: Any, train_dataset: Any = None) -> Any:
        return RandomSampler(self.train_dataset, generator=torch.Generator().manual_seed(3))


class InOrder(Counted):
    def _get_train_sampler(self: Any, train_dataset: Any = None) -> Any:
        return SequentialSampler(train_dataset if train_dataset is not None else self.train_dataset)


class FewerColumns(Counted):
    def _remove_unused_columns(self: Any, dataset: Any, description: str | None = None) -> Any:
        return super()._remove_unused_columns(dataset, description)  # type: ignore[misc]


class EvalLoader(Counted):
    def get_eval_dataloader(self: Any, eval_dataset: Any = None) -> Any:
        rows = self.eval_dataset if eval_dataset is None else eval_dataset
        return DataLoader(rows.select(range(8)), batch_size=4, collate_fn=self.data_collator)

    def get_test_dataloader(self: Any, test_dataset: Any) -> Any:
        return DataLoader(test_dataset.select(range(4)), batch_size=4, collate_fn=self.data_collator)


class EvalSampler(Counted):
    def _get_eval_sampler(self: Any, eval_dataset: Any) -> Any:
        return list(reversed(range(8)))


class OwnLoop(Counted):
    """More metrics than `compute_metrics` gives."""

    def evaluation_loop(self: Any, dataloader: Any, *given: Any, **named: Any) -> Any:
        found = super().evaluation_loop(dataloader, *given, **named)  # type: ignore[misc]
        found.metrics["eval_rows_seen"] = found.num_samples
        return found


class WholeLoop(Counted):
    """None of ours is called."""

    def evaluation_loop(
        self: Any, dataloader: Any, description: str, prediction_loss_only: Any = None, ignore_keys: Any = None,
        metric_key_prefix: str = "eval",
    ) -> Any:  # fmt: skip
        model = self._wrap_model(self.model, training=False)
        model.eval()
        steps = [self.prediction_step(model, batch, False, ignore_keys=ignore_keys) for batch in dataloader]
        logits, labels = (np.concatenate([self.accelerator.gather(s[i]).numpy() for s in steps]) for i in (1, 2))
        metrics = {f"{metric_key_prefix}_loss": float(torch.stack([step[0] for step in steps]).mean())}
        metrics |= {f"{metric_key_prefix}_accuracy": accuracy((logits, labels))["accuracy"]}
        return transformers.trainer_utils.EvalLoopOutput(logits, labels, metrics, len(labels))


class OwnStep(Counted):
    def prediction_step(self: Any, *given: Any, **named: Any) -> Any:
        loss, logits, labels = super().prediction_step(*given, **named)  # type: ignore[misc]
        return loss, None if logits is None else -logits, labels


class OwnLoss(Counted):
    def compute_loss(
        self: Any, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = nn.functional.cross_entropy(outputs.logits, labels, label_smoothing=0.1)
        return (loss, outputs) if return_outputs else loss


class OwnOptimizer(Counted):
    def create_optimizer(self: Any, model: Any = None) -> Any:
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05, momentum=0.9)
        return self.optimizer

    def create_scheduler(self: Any, num_training_steps: int, optimizer: Any = None) -> Any:
        chosen = self.optimizer if optimizer is None else optimizer
        self.lr_scheduler = torch.optim.lr_scheduler.LinearLR(chosen, 1.0, 0.1, num_training_steps)
        return self.lr_scheduler


class Decays(Counted):
    def get_decay_parameter_names(self: Any, model: Any) -> list[str]:
        return ["classifier.weight"]

    @staticmethod
    def get_optimizer_cls_and_kwargs(args: Any, model: Any = None) -> Any:
        return torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}


class Flos(Counted):
    def floating_point_ops(self: Any, inputs: Any) -> Any:
        return 7 * inputs["input_ids"].numel()


class Wrapped(Counted):
    """Something around the model, as data parallelism or a compiler puts there."""

    def _wrap_model(self: Any, model: Any, training: bool = True, dataloader: Any = None) -> Any:
        class Around(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.module = model

            def forward(self, **inputs: Any) -> Any:
                outputs = self.module(**inputs)
                outputs["loss"] = 3 * outputs["loss"]
                return outputs

        return Around()


class Evaluates(Counted):
    def _evaluate(self: Any, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> Any:
        metrics = super()._evaluate(trial, ignore_keys_for_eval, skip_scheduler)  # type: ignore[misc]
        self.log({"seen": metrics["eval_loss"] * 2})
        return metrics


class Logs(Counted):
    def log(self: Any, logs: Any, start_time: Any = None) -> None:
        super().log({**logs, "more": 1.0}, start_time)  # type: ignore[misc]


class Examples(Counted):
    def num_examples(self: Any, dataloader: Any) -> int:
        return super().num_examples(dataloader)  # type: ignore[misc, no-any-return]


class ActsToo(Counted):
    def _maybe_log_save_evaluate(self: Any, tr_loss: Any, grad_norm: Any, *given: Any, **named: Any) -> None:
        if self.control.should_log and self.state.global_step > self._globalstep_last_logged:
            self.log({"so_far": round(float(tr_loss), 5), "norm": round(float(grad_norm), 5)})
        super()._maybe_log_save_evaluate(tr_loss, grad_norm, *given, **named)  # type: ignore[misc]


class ActsAlone(Counted):
    """The body of an older version, written out."""

    def _maybe_log_save_evaluate(
        self: Any, tr_loss: Any, grad_norm: Any, model: Any, trial: Any, epoch: Any, ignore_keys_for_eval: Any,
        start_time: Any, learning_rate: Any = None,
    ) -> None:  # fmt: skip
        if self.control.should_log and self.state.global_step > self._globalstep_last_logged:
            loss = tr_loss.item()
            tr_loss -= tr_loss
            steps = self.state.global_step - self._globalstep_last_logged
            self._total_loss_scalar += loss
            self._globalstep_last_logged = self.state.global_step
            self.store_flos()
            self.log({"loss": loss / steps, "learning_rate": self._get_learning_rate()})
        if self.control.should_evaluate:
            self._evaluate(trial, ignore_keys_for_eval)
        if self.control.should_save:
            self._save_checkpoint(model, trial)
            self.control = self.callback_handler.on_save(self.args, self.state, self.control)


class OwnBest(Counted):
    """The highest loss is the best."""

    def _determine_best_metric(self: Any, metrics: Any, trial: Any) -> Any:
        value, best = -metrics["eval_loss"], self.state.best_metric
        if best is None or value < best:
            self.state.best_metric, self.state.best_global_step = value, self.state.global_step
            return True
        return False

    def _load_best_model(self: Any) -> None:
        self.loaded = self.state.best_model_checkpoint
        super()._load_best_model()  # type: ignore[misc]


BODIES = [
    *(GradientAttack, ProjectedAttack, OwnInputs, OwnInput, Context, OwnLoader, LoaderAround, SuperLoader, Endless),
    *(Weighted, OwnGenerator, InOrder, FewerColumns, EvalLoader, EvalSampler, OwnLoop, WholeLoop, OwnStep, OwnLoss),
    *(OwnOptimizer, Decays, Flos, Wrapped, Evaluates, Logs, Examples, ActsToo, ActsAlone),
]
COMPARED = ("loss", "eval_loss", "eval_accuracy", "grad_norm", "so_far", "norm", "seen", "more", "eval_rows_seen")


def both(body: type, folder: pathlib.Path, **settings: Any) -> Iterator[Any]:
    """The stock trainer and ours with the same body, one after the other: the stock one works until others are made."""
    given = {"max_steps": 6, "logging_steps": 2, "eval_strategy": "steps", "eval_steps": 3, "compute_metrics": accuracy}
    rows = {"eval_dataset": EVAL.select(range(8)), "per_device_eval_batch_size": 4}
    for number, base in enumerate(BOTH):
        kind = type("Own", (body, base), {"__module__": __name__})
        yield make(folder / str(number), kind=kind, **{**given, **rows, **settings})


def test_what_is_best_can_be_told_and_loaded(tmp_path: pathlib.Path) -> None:
    found = []
    settings = {"load_best_model_at_end": True, "metric_for_best_model": "accuracy", "save_strategy": "steps"}
    for trainer in both(OwnBest, tmp_path, save_steps=3, learning_rate=5e-3, **settings):
        trainer.train()
        named = pathlib.Path(trainer.loaded).name
        found.append((trainer.calls, named, trainer.state.best_global_step, trainer.evaluate()["eval_loss"]))
    assert found[1][:3] == found[0][:3]
    assert found[1][3] == pytest.approx(found[0][3], rel=1e-5)


@pytest.mark.parametrize("body", BODIES)
def test_a_run_is_that_of_the_stock_trainer(body: type, tmp_path: pathlib.Path) -> None:
    found = []
    for trainer in both(body, tmp_path):
        trainer.train()
        result = trainer.predict(EVAL.select(range(8)))
        logs = [{name: each[name] for name in COMPARED if name in each} for each in trainer.state.log_history]
        found.append((logs, trainer.calls, result.predictions, [e["step"] for e in trainer.state.log_history]))
    (theirs, counted, outputs, steps), (ours, our_counts, our_outputs, our_steps) = found
    assert our_counts == counted
    assert our_steps == steps
    assert ours == [pytest.approx(entry, rel=2e-5, abs=1e-5) for entry in theirs]
    np.testing.assert_allclose(our_outputs, outputs, rtol=1e-3, atol=1e-4)
