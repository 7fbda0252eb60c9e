"""Uploading while training: where the Hub can be used, what goes there and when; where not, a word before training."""

import inspect
import pathlib
import types
from concurrent.futures import Future
from typing import Any

import huggingface_hub
import pytest

from tests.trainer.trainers import make
from warmstart import UserError

REAL = huggingface_hub.HfApi


class Hub:
    """Takes what the real one takes, and keeps it. `pending`: uploads stay on their way."""

    def __init__(self, pending: bool = False, error: Exception | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.jobs: list[Future[str]] = []
        self.pending, self.error = pending, error

    def __call__(self, token: str | None = None) -> "Hub":
        return self

    def create_repo(self, repo_id: str, **settings: Any) -> Any:
        inspect.signature(REAL.create_repo).bind(self, repo_id, **settings)
        if self.error is not None:
            raise self.error
        self.calls.append(("create", {"repo_id": repo_id, **settings}))
        return types.SimpleNamespace(repo_id=f"me/{repo_id}")

    def upload_folder(self, **settings: Any) -> Any:
        inspect.signature(REAL.upload_folder).bind(self, **settings)
        files = {path.name for path in pathlib.Path(settings["folder_path"]).iterdir()}
        self.calls.append(("upload", {**settings, "files": files}))
        job: Future[str] = Future()
        self.jobs.append(job)
        if not self.pending:
            job.set_result("done")
        return job if settings["run_as_future"] else "done"

    def uploads(self) -> list[dict[str, Any]]:
        return [what for call, what in self.calls if call == "upload"]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    monkeypatch.setattr("huggingface_hub.HfApi", made)
    return made


SAVES = {"push_to_hub": True, "max_steps": 4, "save_strategy": "steps", "save_steps": 2, "hub_token": "t"}


def test_a_repository_is_made_before_training_and_each_save_goes_there(hub: Hub, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path / "mine", hub_private_repo=True, hub_revision="v1", **SAVES)
    assert trainer.hub_model_id == "me/mine"
    assert hub.calls == [("create", {"repo_id": "mine", "exist_ok": True, "private": True})]
    trainer.train()
    assert [each["commit_message"] for each in hub.uploads()] == [
        "Training in progress, step 2",
        "Training in progress, step 4",
    ]
    assert {(each["repo_id"], each["revision"], each["run_as_future"]) for each in hub.uploads()} == {
        ("me/mine", "v1", True)
    }
    assert "optimizer.*" not in hub.uploads()[0]["ignore_patterns"]
    assert "optimizer.safetensors" in hub.uploads()[0]["ignore_patterns"]
    trainer.save_model()
    assert hub.uploads()[-1]["commit_message"] == "Model save"
    assert {"model.safetensors", "README.md"} <= hub.uploads()[-1]["files"]


@pytest.mark.parametrize(
    ("strategy", "places"),
    [
        ("end", []),
        ("every_save", [None, None]),
        ("checkpoint", [None, "last-checkpoint", None, "last-checkpoint"]),
        ("all_checkpoints", [None, "checkpoint-2", None, "checkpoint-4"]),
    ],
)
def test_the_strategy_says_what_goes(strategy: str, places: list[Any], hub: Hub, tmp_path: pathlib.Path) -> None:
    make(tmp_path / "mine", hub_strategy=strategy, hub_model_id="org-mine", **SAVES).train()
    assert hub.calls[0][1]["repo_id"] == "org-mine"
    assert [each.get("path_in_repo") for each in hub.uploads()] == places


def test_what_is_on_its_way_is_neither_removed_nor_overtaken(tmp_path: pathlib.Path, monkeypatch: Any) -> None:
    hub = Hub(pending=True)
    monkeypatch.setattr("huggingface_hub.HfApi", hub)
    trainer = make(tmp_path / "mine", save_total_limit=1, **{**SAVES, "save_steps": 1})
    monkeypatch.setattr(trainer.pushes, "finish", lambda: None)
    trainer.train()
    assert len(hub.uploads()) == 1
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"checkpoint-1", "checkpoint-4"}


def test_an_upload_that_fails_is_told_and_ends_nothing(hub: Hub, tmp_path: pathlib.Path, caplog: Any) -> None:
    trainer = make(tmp_path / "mine", **SAVES)
    failed: Future[str] = Future()
    failed.set_exception(OSError("no route"))
    trainer.pushes._jobs.append(failed)
    trainer.train()
    assert "no route" in caplog.text


@pytest.mark.parametrize("error", [OSError("offline"), ValueError("no token"), RuntimeError("401")], ids=str)
def test_where_there_is_no_hub_it_is_said_before_training(
    error: Exception, tmp_path: pathlib.Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("huggingface_hub.HfApi", Hub(error=error))
    with pytest.raises(UserError) as told:
        make(tmp_path / "mine", **SAVES)
    assert str(error) in told.value.problem
    assert "hf auth login" in told.value.fix
    make(tmp_path / "mine", max_steps=1).train()  # left out, as the advice says
