"""Checkpoints: whole or not at all, every byte known, the newest good one found, and nothing lost on the way back."""

import contextlib
import copy
import json
import pathlib
from typing import Any

import pytest
import tokenizers
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn

from tests import tiny
from tests.trainer.helpers import last_good, tiny_bert
from warmstart import AdamW, storage
from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.weights import load_weights, save_weights
from warmstart.errors import UserError

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def make(folder: pathlib.Path, step: int, **options: Any) -> pathlib.Path:
    """A small but complete checkpoint."""
    target = folder / f"checkpoint-{step}"
    checkpoint.save(
        target,
        save_weights=lambda work: storage.write_text(work / "model.safetensors", f"weights {step}"),
        state={"global_step": step},
        **options,
    )
    return target


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Folders


def test_the_manifest_lists_every_file_and_verifies(tmp_path: pathlib.Path) -> None:
    target = make(tmp_path, 3)
    listed = json.loads((target / storage.MANIFEST).read_text())["files"]
    assert set(listed) == set(contents(target)) - {storage.MANIFEST}
    storage.verify(target)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-3"]


@FEW
@given(st.data())
def test_one_changed_byte_anywhere_is_found(tmp_path: pathlib.Path, data: st.DataObject) -> None:
    target = make(tmp_path, 3)
    name = data.draw(st.sampled_from(sorted(contents(target))))
    whole = (target / name).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    kind = data.draw(st.sampled_from(["changed", "cut", "gone"]))
    if kind == "changed":
        (target / name).write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
    elif kind == "cut":
        (target / name).write_bytes(whole[:place])
    else:
        (target / name).unlink()
    if name == storage.MANIFEST and kind != "gone":
        with contextlib.suppress(ValueError):
            if storage.read_json(target / name) == json.loads(whole):
                return  # another kind of space: the manifest says the same
    with pytest.raises(storage.Damaged):
        storage.verify(target)
    assert last_good(tmp_path) is None
    with pytest.raises(UserError) as caught:
        checkpoint.check(target)
    assert caught.value.fix


def test_the_newest_good_one_is_found_in_order_of_update(tmp_path: pathlib.Path) -> None:
    assert last_good(tmp_path / "nowhere") is None
    assert last_good(tmp_path) is None
    for step in (5, 100, 20):
        make(tmp_path, step)
    (tmp_path / "checkpoint-300").mkdir()  # without a manifest: never finished
    (tmp_path / "checkpoint-400.unfinished").mkdir()
    (tmp_path / "other").mkdir()
    assert [path.name for path in checkpoint.folders(tmp_path)] == ["checkpoint-5", "checkpoint-20", "checkpoint-100"]
    assert last_good(tmp_path) == tmp_path / "checkpoint-100"
    (tmp_path / "checkpoint-100" / "trainer_state.json").write_text("{}")
    assert last_good(tmp_path) == tmp_path / "checkpoint-20"


@pytest.mark.parametrize("name", ["model.safetensors.index.json", "optimizer.safetensors", "progress.json"])
def test_what_was_put_there_later_is_not_read(name: str, tmp_path: pathlib.Path) -> None:
    """Such as an index, before which the one file of weights would be passed over. Others' notes may be there."""
    good, planted = make(tmp_path, 3, optimizer=optimizer_of()), make(tmp_path, 6)
    (planted / "notes.txt").write_text("mine")
    assert checkpoint.why_not(planted) is None
    (planted / name).write_text("{}")
    assert name in str(checkpoint.why_not(planted))
    with pytest.raises(UserError, match=name):
        checkpoint.check(planted)
    assert checkpoint.newest_good(tmp_path, print) == good


def optimizer_of() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def test_a_failure_while_writing_leaves_what_was_there(tmp_path: pathlib.Path) -> None:
    def fail(work: pathlib.Path) -> None:
        (work / "model.safetensors").write_bytes(b"half")
        raise OSError("the disk is full")

    for before in (False, True):
        if before:
            make(tmp_path, 3)
        was = contents(tmp_path)
        with pytest.raises(UserError, match="full"):
            checkpoint.save(tmp_path / "checkpoint-3", save_weights=fail, state={})
        assert contents(tmp_path) == was


