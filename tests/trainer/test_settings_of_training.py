"""Settings that change how training is computed (noise, compiling, fp16), and going on with other settings."""

import pathlib
from typing import Any

import pytest
import torch
import transformers

from tests.trainer.trainers import Pairs, Plain, make, same, weights
from warmstart import Trainer, TrainingArguments, UserError
from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.weights import load_weights
from warmstart.engine.techniques import NAMES

BOTH = (transformers.Trainer, Trainer)
ORDER = {"train_sampling_strategy": "sequential", "logging_steps": 1}


def losses(trainer: Any) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def test_noise_is_added_while_training_and_gone_after(tmp_path: pathlib.Path) -> None:
    plain, noisy = (make(tmp_path, max_steps=4, neftune_noise_alpha=alpha, **ORDER) for alpha in (None, 5.0))
    for trainer in (plain, noisy):
        trainer.train()
    assert losses(noisy) != pytest.approx(losses(plain), rel=1e-4)
    assert not noisy.model.get_input_embeddings()._forward_hooks
    assert not hasattr(noisy.model.get_input_embeddings(), "neftune_noise_alpha")


def test_a_noisy_run_is_resumed_exactly(tmp_path: pathlib.Path) -> None:
    given = {"max_steps": 6, "neftune_noise_alpha": 5.0, "save_strategy": "steps", "save_steps": 3}
    whole = make(tmp_path, **given)
    whole.train()
    again = make(tmp_path, **given)
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert same(weights(again), weights(whole))


def test_a_compiled_model_learns_the_same_and_is_saved_as_it_was(tmp_path: pathlib.Path) -> None:
    given = {"train_dataset": Pairs(), "eval_dataset": Pairs(), "data_collator": None, "max_steps": 3, **ORDER}
    plain = make(tmp_path / "plain", model=Plain(), **given)
    compiled = make(tmp_path, model=Plain(), torch_compile=True, torch_compile_backend="eager", **given)
    for trainer in (plain, compiled):
        trainer.train()
    assert compiled.model._compiled_call_impl is not None
    assert losses(compiled) == pytest.approx(losses(plain), rel=1e-4)
    assert compiled.evaluate()["eval_loss"] == pytest.approx(plain.evaluate()["eval_loss"], rel=1e-4)
    compiled.save_model()
    load_weights(Plain(), tmp_path)


def test_a_compiled_model_is_computed_as_it_is(tmp_path: pathlib.Path) -> None:
    args = TrainingArguments(str(tmp_path), torch_compile=True)
    assert args.left_out == list(NAMES)
    assert args.without == []


def in_fp16(folder: pathlib.Path, **given: Any) -> Any:
    """A trainer that computes in fp16 on the CPU, which the arguments refuse: there it is only slow."""
    trainer = make(folder, **given)
    trainer.args.fp16 = True
    return trainer


def test_fp16_scales_the_loss_and_learns_as_fp32_does(tmp_path: pathlib.Path) -> None:
    plain, half = make(tmp_path, max_steps=5, **ORDER), in_fp16(tmp_path, max_steps=5, **ORDER)
    for trainer in (plain, half):
        trainer.train()
    assert losses(half) == pytest.approx(losses(plain), rel=5e-3)
    norms = [[e["grad_norm"] for e in t.state.log_history if "grad_norm" in e] for t in (plain, half)]
    assert norms[1] == pytest.approx(norms[0], rel=2e-2)  # of the gradient, and not of the scaled one
    assert half.run_state.scaler.get_scale() > 1


