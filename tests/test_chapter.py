"""Chapter 3 of the Hugging Face course runs, with nothing but import lines changed, and gives what it prints."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.chapter import IMPORT, adapted, blocks, code_blocks, shell_commands

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def chapter(shared: pathlib.Path) -> str:
    return (shared / "chapter3.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(shared: pathlib.Path, hf_home: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What every block gave: a fresh process, since a Hugging Face home is chosen at import."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chapter", str(shared / "chapter3.txt"), str(tmp_path_factory.mktemp("chapter"))],
        cwd=ROOT,
        env={
            **os.environ,
            "HF_HOME": str(hf_home),
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}",
        },
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def values(ran: list[dict[str, Any]], part: str) -> list[Any]:
    """The values of the blocks whose last line contains `part`."""
    return [block["value"] for block in ran if part in block["code"].strip().splitlines()[-1]]


def printed(ran: list[dict[str, Any]], part: str) -> list[str]:
    return [block["printed"] for block in ran if part in block["code"]]


def test_the_chapter_has_the_blocks_that_it_is_said_to_have(chapter: str) -> None:
    assert len(blocks(chapter)) == 58
    assert len(code_blocks(chapter)) == 38
    assert shell_commands(chapter) == ["accelerate config", "accelerate launch train.py"]


def test_nothing_but_import_lines_and_the_checkpoint_is_changed(chapter: str) -> None:
    changed = 0
    for block in code_blocks(chapter):
        for before, after in zip(block.splitlines(), adapted(block).splitlines(), strict=True):
            if before != after:
                changed += 1
                assert IMPORT.match(before) or before == 'checkpoint = "bert-base-uncased"'
    assert changed > 15


def test_every_block_runs(chapter: str, ran: list[dict[str, Any]]) -> None:
    assert [block["code"] for block in ran[:-1]] == code_blocks(chapter)


def test_rows_and_columns(ran: list[dict[str, Any]]) -> None:
    rows = {"train": 3668, "validation": 408, "test": 1725}
    raw = values(ran, "raw_datasets")[0]
    assert {name: split["rows"] for name, split in raw.items()} == rows
    assert all(split["columns"] == ["sentence1", "sentence2", "label", "idx"] for split in raw.values())
    tokenised = next(block["value"] for block in ran if block["code"].endswith("\ntokenized_datasets\n"))
    wanted = {"attention_mask", "idx", "input_ids", "label", "sentence1", "sentence2", "token_type_ids"}
    assert {name: split["rows"] for name, split in tokenised.items()} == rows
    assert all(set(split["columns"]) == wanted for split in tokenised.values())
    assert sorted(values(ran, 'tokenized_datasets["train"].column_names')[0]) == [
        "attention_mask",
        "input_ids",
        "labels",
        "token_type_ids",
    ]
    assert ran[-1]["value"]["stock rows"] == rows  # the stock loader works beside it


def test_the_first_row_and_the_types(ran: list[dict[str, Any]]) -> None:
    assert values(ran, "raw_train_dataset[0]")[0] == {
        "sentence1": 'Amrozi accused his brother , whom he called " the witness " , '
        "of deliberately distorting his evidence .",
        "sentence2": 'Referring to him as only " the witness " , Amrozi accused his brother '
        "of deliberately distorting his evidence .",
        "label": 1,
        "idx": 0,
    }
    features = values(ran, "raw_train_dataset.features")[0]
    assert "string" in features["sentence1"]
    assert "int32" in features["idx"]
    assert "not_equivalent" in features["label"]


def test_token_ids_and_tokens(ran: list[dict[str, Any]]) -> None:
    first = [101, 2023, 2003, 1996, 2034, 6251, 1012, 102]
    assert values(ran, "inputs")[0] == {
        "input_ids": [*first, 2023, 2003, 1996, 2117, 2028, 1012, 102],
        "token_type_ids": [0] * 8 + [1] * 7,
        "attention_mask": [1] * 15,
    }
    tokens = "[CLS] this is the first sentence . [SEP] this is the second one . [SEP]".split()
    assert values(ran, 'tokenizer.convert_ids_to_tokens(inputs["input_ids"])')[0] == tokens


def test_lengths_and_shapes_of_a_batch(ran: list[dict[str, Any]]) -> None:
    assert values(ran, '[len(x) for x in samples["input_ids"]]')[0] == [50, 59, 47, 67, 59, 50, 62, 32]
    shapes, shuffled = values(ran, "{k: v.shape for k, v in batch.items()}")
    padded = [8, 67]
    assert shapes == {"attention_mask": padded, "input_ids": padded, "token_type_ids": padded, "labels": [8]}
    assert set(shuffled) == set(shapes)
    assert shuffled["labels"] == [8]


def test_predictions_and_metrics(ran: list[dict[str, Any]]) -> None:
    assert printed(ran, "predictions.predictions.shape") == ["(408, 2) (408,)"]
    for scores in (values(ran, "label_ids)")[0], values(ran, "metric.compute()")[0]):
        assert set(scores) == {"accuracy", "f1"}
        assert all(0 <= score <= 1 for score in scores.values())
    evaluated = [entry for entry in ran[-1]["value"]["logged"] if "eval_accuracy" in entry]
    assert len(evaluated) == 3  # evaluation_strategy="epoch"
    assert all("eval_f1" in entry for entry in evaluated)


def test_steps_and_losses(ran: list[dict[str, Any]]) -> None:
    assert printed(ran, "print(num_training_steps)") == ["1377"]
    assert printed(ran, "print(outputs.loss, outputs.logits.shape)")[0].endswith("torch.Size([8, 2])")
    trained = values(ran, "trainer.train()")
    assert len(trained) == 2
    assert all(result["global_step"] > 0 and result["training_loss"] > 0 for result in trained)


def test_the_training_function_ran_in_one_process(ran: list[dict[str, Any]]) -> None:
    last = values(ran, "notebook_launcher(training_function)")[0]
    assert last[1] > 0  # the schedule has moved


def test_the_shell_commands_are_handed_over(tmp_path: pathlib.Path) -> None:
    """`accelerate config` and `accelerate launch train.py`, as `warmstart config` and `warmstart launch`."""
    env = {**os.environ, "HF_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    config = tmp_path / "accelerate" / "default_config.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "warmstart", "config", "default", "--config_file", str(config)],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(config.read_text())["num_processes"] == 1
    script = tmp_path / "train.py"
    script.write_text("from warmstart import Accelerator\nprint('processes', Accelerator().num_processes)\n")
    command = [sys.executable, "-m", "warmstart", "launch", "--config_file", str(config), str(script)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["processes 1"]
