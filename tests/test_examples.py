"""Every example runs as its reader would run it, on few rows, and what it prints is true."""

import ast
import csv
import os
import pathlib
import re
import subprocess
import sys

import pytest
from safetensors.numpy import load_file

from warmstart.models.default import default_checkpoint

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
ROWS = 27  # no multiple of a batch, nor of two processes' batches
TORCHRUN = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0", "--rdzv-backend", "c10d")
RENDEZVOUS = ("--rdzv-endpoint", "localhost:0")  # a free port
SECONDS = 120.0


def run(
    folder: pathlib.Path, name: str, *arguments: object, launcher: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run an example in `folder`, on the CPU, without the Hub and with an empty cache."""
    command = [sys.executable, *launcher, str(EXAMPLES / name), *map(str, arguments)]
    quiet = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": ""}
    environment = {**os.environ, **quiet, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "WARMSTART_LANG": "en"}
    environment.pop("HF_DATASETS_CACHE", None)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done


def scores(line: str) -> dict[str, float]:
    """A printed dictionary of accuracy and F1."""
    found: dict[str, float] = ast.literal_eval(line)
    assert found.keys() == {"accuracy", "f1"}
    assert all(0 <= value <= 1 for value in found.values())
    return found


def is_fine_tuned(folder: pathlib.Path) -> bool:
    """Whether the model in `folder` has a head of two outputs on an encoder that training has changed."""
    name = "encoder.layer.0.attention.self.query.weight"
    ours = load_file(folder / "model.safetensors")
    packaged = load_file(pathlib.Path(default_checkpoint()) / "model.safetensors")
    before = packaged[name].astype("float32")
    return ours["classifier.weight"].shape[0] == 2 and bool((ours[f"bert.{name}"] != before).any())


def test_every_example_is_run_here_and_listed() -> None:
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    here = pathlib.Path(__file__).read_text(encoding="utf-8")
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(names) >= 5
    for name in names:
        assert f'"{name}"' in here
        assert f"({name})" in listed


def test_trainer(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, "trainer.py", "--rows", ROWS, "--epochs", 1, "--out", "run")
    source, shapes, result, _ = done.stdout.splitlines()
    assert "sample" in source
    assert shapes == f"({ROWS}, 2) ({ROWS},)"
    in_training = re.search(r"epoch 1  accuracy (\S+)  f1 (\S+)", done.stderr)
    assert in_training is not None
    told = [float(in_training[1]), float(in_training[2])]
    assert list(scores(result).values()) == pytest.approx(told, abs=1e-4)
    assert is_fine_tuned(tmp_path / "run" / "model")


def test_loop(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, "loop.py", "--rows", ROWS, "--epochs", 1, "--out", "model")
    _, epoch, last = done.stdout.splitlines()
    told = re.fullmatch(r"epoch 1: mean loss (\S+)", epoch)
    assert told is not None
    assert 0.3 < float(told[1]) < 1.2  # a new head of two classes begins near log 2
    assert last == "4 updates; the model is in model"
    assert is_fine_tuned(tmp_path / "model")


def glue_with_other_rows(folder: pathlib.Path) -> None:
    """Put a data set in place of GLUE: `load_dataset("glue", ...)` looks in the current folder first."""
    from warmstart.table.sample import sample

    data = folder / "glue"
    data.mkdir()
    for split, rows in sample(seed=1, train_rows=40, validation_rows=40).items():
        rows.remove_columns(["topic", "shape"]).to_parquet(data / f"{split}.parquet")
    files = [f"  - {{split: {split}, path: {split}.parquet}}" for split in ("train", "validation")]
    card = ["---", "configs:", "- config_name: mrpc", "  data_files:", *files, "---", ""]
    (data / "README.md").write_text("\n".join(card), encoding="utf-8")


def test_accelerate_loop_in_two_processes_scores_every_row_once(tmp_path: pathlib.Path) -> None:
    glue_with_other_rows(tmp_path)
    arguments = ("--rows", ROWS, "--epochs", 1, "--out", "model")
    done = run(tmp_path, "accelerate_loop.py", *arguments, launcher=(*TORCHRUN, *RENDEZVOUS))
    processes, counted, result, last = done.stdout.splitlines()
    assert processes == "processes: 2"
    assert counted == f"epoch 1: Metric('glue/mrpc', rows={ROWS})"
    assert last == "2 updates; the model is in model"  # four batches of 8, two at a time
    assert is_fine_tuned(tmp_path / "model")

    counted_alone, alone = run(tmp_path, "evaluation.py", "--rows", ROWS, "--model", "model").stdout.splitlines()
    assert counted_alone == f"Metric('glue/mrpc', rows={ROWS})"  # and no word of the sample: GLUE was found
    assert scores(result) == scores(alone)


def test_own_csv_gives_a_model_that_pipeline_reads_as_we_do(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, "own_csv.py", "--rows", 60, "--epochs", 1, "--out", "run")
    with (tmp_path / "topics.csv").open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == 60
    assert "text: 'text'" in done.stdout
    assert "label: 'topic'" in done.stdout
    assert re.search(r"^model \{'accuracy': ", done.stdout, re.MULTILINE)
    with (tmp_path / "run" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        predicted = list(csv.DictReader(file))
    answers = [ast.literal_eval(line.partition(" <- ")[0])[0] for line in done.stdout.splitlines()[-3:]]
    for answer, row in zip(answers, predicted, strict=False):
        assert answer["label"] == row["prediction"]
        assert answer["score"] == pytest.approx(float(row[f"p({answer['label']})"]), abs=1e-3)