def test_an_update_that_overflows_fp16_is_left_out_and_the_scale_lowered(tmp_path: pathlib.Path) -> None:
    class Large(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 1:
                trainer.run_state.scaler._scale.fill_(2.0**40)

    seen = []

    class Look(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            seen.append((weights(trainer), trainer.lr_scheduler.last_epoch, trainer.run_state.scaler.get_scale()))

    trainer = in_fp16(tmp_path, max_steps=3, callbacks=[Large(), Look()], **ORDER)
    trainer.train()
    assert same(seen[0][0], seen[1][0])
    assert not same(seen[1][0], seen[2][0]) or seen[2][2] < seen[1][2]
    assert seen[1][2] == 2.0**39
    assert seen[1][1] == seen[0][1]  # nor has the schedule moved


def test_a_loss_that_is_not_finite_ends_an_fp16_run_too(tmp_path: pathlib.Path) -> None:
    trainer = in_fp16(tmp_path, max_steps=3, compute_loss_func=lambda o, labels, **_: o["logits"].sum() * float("nan"))
    with pytest.raises(UserError, match="not finite"):
        trainer.train()


def test_an_fp16_run_is_resumed_exactly(tmp_path: pathlib.Path) -> None:
    given = {"max_steps": 6, "save_strategy": "steps", "save_steps": 3}
    whole = in_fp16(tmp_path, **given)
    whole.train()
    again = in_fp16(tmp_path, **given)
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert same(weights(again), weights(whole))
    assert checkpoint.load_progress(tmp_path / "checkpoint-3")["loss_scale"]["scale"] > 1


def test_fp16_on_a_cpu_is_refused_and_the_advice_leads_out(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError) as told:
        TrainingArguments(str(tmp_path), fp16=True, use_cpu=True)
    assert "CUDA" in told.value.problem
    assert "bf16=True" in told.value.fix
    make(tmp_path, bf16=True, max_steps=1).train()


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "more epochs": ({"num_train_epochs": 3}, "the learning rate follows the new length"),
    "larger updates": ({"per_device_train_batch_size": 16}, "updates have other rows"),
    "another rate": ({"learning_rate": 0.5}, "stay those of the checkpoint"),
    "another seed": ({"seed": 5}, "other rows from here on"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_stays_is_told_to_who_goes_on_with_other_settings(name: str, tmp_path: pathlib.Path, caplog: Any) -> None:
    change, told = CHANGES[name]
    given = {"num_train_epochs": 2, "save_strategy": "steps", "save_steps": 3}
    make(tmp_path, **given).train()
    folder = str(tmp_path / "checkpoint-3")
    with pytest.raises(UserError) as refused:
        make(tmp_path, **{**given, **change}).train(resume_from_checkpoint=folder)
    assert "TrainingArguments(accept_changes=True)" in refused.value.fix
    assert "warmstart resume" not in refused.value.fix
    assert told in refused.value.fix
    again = make(tmp_path, **{**given, **change, "accept_changes": True})
    again.train(resume_from_checkpoint=folder)
    assert told in caplog.text


@pytest.mark.parametrize("name", ["more epochs", "larger updates", "another rate"])
def test_going_on_with_other_settings_is_what_the_stock_class_does(name: str, tmp_path: pathlib.Path) -> None:
    given = {"num_train_epochs": 2, "save_strategy": "steps", "save_steps": 4, **ORDER}
    found = []
    for kind in BOTH:
        folder = tmp_path / kind.__module__
        make(folder, kind=kind, **given).train()
        accepted = {"accept_changes": True} if kind is Trainer else {}
        again = make(folder, kind=kind, **{**given, **CHANGES[name][0], **accepted})
        again.train(resume_from_checkpoint=str(folder / "checkpoint-4"))
        rates = [entry["learning_rate"] for entry in again.state.log_history if "learning_rate" in entry]
        found.append((again.state.global_step, rates, losses(again)))
    assert found[1][0] == found[0][0]
    assert found[1][1] == pytest.approx(found[0][1])
    assert found[1][2] == pytest.approx(found[0][2], rel=1e-3)
    assert torch.tensor(found[1][2]).isfinite().all()


def test_what_is_asked_for_now_says_when_a_resumed_run_saves(tmp_path: pathlib.Path) -> None:
    given = {"max_steps": 9, "save_strategy": "steps", "logging_steps": 9}
    make(tmp_path, save_steps=4, **given).train()
    again = make(tmp_path / "other", save_steps=3, **{**given, "logging_steps": 2})
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    saved = {path.name for path in (tmp_path / "other").iterdir()}
    assert saved == {"checkpoint-6", "checkpoint-9"}
    assert [entry["step"] for entry in again.state.log_history if "loss" in entry] == [6, 8]


def test_a_number_out_of_range_is_found_in_its_part(tmp_path: pathlib.Path, capsys: Any) -> None:
    given = {"debug": "underflow_overflow", "max_steps": 2, "train_dataset": Pairs(), "data_collator": None}
    for kind in BOTH:
        trainer = make(tmp_path, kind=kind, model=Plain(), **given)
        with torch.no_grad():
            trainer.model.linear.weight.fill_(float("inf"))
        with pytest.raises(ValueError, match="inf/nan"):
            trainer.train()
        assert "linear" in capsys.readouterr().out
    make(tmp_path, model=Plain(), **given).train()


class Grows(torch.nn.Module):
    """Notes the rows it has seen in a buffer that grows, and loads one of any length."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(4, 2)
        self.register_buffer("seen", torch.empty(0))

    def load_state_dict(self, state_dict: Any, strict: bool = True) -> Any:  # type: ignore[override]
        self.seen = state_dict["seen"].clone()
        return super().load_state_dict(state_dict, strict=strict)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        self.seen = torch.cat([self.seen, x[:, 0].detach()])
        logits = self.linear(x)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def test_a_model_that_loads_in_its_own_way_may_hold_a_buffer_that_grows(tmp_path: pathlib.Path) -> None:
    given = {"train_dataset": Pairs(), "data_collator": None, "max_steps": 6, "save_strategy": "steps", "save_steps": 2}
    whole = make(tmp_path, model=Grows(), **given)
    whole.train()
    again = make(tmp_path / "again", model=Grows(), **given)
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    assert torch.equal(again.model.seen, whole.model.seen)
    assert len(whole.model.seen) == 6 * 8


def test_callbacks_that_are_gone_are_told_and_the_others_restored(tmp_path: pathlib.Path, caplog: Any) -> None:
    given = {"max_steps": 2, "save_strategy": "steps", "save_steps": 2, "eval_strategy": "steps", "eval_steps": 1}
    best = {"metric_for_best_model": "loss", "restore_callback_states_from_checkpoint": True}
    make(tmp_path, callbacks=[transformers.EarlyStoppingCallback(7)], **given, **best).train()
    make(tmp_path, **given, **best).train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    assert "not there now: EarlyStoppingCallback" in caplog.text
    again = make(tmp_path, callbacks=[transformers.EarlyStoppingCallback(1)], **given, **best)
    again.state = transformers.TrainerState.load_from_json(str(tmp_path / "checkpoint-2" / "trainer_state.json"))
    again._load_callback_state()
    assert again.control.should_training_stop
    assert again.pop_callback(transformers.EarlyStoppingCallback).early_stopping_patience == 7


class Factory:
    """Makes an optimizer of the whole model, as those of `transformers` for mixed kinds of weights do."""

    def __call__(self, model: Any, **options: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(model.parameters(), **options)


@pytest.mark.parametrize("asked", ["factory", "params", "model"])
def test_an_optimizer_may_be_made_of_the_model_or_name_what_it_trains(asked: str, tmp_path: pathlib.Path) -> None:
    found = []
    for kind in BOTH:
        model = Plain()
        own = {"factory": {}, "params": {"params": [model.linear.bias]}, "model": {"model": [model.linear.bias]}}[asked]
        make_it = Factory if asked == "factory" else torch.optim.SGD
        given = {"train_dataset": Pairs(), "data_collator": None, "max_steps": 3, **ORDER}
        trainer = make(
            tmp_path, kind=kind, model=model, optimizer_cls_and_kwargs=(make_it, {"lr": 0.5, **own}), **given
        )
        trainer.train()
        groups = trainer.optimizer.param_groups
        found.append((losses(trainer), [len(group["params"]) for group in groups]))
    assert found[1][1] == found[0][1]
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-4)
