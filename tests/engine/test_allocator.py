"""What malloc grants is asked for in steps, and told in the log."""

import ctypes
import pathlib
from typing import Any

import pytest

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.engine import allocator


def glibc(most: int, trims: bool = True) -> Any:
    """A C library whose malloc keeps blocks up to `most` bytes, as older releases refuse what is above."""

    class Library:
        def __init__(self, name: str) -> None:
            assert name == "libc.so.6"

        def mallopt(self, option: int, value: int) -> int:
            return int(trims if option == allocator.M_TRIM_THRESHOLD else value <= most)

    return Library


@pytest.mark.parametrize(
    ("library", "granted"),
    [(glibc(2**40), 2**30), (glibc(2**25), 2**25), (glibc(0), 0), (glibc(2**40, trims=False), 0)],
)
def test_what_is_granted_is_known_and_logged(
    library: Any, granted: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", library)
    allocator.keep_freed_memory.cache_clear()
    try:
        assert allocator.keep_freed_memory() == granted
        quiet: dict[str, Any] = {"report_to": "none", "disable_tqdm": True, "save_strategy": "no", "use_cpu": True}
        args = TrainingArguments(str(tmp_path), max_steps=1, **quiet)
        trainer = Trainer(tiny_bert(), args, data_collator=Pad(), train_dataset=rows(8))
        trainer.train()
        facts = trainer.techniques.to_dict()
        assert facts["kept_memory_up_to"] == granted
        assert ("kept-memory" in facts["techniques"]) == (granted > 0)
        assert ("malloc" in str(trainer.techniques)) == (granted == 0)
    finally:
        allocator.keep_freed_memory.cache_clear()


def test_it_is_not_asked_when_it_is_left_out(tmp_path: pathlib.Path) -> None:
    quiet: dict[str, Any] = {"report_to": "none", "disable_tqdm": True, "save_strategy": "no", "use_cpu": True}
    args = TrainingArguments(str(tmp_path), max_steps=1, without=["kept-memory"], **quiet)
    trainer = Trainer(tiny_bert(), args, data_collator=Pad(), train_dataset=rows(8))
    trainer.train()
    assert "kept_memory_up_to" not in trainer.techniques.to_dict()
