"""Run by the tests in one or two processes: one of them comes to harm, or is told to stop, the first time only.

python -m tests.distributed.faulty FOLDER KIND [UPDATE]
"""

import json
import os
import pathlib
import signal
import sys
import time
from typing import Any

from transformers.trainer_callback import TrainerCallback

import warmstart
from tests.trainer.helpers import Pad, last_good, rows, tiny_bert
from warmstart.checkpoints.provenance import weights_of
from warmstart.engine.signals import Interrupted
from warmstart.errors import UserError

UNLIKE = {  # what the last process has for its table
    "fewer": lambda data: data.select(range(40)),
}
RANK, COUNT = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


class Harm(TrainerCallback):  # type: ignore[misc]
    """In the last process, in the middle of update number `update` + 1."""

    def __init__(self, folder: pathlib.Path, kind: str, update: int) -> None:
        self.mark, self.kind, self.update = folder / f"harmed-{update}", kind, update

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if RANK != COUNT - 1 or state.global_step != self.update or self.mark.exists():
            return
        if self.kind in ("none", "evaluating"):
            return
        self.mark.write_text("")
        if self.kind == "told":
            os.kill(os.getpid(), signal.SIGTERM)
            return
        if self.kind == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "freezes":
            os.kill(os.getpid(), signal.SIGSTOP)
        while True:
            time.sleep(1)

    def on_prediction_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if RANK == COUNT - 1 and self.kind == "evaluating" and not self.mark.exists():
            self.mark.write_text("")
            os.kill(os.getpid(), signal.SIGTERM)


class Noting(TrainerCallback):  # type: ignore[misc]
    """Collates, and writes down which rows this process had in each update."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.path, self.rows, self.pad = folder / f"rows-{RANK}.jsonl", [], Pad()

    def __call__(self, examples: list[dict[str, Any]]) -> Any:
        self.rows += [example["number"] for example in examples]
        return self.pad(examples)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps([state.global_step, self.rows]) + "\n")
        self.rows = []


def main(folder: pathlib.Path, kind: str, update: int) -> None:
    arguments = warmstart.TrainingArguments(
        str(folder),
        max_steps=8,
        per_device_train_batch_size=4 // COUNT,
        gradient_accumulation_steps=2,
        learning_rate=1e-3,
        disable_tqdm=True,
        save_strategy="steps",
        save_steps=2,
        remove_unused_columns=False,
        eval_strategy="steps" if kind == "evaluating" else "no",
        eval_steps=update,
        per_device_eval_batch_size=4,
    )
    data = rows(64)
    if kind in UNLIKE and RANK == COUNT - 1:
        data = UNLIKE[kind](data)
    data = data.add_column("number", list(range(len(data))))
    noting = Noting(folder)
    harm = Harm(folder, kind, update)
    trainer = warmstart.Trainer(tiny_bert(dropout=0.1), arguments, noting, data, data, callbacks=[harm, noting])
    trainer.train(resume_from_checkpoint=bool(kind in ("told", "evaluating") and last_good(folder)))
    if trainer.is_world_process_zero():
        print("EVALUATED", [each["step"] for each in trainer.state.log_history if "eval_loss" in each])
        print("WEIGHTS", weights_of(trainer.model), flush=True)


if __name__ == "__main__":
    try:
        main(pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    except Interrupted as error:
        print("SAVED", error.folder.name, flush=True)
        sys.exit(75)
    except UserError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(2)
