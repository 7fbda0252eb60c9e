"""What is trained on: any module and data set, streams, columns."""

import pathlib
from typing import Any

import pytest
import torch
import transformers
from datasets import Dataset

from tests.trainer.helpers import Pad
from tests.trainer.trainers import TRAIN, Pairs, Plain, Stream, accuracy, make, same, weights
from warmstart import Trainer
from warmstart.errors import UserError


def test_a_plain_module_and_a_plain_data_set(tmp_path: pathlib.Path) -> None:
    found = []
    for gives in ("dict", "tuple"):
        folder = tmp_path / gives
        trainer = make(
            folder,
            model=Plain(gives),
            data_collator=None,
            train_dataset=Pairs(),
            eval_dataset=Pairs(10),
            compute_metrics=accuracy,
            num_train_epochs=20,
            save_strategy="epoch",
            save_total_limit=1,
            learning_rate=0.1,
        )
        before = trainer.evaluate()
        trainer.train()
        after = trainer.evaluate()
        assert after["eval_loss"] < before["eval_loss"] / 2
        assert trainer.predict(Pairs(10)).predictions.shape == (10, 2)
        trainer.save_model(str(folder / "saved"))
        assert [path.name for path in (folder / "saved").iterdir()] == ["model.safetensors"]
        again = {"data_collator": None, "train_dataset": Pairs(), "eval_dataset": Pairs(10)}
        resumed = make(folder, model=Plain(gives), num_train_epochs=20, learning_rate=0.1, **again)
        assert resumed.train(resume_from_checkpoint=True).global_step == 60
        assert same(weights(resumed), weights(trainer))
        found.append((weights(trainer), after["eval_loss"]))
    assert same(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


def test_a_stream_trains_for_as_many_updates_as_are_asked_for(tmp_path: pathlib.Path) -> None:
    common = {"model": Plain(), "data_collator": None, "eval_dataset": Pairs(10)}
    with pytest.raises(UserError, match="no length") as caught:
        make(tmp_path, train_dataset=Stream(), **common).train()
    assert "max_steps" in caught.value.fix
    joined = torch.utils.data.ChainDataset([Stream()])  # its length asks the other for one that it has not
    trainer = make(tmp_path, train_dataset=joined, max_steps=7, **common)
    assert trainer.train().global_step == 7
    in_order = make(
        tmp_path,
        train_dataset=Pairs(),
        max_steps=7,
        train_sampling_strategy="sequential",
        **{**common, "model": Plain()},
    )
    in_order.train()
    assert same(weights(trainer), weights(in_order))
    assert trainer.predict(Stream()).predictions.shape == (24, 2)


@pytest.mark.parametrize("extent", [{"num_train_epochs": 3}, {"max_steps": 7}], ids=["epochs", "updates"])
def test_a_stream_with_a_length_has_epochs_as_in_the_stock_trainer(
    extent: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    class Long(Stream):
        def __len__(self) -> int:
            return 24

    found = []
    for kind in (transformers.Trainer, Trainer):
        given = {"model": Plain(), "data_collator": None, "train_dataset": Long(), "eval_dataset": Long()}
        given |= {"eval_strategy": "epoch", "logging_strategy": "epoch", "lr_scheduler_type": "constant", **extent}
        trainer = make(tmp_path, kind=kind, **given)
        trainer.train()
        found.append((trainer.state.log_history, weights(trainer)))
    for theirs, ours in zip(found[0][0], found[1][0], strict=True):
        assert {**theirs, **ours}.keys() == theirs.keys()
        assert [ours[name] for name in ("step", "epoch")] == [theirs[name] for name in ("step", "epoch")]
    for name, tensor in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], tensor)


def test_a_stream_is_shuffled_in_each_pass_as_in_the_stock_trainer_and_resumed(tmp_path: pathlib.Path) -> None:
    def run(kind: Any, resume: str | None = None) -> tuple[list[list[int]], dict[str, torch.Tensor]]:
        order: list[list[int]] = []

        class Watched(Pad):
            def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
                order.append([example["input_ids"][0] for example in examples])
                return super().__call__(examples)

        dataset = TRAIN.to_iterable_dataset().shuffle(seed=3, buffer_size=40)
        given = {"save_strategy": "steps", "save_steps": 8, "max_steps": 13, "data_collator": Watched()}
        trainer = make(tmp_path / kind.__module__, kind=kind, train_dataset=dataset, **given)
        trainer.train(resume_from_checkpoint=resume)
        return order, weights(trainer)

    theirs, _ = run(transformers.Trainer)
    ours, whole = run(Trainer)
    assert ours == theirs[:13]
    assert ours[:5] != ours[5:10]
    again, resumed = run(Trainer, str(tmp_path / Trainer.__module__ / "checkpoint-8"))
    assert again == ours[8:]
    assert same(resumed, whole)


@pytest.mark.parametrize("name", ["eval_strategy", "save_strategy", "logging_strategy"])
def test_a_stream_without_a_length_has_no_epochs_to_act_on(name: str, tmp_path: pathlib.Path) -> None:
    given = {"model": Plain(), "data_collator": None, "train_dataset": Stream(), "max_steps": 3, name: "epoch"}
    with pytest.raises(UserError, match=f"{name} is 'epoch'") as caught:
        make(tmp_path, **given).train()
    assert f"{name}='steps'" in caught.value.fix


def test_columns_the_model_does_not_take_are_left_out(tmp_path: pathlib.Path) -> None:
    class Strict(Pad):
        def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
            assert set(examples[0]) == {"input_ids", "attention_mask", "label"}
            return super().__call__(examples)

    wide = TRAIN.add_column("note", ["x"] * 40)
    narrow = make(tmp_path, train_dataset=wide, data_collator=Strict(), max_steps=2)
    narrow.train()
    as_list = make(tmp_path, train_dataset=list(wide), data_collator=Strict(), max_steps=2)
    as_list.train()
    assert same(weights(narrow), weights(as_list))
    with pytest.raises(AssertionError):
        make(tmp_path, train_dataset=wide, data_collator=Strict(), max_steps=2, remove_unused_columns=False).train()
    with pytest.raises(UserError, match="none of the columns"):
        make(tmp_path, train_dataset=Dataset.from_dict({"text": ["a"]}), max_steps=2).train()
