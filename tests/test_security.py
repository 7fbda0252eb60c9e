"""What a run leaves behind tells nothing of the machine: no secret of the environment, no path, no user."""

import os
import pathlib
import socket
import subprocess
import sys

import pytest

from tests import tiny

SECRETS = {
    "HF_TOKEN": "hf_PlantedTokenOfTheHub0123456789ab",
    "HUGGING_FACE_HUB_TOKEN": "hf_PlantedTokenOfOldTimes0123456789",
    "WANDB_API_KEY": "planted0wandb0key0123456789abcdef01234567",
    "AWS_SECRET_ACCESS_KEY": "PlantedSecretOfAmazon/0123456789abcdefgh",
    "OPENAI_API_KEY": "sk-planted-0123456789",
    "COMET_API_KEY": "planted0comet0key",
    "USER": "planted-user",
    "LOGNAME": "planted-user",
}
IN_A_FILE = "hf_PlantedTokenInAFile0123456789abc"
STATE = "trainer_state.json"
SCRIPT = """
import sys
from warmstart import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, Trainer
from warmstart import TrainingArguments, load

model, data, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(model)
splits = load(data)["train"].class_encode_column("label").train_test_split(10, seed=0)
splits = splits.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
arguments = TrainingArguments(
    out, max_steps=4, save_steps=2, eval_steps=2, evaluation_strategy="steps", save_strategy="steps",
    load_best_model_at_end=True, use_cpu=True, disable_tqdm=True, logging_steps=1, report_to="none",
    hub_token="hf_PlantedTokenOfTheHub0123456789ab",
)
trainer = Trainer(
    AutoModelForSequenceClassification.from_pretrained(model, num_labels=2), arguments,
    data_collator=DataCollatorWithPadding(tokenizer), train_dataset=splits["train"], eval_dataset=splits["test"],
    processing_class=tokenizer,
)
trainer.train()
trainer.save_model(out + "/model")
"""
INTERRUPTED = """
import os, signal, sys
from warmstart.runs.forecast import Forecast
def on_log(self, args, state, control, **kwargs):
    if state.global_step == 4:
        os.kill(os.getpid(), signal.SIGTERM)
Forecast.on_log = on_log
import warmstart.__main__
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A home with a token in it, a tiny model, two tables and a recipe; all are named by absolute paths."""
    folder = tmp_path_factory.mktemp("planted-place")
    tiny.checkpoint(folder / "home" / "models" / "tiny")
    tiny.write(folder / "home" / "reviews.csv", tiny.reviews(60))
    tiny.write(folder / "home" / "validation.csv", tiny.reviews(20, seed=5))
    (folder / "home" / "hf").mkdir()
    (folder / "home" / "hf" / "token").write_text(IN_A_FILE)
    (folder / "home" / "hf" / "stored_tokens").write_text(f"[mine]\nhf_token = {IN_A_FILE}\n")
    (folder / "my.toml").write_text(f'model = "{folder}/home/models/tiny"\nkeep = 3\nsave_every = 2\nlog_every = 1\n')
    return folder


def python(place: pathlib.Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python with these words, where the secrets are in the environment."""
    home = place / "home"
    environment = {"HOME": str(home), "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-W", "ignore", *words],
        cwd=home,
        env=os.environ | SECRETS | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def train(
    place: pathlib.Path, out: str, *words: str, code: tuple[str, ...] = ("-m", "warmstart")
) -> subprocess.CompletedProcess[str]:
    """`warmstart train` with absolute paths for whatever has a path."""
    options = [
        "--validation",
        f"{place}/home/validation.csv",
        "--recipe",
        f"{place}/my.toml",
        "--updates",
        "6",
        "--cpu",
    ]
    return python(place, *code, "train", f"{place}/home/reviews.csv", *options, "--out", f"{place}/{out}", *words)


def leaks(folder: pathlib.Path, place: pathlib.Path) -> list[str]:
    """What of all that was planted is in a file of `folder`, or in its name."""
    planted = {*SECRETS.values(), IN_A_FILE, str(place), place.name, str(pathlib.Path.cwd())}
    planted |= {
        word for word in (str(pathlib.Path.home()), socket.gethostname()) if len(word) > 4
    }  # others are in bytes
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found
    return [
        f"{path.relative_to(folder)}: {word}"
        for path in found
        for word in planted
        if word.encode() in path.read_bytes() or word in str(path.relative_to(folder))
    ]


@pytest.fixture(scope="module")
def trained(place: pathlib.Path) -> pathlib.Path:
    """A run of the command that kept its checkpoints and chose the best."""
    done = train(place, "run", "--best", "--evaluate-every", "2")
    assert done.returncode == 0, done.stderr
    assert not [secret for secret in (*SECRETS.values(), IN_A_FILE) if secret in done.stdout + done.stderr]
    return place / "run"


def test_a_run_tells_nothing(place: pathlib.Path, trained: pathlib.Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert {"recipe.toml", "log.jsonl", "predictions.csv", "checkpoint-2", "checkpoint-6", "model"} <= names
    assert leaks(trained, place) == []
    card = (trained / "model" / "README.md").read_text()
    assert "base_model: tiny" in card
    assert "tiny fine-tuned on reviews.csv" in card


def test_nor_does_one_that_was_interrupted_and_resumed(place: pathlib.Path) -> None:
    done = train(place, "interrupted", code=("-c", INTERRUPTED))
    assert done.returncode == 75, done.stderr
    run = place / "interrupted"
    assert leaks(run, place) == []
    done = python(place, "-m", "warmstart", "resume", str(run))  # from another folder than the recipe's
    assert done.returncode == 0, done.stderr
    assert (run / "model" / "model.safetensors").exists()
    assert leaks(run, place) == []


def test_nor_does_one_that_an_error_ended(place: pathlib.Path) -> None:
    done = train(place, "stopped", "--lr", "1e30", "--clip", "0")
    assert done.returncode == 2, done.stderr
    assert "not finite" in done.stderr
    assert leaks(place / "stopped", place) == []


def test_nor_does_a_trainer_in_a_script(place: pathlib.Path) -> None:
    home = place / "home"
    done = python(place, "-c", SCRIPT, str(home / "models/tiny"), str(home / "reviews.csv"), str(place / "script"))
    assert done.returncode == 0, done.stderr
    assert {"checkpoint-2", "checkpoint-4", "model"} <= {path.name for path in (place / "script").iterdir()}
    assert leaks(place / "script", place) == []
