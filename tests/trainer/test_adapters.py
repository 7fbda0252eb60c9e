"""Adapters of `peft`: saved, resumed from, and loaded as the best, as in the stock class."""

import pathlib
from typing import Any

import pytest
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model

from tests.trainer.helpers import tiny_bert
from tests.trainer.trainers import accuracy, make, same, weights
from warmstart import Trainer, UserError
from warmstart.checkpoints.weights import holds_weights, load_weights

# peft asks the installed transformers by a name that it is going to lose
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

LORA = {"r": 2, "lora_alpha": 4, "target_modules": ["query", "value"], "task_type": "SEQ_CLS"}
GIVEN: dict[str, Any] = {
    "num_train_epochs": 2,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "metric_for_best_model": "accuracy",
    "compute_metrics": accuracy,
    "learning_rate": 1e-2,
}


def adapted(*more: str, rank: int = 2) -> Any:
    model = tiny_bert()
    torch.manual_seed(0)
    found = get_peft_model(model, LoraConfig(**{**LORA, "r": rank}))
    for name in more:
        found.add_adapter(name, LoraConfig(**LORA))
    return found


@pytest.mark.parametrize("more", [(), ("second",)], ids=["one", "two"])
def test_a_run_of_adapters_is_resumed_exactly_and_its_best_is_loaded(more: Any, tmp_path: pathlib.Path) -> None:
    whole = make(tmp_path, model=adapted(*more), **GIVEN)
    whole.train()
    folder = pathlib.Path(whole.state.best_model_checkpoint)
    assert (folder / "adapter_model.safetensors").is_file()
    assert not (folder / "model.safetensors").exists()
    assert holds_weights(whole.model, folder)
    again = make(tmp_path, model=adapted(*more), **GIVEN)
    again.train(resume_from_checkpoint=str(tmp_path / "checkpoint-5"))
    assert same(weights(again), weights(whole))
    loaded = PeftModel.from_pretrained(tiny_bert(), folder)
    fresh = make(tmp_path, model=loaded, eval_dataset=whole.eval_dataset).evaluate()
    assert fresh["eval_loss"] == pytest.approx(whole.evaluate()["eval_loss"], rel=1e-5)


def test_adapters_learn_and_are_saved_as_in_the_stock_class(tmp_path: pathlib.Path) -> None:
    found = []
    for kind in (transformers.Trainer, Trainer):
        given = {"train_sampling_strategy": "sequential", "logging_steps": 1, "max_steps": 5}
        trainer = make(tmp_path / kind.__module__, kind=kind, model=adapted(), learning_rate=1e-2, **given)
        trainer.train()
        trainer.save_model()
        files = {path.name for path in (tmp_path / kind.__module__).iterdir()} - {"training_args.bin"}
        found.append(([entry["loss"] for entry in trainer.state.log_history if "loss" in entry], files))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-4)
    assert found[1][1] == found[0][1]


def test_adapters_that_do_not_fit_change_nothing(tmp_path: pathlib.Path) -> None:
    make(tmp_path, model=adapted()).save_model()
    for other in (adapted(rank=4), adapted("second")):
        before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
        with pytest.raises(UserError, match="not of this model"):
            load_weights(other, tmp_path)
        assert all(torch.equal(tensor, before[name]) for name, tensor in other.state_dict().items())
    with pytest.raises(UserError, match="not of this model"):
        load_weights(adapted(), tmp_path / "empty")
