"""The options of the course's scripts and of `TrainingArguments`, as this command calls them.

Those that mean the same are taken; the others are answered with what the command has instead.
"""

from collections.abc import Sequence

from warmstart.messages import N_, _

SAME = {
    "--dataset-config-name": "--config",
    "--dataset-name": "--data",
    "--early-stopping-patience": "--patience",
    "--eval-steps": "--evaluate-every",
    "--label-column": "--label",
    "--label-column-name": "--label",
    "--label-smoothing-factor": "--label-smoothing",
    "--learning-rate": "--lr",
    "--load-best-model-at-end": "--best",
    "--logging-steps": "--log-every",
    "--lr-scheduler-type": "--schedule",
    "--max-grad-norm": "--clip",
    "--max-seq-length": "--max-length",
    "--max-steps": "--updates",
    "--metric-for-best-model": "--best-metric",
    "--model-name-or-path": "--model",
    "--no-cuda": "--cpu",
    "--num-train-epochs": "--epochs",
    "--optim": "--optimizer",
    "--output-dir": "--out",
    "--preprocessing-num-workers": "--processes",
    "--save-steps": "--save-every",
    "--save-total-limit": "--keep",
    "--text-column": "--text",
    "--text-column-name": "--text",
    "--train-file": "--data",
    "--use-cpu": "--cpu",
    "--validation-file": "--validation",
    "--warmup-ratio": "--warmup",
    "--warmup-steps": "--warmup",
}
SWITCHES = ("--best", "--cpu")  # stock scripts give these a value too: `--use_cpu True`

BATCH = N_("--batch-size ROWS is an update's rows over all processes; --micro-batch-size ROWS how many at a time")
CADENCE = N_("--evaluate-every and --save-every take epoch, never or a number of updates")
INSTEAD = {
    "--auto-find-batch-size": N_("leave it out: rows that do not fit in memory are computed in smaller parts"),
    "--bf16": N_("--precision bf16, or leave it out: auto takes bf16 where the processor has it"),
    "--do-eval": N_("leave it out: train evaluates; warmstart evaluate RUN DATA measures a trained model"),
    "--do-predict": "warmstart predict RUN FILE",
    "--do-regression": "--kind number",
    "--do-train": N_("leave it out: train trains"),
    "--eval-strategy": CADENCE,
    "--evaluation-strategy": CADENCE,
    "--fp16": N_("--precision bf16: as fast, and without loss scaling"),
    "--fp16-full-eval": N_("--precision bf16: as fast, and without loss scaling"),
    "--gradient-accumulation-steps": BATCH,
    "--gradient-checkpointing": N_("--micro-batch-size ROWS saves memory too"),
    "--group-by-length": "--order length",
    "--ignore-mismatched-sizes": N_("leave it out: a head of another size is made anew, and that is said"),
    "--logging-strategy": "--log-every UPDATES",
    "--max-train-samples": N_("--updates N ends earlier; or give a smaller table"),
    "--metric-name": N_("leave it out: every metric is computed; --best-metric picks the best model"),
    "--overwrite-output-dir": N_("another --out, or warmstart resume RUN: nothing is overwritten"),
    "--pad-to-max-length": N_("leave it out: padding is not computed at all"),
    "--per-device-eval-batch-size": N_("leave it out: evaluating needs no batch size"),
    "--per-device-train-batch-size": BATCH,
    "--push-to-hub": N_("the model is the folder RUN/model: upload that"),
    "--resume-from-checkpoint": "warmstart resume RUN",
    "--save-strategy": CADENCE,
    "--task-name": N_("the task is part of the table's name: warmstart train glue/mrpc"),
    "--test-file": N_("warmstart predict RUN FILE, or warmstart evaluate RUN FILE where it has labels"),
    "--text-column-names": N_("--text COLUMN, and --pair COLUMN for a second text"),
    "--tf32": "--precision fp32",
    "--torch-compile": N_("leave it out"),
    "--train-batch-size": BATCH,
    "--trust-remote-code": N_("leave it out: code that comes with a checkpoint or a table is never run"),
}
COMMANDS = ("train", "plan")


def translated(arguments: Sequence[str]) -> list[str]:
    """The command line with the options of `SAME` under our names; of other commands than `COMMANDS` as it is."""
    if not arguments or arguments[0] not in COMMANDS:
        return list(arguments)
    found: list[str] = []
    left = list(reversed(arguments))
    while left:
        word = left.pop()
        name, equals, value = word.partition("=")
        ours = SAME.get(plain(name))
        if ours is None:
            found.append(word)
            continue
        if not equals and left and (ours == "--data" or (ours in SWITCHES and left[-1].lower() in ("true", "false"))):
            value = left.pop()
        if ours == "--data":  # which has a place in our command, and no name
            found.append(value)
        elif ours in SWITCHES:
            found.append(ours if value.lower() != "false" else ours.replace("--", "--no-"))
        else:
            found.append(ours + equals + value)
    return found


def plain(option: str) -> str:
    """The name as it is compared: `--learning_rate` is `--learning-rate`."""
    return option.replace("_", "-") if option.startswith("--") else option


def instead(option: str) -> str | None:
    """What to say of an option of the stock scripts that the command has not; None for one that they do not have."""
    name = plain(option.partition("=")[0])
    if name in INSTEAD:
        return _(INSTEAD[name])
    from transformers import TrainingArguments

    if name[2:].replace("-", "_") in TrainingArguments.__dataclass_fields__:
        return _("the command has no such setting; a script that uses warmstart.Trainer gives it to TrainingArguments")
    return None