def test_what_an_earlier_attempt_left_is_replaced(tmp_path: pathlib.Path) -> None:
    left = tmp_path / f"checkpoint-3{storage.UNFINISHED}"
    left.mkdir()
    (left / "stale").write_text("old")
    first = contents(make(tmp_path, 3))
    assert "stale" not in first
    again = make(tmp_path, 3)  # the same update once more, as after resuming from an earlier one
    assert contents(again) == first
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-3"]


@FEW
@given(
    steps=st.sets(st.integers(1, 200), min_size=1, max_size=9),
    keep=st.one_of(st.none(), st.integers(1, 9)),
    data=st.data(),
)
def test_rotation_keeps_the_newest_and_the_best(
    tmp_path_factory: pytest.TempPathFactory, steps: set[int], keep: int | None, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("run")
    for step in steps:
        (folder / f"checkpoint-{step}").mkdir()
        storage.write_json(folder / f"checkpoint-{step}" / storage.MANIFEST, {})
    best = data.draw(st.one_of(st.none(), st.sampled_from(sorted(steps))))
    never = {folder / f"checkpoint-{best}"} if best else set()
    checkpoint.rotate(folder, keep, {*never, folder / f"checkpoint-{max(steps)}"})
    left = [int(path.name.split("-")[1]) for path in checkpoint.folders(folder)]
    assert max(steps) in left
    assert best is None or best in left
    protected = {max(steps), *([best] if best else [])}
    assert len(left) == (len(steps) if keep is None else min(len(steps), max(keep, len(protected))))
    gone = steps - set(left)
    spare = set(left) - protected
    assert not gone or not spare or max(gone) < min(spare)  # the oldest go first
    assert {path.name for path in folder.iterdir()} == {f"checkpoint-{step}" for step in left}


def test_what_another_program_wrote_is_passed_over_and_ours_without_a_manifest_is_set_aside(
    tmp_path: pathlib.Path,
) -> None:
    good = make(tmp_path, 3, optimizer=torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1))
    cut = make(tmp_path, 5, identity={})
    (cut / storage.MANIFEST).unlink()
    theirs = tmp_path / "checkpoint-9"
    theirs.mkdir()
    for name in ("trainer_state.json", "model.safetensors", "optimizer.pt", "training_args.bin"):
        (theirs / name).write_text("{}")
    before = contents(theirs)
    told: list[str] = []
    assert checkpoint.newest_good(tmp_path, told.append) == good
    assert contents(theirs) == before
    assert len(told) == 1
    assert "checkpoint-5 is damaged" in told[0]


# What is in them


