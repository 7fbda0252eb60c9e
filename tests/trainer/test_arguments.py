"""TrainingArguments: the course's names are understood, and nothing that is asked for is ignored in silence."""

import dataclasses
import os
import pathlib
import pickle
from typing import Any

import pytest
import transformers
from transformers.trainer_pt_utils import AcceleratorConfig

from warmstart.errors import UserError
from warmstart.trainer.accepted import HONOURED, NOTHING_LEFT, setting
from warmstart.trainer.arguments import TrainingArguments, settle_accumulation

FIELDS = {field.name: field for field in dataclasses.fields(transformers.TrainingArguments) if field.init}


def refused(*args: Any, **settings: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        TrainingArguments(*args, **settings)
    assert caught.value.where == "TrainingArguments"
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("evaluation_strategy", "eval_strategy", "epoch"),
        ("no_cuda", "use_cpu", True),
        ("warmup_ratio", "warmup_steps", 0.1),
        ("per_gpu_train_batch_size", "per_device_train_batch_size", 3),
        ("per_gpu_eval_batch_size", "per_device_eval_batch_size", 5),
    ],
)
def test_an_old_name_is_its_new_name(tmp_path: pathlib.Path, old: str, new: str, value: Any) -> None:
    ours = TrainingArguments(str(tmp_path), **{old: value})
    assert getattr(ours, new) == getattr(TrainingArguments(str(tmp_path), **{new: value}), new)
    other = value if not isinstance(value, float) else 7
    error = refused(str(tmp_path), **{old: value, new: other})
    assert repr(old) in error.problem
    assert repr(new) in error.problem
    assert old in error.fix


def test_the_other_names_of_the_course(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "")
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR")
    arguments = TrainingArguments(
        str(tmp_path), overwrite_output_dir=True, logging_dir=str(tmp_path / "logs"), group_by_length=True
    )
    assert arguments.train_sampling_strategy == "group_by_length"
    assert arguments.overwrite_output_dir
    assert arguments.logging_dir == os.environ["TENSORBOARD_LOGGING_DIR"] == str(tmp_path / "logs")
    plain = TrainingArguments(str(tmp_path), group_by_length=False, warmup_ratio=0.0)
    assert plain.train_sampling_strategy == "random"
    assert plain.get_warmup_steps(100) == 0
    assert TrainingArguments(str(tmp_path), warmup_ratio=0.1, warmup_steps=0).get_warmup_steps(100) == 10


def test_settings_without_names_come_in_the_stock_order(tmp_path: pathlib.Path) -> None:
    second, third = list(FIELDS)[1:3]
    stock = transformers.TrainingArguments(str(tmp_path), 3, 5, use_cpu=True)
    ours = TrainingArguments(str(tmp_path), 3, 5)
    assert (getattr(ours, second), getattr(ours, third)) == (getattr(stock, second), getattr(stock, third)) == (3, 5)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("learning_rates", "learning_rate"),
        ("evaluation_stategy", "evaluation_strategy"),
        ("per_device_batch_size", "per_device_eval_batch_size"),
        ("Weight_Decay", "weight_decay"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path: pathlib.Path, wrong: str, meant: str) -> None:
    error = refused(str(tmp_path), **{wrong: 1})
    assert repr(wrong) in error.problem
    assert f"did you mean {meant!r}" in error.fix


def another(name: str) -> Any:
    """A value of an argument that is not its default."""
    default = FIELDS[name].default
    special: dict[str, Any] = {
        "torch_compile_backend": "inductor",
        "torch_compile_mode": "default",
        "accelerator_config": {"split_batches": True},
        "fsdp": "full_shard",
        "deepspeed": {"zero_optimization": {"stage": 2}},
        "hub_strategy": "checkpoint",
        "include_for_metrics": ["inputs"],
        "parallelism_config": object(),
        "optim_target_modules": "all-linear",
        "liger_kernel_config": {"rope": True},
    }
    if name in special:
        return special[name]
    return (not default) if isinstance(default, bool) else 3


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - HONOURED - NOTHING_LEFT.keys()))
def test_what_is_not_honoured_is_refused_by_name(tmp_path: pathlib.Path, name: str) -> None:
    before = dict(os.environ)
    error = refused(str(tmp_path), **{name: another(name)})
    assert error.problem.startswith(f"{name}=")
    assert error.fix
    assert dict(os.environ) == before  # refused before anything was set up for it


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - HONOURED - NOTHING_LEFT.keys()))
def test_its_default_may_be_said(tmp_path: pathlib.Path, name: str) -> None:
    field = FIELDS[name]
    make: Any = field.default_factory
    default = make() if field.default is dataclasses.MISSING else field.default
    TrainingArguments(str(tmp_path), **{name: default})


