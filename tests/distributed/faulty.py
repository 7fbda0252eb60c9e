"""Run by the tests in two processes: one of them comes to harm at an update, the first time."""

import os
import pathlib
import signal
import sys
import time
from typing import Any

from transformers.trainer_callback import TrainerCallback

import warmstart
from tests.training.helpers import Pad, rows, tiny_bert
from warmstart.errors import UserError
from warmstart.training.identity import weights_of


class Harm(TrainerCallback):  # type: ignore[misc]
    """At update 5, in process 1, once."""

    def __init__(self, folder: pathlib.Path, kind: str) -> None:
        self.mark, self.kind = folder / "harmed", kind

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if os.environ["RANK"] == "1" and state.global_step == 5 and self.kind != "none" and not self.mark.exists():
            self.mark.write_text("")
            if self.kind == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.kind == "freezes":
                os.kill(os.getpid(), signal.SIGSTOP)
            while True:
                time.sleep(1)


def main(folder: pathlib.Path, kind: str) -> None:
    arguments = warmstart.TrainingArguments(
        str(folder),
        max_steps=8,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=2,
        learning_rate=1e-3,
        disable_tqdm=True,
        save_strategy="steps",
        save_steps=2,
    )
    trainer = warmstart.Trainer(tiny_bert(dropout=0.1), arguments, Pad(), rows(64), callbacks=[Harm(folder, kind)])
    trainer.train()
    if trainer.is_world_process_zero():
        print("WEIGHTS", weights_of(trainer.model), flush=True)


if __name__ == "__main__":
    try:
        main(pathlib.Path(sys.argv[1]), sys.argv[2])
    except UserError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(2)