def trained(make_optimizer: Any) -> tuple[nn.Module, torch.optim.Optimizer, Any]:
    """A model after three updates, with optimizer and schedule."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    optimizer = make_optimizer([{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters()}])
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    for seed in range(3):
        update(model, optimizer, scheduler, seed)
    return model, optimizer, scheduler


def update(model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: Any, seed: int) -> None:
    inputs = torch.randn(5, 4, generator=torch.Generator().manual_seed(seed))
    optimizer.zero_grad()
    model(inputs).square().mean().backward()
    optimizer.step()
    scheduler.step()


MAKERS: dict[str, Any] = {
    "torch AdamW": lambda groups: torch.optim.AdamW(groups, lr=0.02, fused=True),
    "the course's AdamW": lambda groups: AdamW(groups, lr=0.02, weight_decay=0.1),
    "SGD with momentum": lambda groups: torch.optim.SGD(groups, lr=0.02, momentum=0.9, nesterov=True),
    "plain SGD": lambda groups: torch.optim.SGD(groups, lr=0.02),
    "Adagrad": lambda groups: torch.optim.Adagrad(groups, lr=0.02),
    "Adam, amsgrad": lambda groups: torch.optim.Adam(groups, lr=0.02, amsgrad=True),
    "Adafactor": lambda groups: __import__("transformers").Adafactor(groups, lr=0.02, relative_step=False),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_run_goes_on_from_its_checkpoint_bit_for_bit(name: str, tmp_path: pathlib.Path) -> None:
    model, optimizer, scheduler = trained(MAKERS[name])
    folder = tmp_path / "checkpoint-3"
    checkpoint.save(
        folder,
        save_weights=lambda work: save_weights(model, None, work),
        state={"global_step": 3, "best_metric": None, "log_history": [{"loss": 0.1}]},
        optimizer=optimizer,
        scheduler=scheduler,
    )
    checkpoint.check(folder)
    assert checkpoint.load_state(folder) == {"global_step": 3, "best_metric": None, "log_history": [{"loss": 0.1}]}
    assert not [path for path in folder.iterdir() if path.suffix not in (".safetensors", ".json")]  # no pickle
    fresh = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    other = MAKERS[name]([{"params": fresh[0].parameters(), "lr": 0.5}, {"params": fresh[2].parameters()}])
    schedule = torch.optim.lr_scheduler.LambdaLR(other, lambda step: 1 / (1 + step))
    load_weights(fresh, folder)
    checkpoint.load_optimizer(folder, other, schedule)
    for seed in range(3, 8):
        update(model, optimizer, scheduler, seed)
        update(fresh, other, schedule, seed)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), fresh.parameters(), strict=True))
    assert scheduler.get_last_lr() == schedule.get_last_lr()


def schedules(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    kinds = torch.optim.lr_scheduler
    parts = [kinds.LambdaLR(optimizer, lambda step: 1 / (1 + step)), kinds.MultiStepLR(optimizer, [2, 3])]
    return {
        "milestones": lambda: kinds.MultiStepLR(optimizer, [4, 6, 6]),
        "two in a row": lambda: kinds.SequentialLR(optimizer, parts, [2]),
        "restarts": lambda: kinds.CosineAnnealingWarmRestarts(optimizer, 3),
    }


@pytest.mark.parametrize("name", schedules(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)))
def test_a_schedule_goes_on_from_its_checkpoint(name: str, tmp_path: pathlib.Path) -> None:
    rates = []
    optimizer, scheduler = [], []
    for _ in range(2):
        optimizer.append(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0))
        scheduler.append(schedules(optimizer[-1])[name]())
    for step in range(8):
        if step == 3:
            make(tmp_path, 3, optimizer=optimizer[0], scheduler=scheduler[0])
            checkpoint.load_optimizer(tmp_path / "checkpoint-3", optimizer[1], scheduler[1])
        for each in range(2 if step >= 3 else 1):
            optimizer[each].step()
            scheduler[each].step()
        rates.append([each.param_groups[0]["lr"] for each in optimizer])
    assert [one for one, _ in rates[3:]] == [two for _, two in rates[3:]]
    assert len(set(map(tuple, rates[3:]))) > 1
    if name == "milestones":
        assert type(scheduler[1].milestones) is type(scheduler[0].milestones)


def test_weights_only_can_be_loaded_but_not_resumed_from(tmp_path: pathlib.Path) -> None:
    target = make(tmp_path, 3)
    with pytest.raises(UserError, match="weights only"):
        checkpoint.check(target)
    with pytest.raises(UserError, match="valid checkpoint"):
        checkpoint.check(tmp_path / "checkpoint-4")


def test_a_saved_transformer_is_loaded_by_every_tool_and_back_in_place(tmp_path: pathlib.Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model, tokenizer = tiny_bert(labels=3, seed=1), tiny.tokenizer()
    tokenizer("good bad", truncation=True, max_length=3, padding="max_length")
    save_weights(model, tokenizer, tmp_path)
    assert len(AutoTokenizer.from_pretrained(tmp_path)("good bad fine")["input_ids"]) == 5
    plain = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))  # as other tools read it
    assert len(plain.encode("good bad fine").ids) == 5  # nothing cut
    assert len(plain.encode("").ids) == 2  # nothing added
    elsewhere = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    in_place = tiny_bert(labels=3, seed=2)
    load_weights(in_place, tmp_path)
    for loaded in (elsewhere, in_place):
        assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))


def test_tied_weights_of_a_plain_module_survive(tmp_path: pathlib.Path) -> None:
    def tied() -> nn.Sequential:
        model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
        model[1].weight = model[0].weight
        return model

    first, second = tied(), tied()
    save_weights(first, None, tmp_path)
    load_weights(second, tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert second[1].weight is second[0].weight


def test_tied_weights_of_a_transformer_survive_and_stay_tied(tmp_path: pathlib.Path) -> None:
    models = [transformers.BertForMaskedLM(tiny_bert().config) for _ in range(2)]
    save_weights(models[0], None, tmp_path)
    load_weights(models[1], tmp_path)
    assert equal(*models)
    assert models[1].cls.predictions.decoder.weight is models[1].get_input_embeddings().weight


def test_weights_in_several_files_are_read(tmp_path: pathlib.Path) -> None:
    model, fresh = tiny_bert(seed=1), tiny_bert(seed=2)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert not (tmp_path / "model.safetensors").exists()
    load_weights(fresh, tmp_path)
    assert equal(model, fresh)


@pytest.mark.parametrize("head", [None, nn.Linear(8, 5), nn.Sequential(nn.Linear(8, 3), nn.Linear(3, 2))])
def test_weights_that_are_saved_under_other_names_are_found(head: nn.Module | None, tmp_path: pathlib.Path) -> None:
    size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.ViTConfig(image_size=4, patch_size=2, num_labels=2, **size)
    models = [transformers.ViTForImageClassification(config) for _ in range(2)]
    for model in models:
        model.classifier = model.classifier if head is None else copy.deepcopy(head)
    with torch.no_grad():
        for parameter in models[0].parameters():
            parameter.normal_()
    save_weights(models[0], None, tmp_path)
    assert load_file(tmp_path / "model.safetensors").keys() != models[0].state_dict().keys()
    load_weights(models[1], tmp_path)
    assert equal(*models)


@pytest.mark.parametrize("wrong", ["classes", "layers", "less"])
def test_weights_of_another_model_are_refused_and_nothing_is_changed(wrong: str, tmp_path: pathlib.Path) -> None:
    save_weights(tiny_bert(seed=1), None, tmp_path)
    model = tiny_bert(seed=2, labels=3 if wrong == "classes" else 2)
    if wrong == "layers":
        model.classifier = nn.Sequential(nn.Linear(32, 2))
    elif wrong == "less":
        model.classifier = nn.Identity()
    before = copy.deepcopy(model)
    with pytest.raises(UserError, match="classifier") as caught:
        load_weights(model, tmp_path)
    assert caught.value.fix
    assert equal(model, before)


def equal(one: nn.Module, two: nn.Module) -> bool:
    first, second = one.state_dict(), two.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


# Files of other kinds


def test_files_are_replaced_whole_and_beside_others(tmp_path: pathlib.Path) -> None:
    (tmp_path / "other").write_text("stays")
    with storage.new_files(tmp_path) as work:
        (work / "a").write_text("new")
    with pytest.raises(RuntimeError), storage.new_files(tmp_path) as work:
        (work / "a").write_text("half")
        raise RuntimeError
    assert contents(tmp_path) == {"a": b"new", "other": b"stays"}
    storage.write_lines(tmp_path / "deep" / "log.jsonl", [{"loss": 1.5}, {"名": "好"}])
    storage.append_line(tmp_path / "deep" / "log.jsonl", {"loss": 1.0})
    lines = (tmp_path / "deep" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"loss": 1.5}, {"名": "好"}, {"loss": 1.0}]