@pytest.mark.parametrize(
    "settings",
    [
        {"train_sampling_strategy": "sorted"},
        {"torch_empty_cache_steps": 0},
        {"debug": "tpu_metrics_debug"},
        {"fp16": True},
        {"fp16_full_eval": True, "bf16_full_eval": True},
        {"warmup_steps": -1},
        {"per_device_train_batch_size": 0},
        {"per_device_eval_batch_size": 0},
        {"gradient_accumulation_steps": 0},
        {"eval_strategy": "sometimes"},
        {"optim": "adamwww"},
        {"lr_scheduler_type": "liner"},
        {"load_best_model_at_end": True, "eval_strategy": "epoch", "save_strategy": "steps"},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_an_error_of_the_user(tmp_path: pathlib.Path, settings: dict[str, Any]) -> None:
    error = refused(str(tmp_path), **settings)
    assert error.problem
    assert isinstance(error, ValueError)  # as the stock class raises: code that expects that one


@dataclasses.dataclass
class Wider(TrainingArguments):
    """As people add settings of their own for a command line's parser."""

    words: int = 7


def test_a_subclass_that_is_a_dataclass_is_looked_at_too(tmp_path: pathlib.Path) -> None:
    wider = Wider(str(tmp_path), learning_rate=0.5, words=8, without=("padding-free",))
    assert (wider.words, wider.learning_rate, wider.without, wider.use_cpu) == (8, 0.5, ["padding-free"], True)
    assert dataclasses.replace(wider, words=9).learning_rate == 0.5
    for wrong in ({"fsdp": "full_shard"}, {"on_nonfinite": "hope"}, {"without": ["speed"]}, {"fp16": True}):
        with pytest.raises(UserError):
            Wider(str(tmp_path), **wrong)


def test_every_setting_has_one_answer() -> None:
    assert not HONOURED & NOTHING_LEFT.keys()
    assert HONOURED | NOTHING_LEFT.keys() <= FIELDS.keys()
    for name in FIELDS:
        assert setting(name).answer == "honoured" or setting(name).why


@pytest.mark.parametrize("name", sorted(NOTHING_LEFT))
def test_what_leaves_nothing_to_do_is_taken(name: str, tmp_path: pathlib.Path) -> None:
    assert getattr(TrainingArguments(str(tmp_path), **{name: another(name)}), name) == another(name)


def test_accumulation_may_be_given_where_accelerate_has_it(tmp_path: pathlib.Path) -> None:
    config = {"gradient_accumulation_kwargs": {"num_steps": 4}}
    args = TrainingArguments(str(tmp_path), accelerator_config=config)
    settle_accumulation(args)
    assert args.gradient_accumulation_steps == 4
    with pytest.raises(ValueError, match="num_steps"):
        settle_accumulation(TrainingArguments(str(tmp_path), accelerator_config=config, gradient_accumulation_steps=2))
    with pytest.raises(NotImplementedError):
        TrainingArguments(str(tmp_path), accelerator_config=AcceleratorConfig)


def test_every_answer_is_there_in_chinese(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    for settings in ({"learning_rates": 1}, {"fp16": True}, {"no_cuda": True, "use_cpu": False}):
        error = refused(str(tmp_path), **settings)
        assert not error.problem.isascii()
        assert not error.fix.isascii()


def test_it_is_a_stock_one_and_can_be_pickled(tmp_path: pathlib.Path) -> None:
    common: dict[str, Any] = {"learning_rate": 1e-4, "report_to": "none", "use_cpu": True}
    ours = TrainingArguments(str(tmp_path), evaluation_strategy="epoch", **common)
    stock = transformers.TrainingArguments(str(tmp_path), eval_strategy="epoch", **common)
    assert isinstance(ours, transformers.TrainingArguments)
    own = {"overwrite_output_dir", "logging_dir", "without", "on_nonfinite", "accept_changes"}
    assert {name: value for name, value in ours.to_dict().items() if name not in own} == stock.to_dict()
    assert pickle.loads(pickle.dumps(ours)).to_dict() == ours.to_dict()


def test_without_a_folder_it_takes_the_stock_one(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert TrainingArguments().output_dir == transformers.TrainingArguments(use_cpu=True).output_dir == "trainer_output"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "load_best_model_at_end": True,
            "eval_strategy": "epoch",
            "save_strategy": "epoch",
            "activation_checkpointing": True,
        },
        {"evaluation_strategy": "epoch", "warmup_ratio": 0.1, "group_by_length": True, "no_cuda": True},
        {"without": ("padding-free",), "on_nonfinite": "skip", "accept_changes": True, "logging_dir": "logs"},
    ],
    ids=["plain", "best", "old names", "own names"],
)
def test_a_copy_with_another_value_keeps_the_rest(
    settings: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "elsewhere")
    ours = TrainingArguments(str(tmp_path), learning_rate=1.0, **settings)
    copy = dataclasses.replace(ours, learning_rate=2.0)
    assert type(copy) is TrainingArguments
    assert copy.to_dict() == {**ours.to_dict(), "learning_rate": 2.0}
    with pytest.raises(UserError, match="fp16"):
        dataclasses.replace(ours, fp16=True)


def test_a_command_line_parser_knows_all_names(tmp_path: pathlib.Path) -> None:
    words = ["--output_dir", str(tmp_path), "--without", "padding-free", "first-token", "--on_nonfinite", "skip"]
    (ours,) = transformers.HfArgumentParser(TrainingArguments).parse_args_into_dataclasses(words)
    assert ours.without == ["padding-free", "first-token"]
    assert ours.on_nonfinite == "skip"
