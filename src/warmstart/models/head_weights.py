"""The head that a checkpoint brings along: whether it says what the task asks, and in which order."""

from typing import Any

import torch

from warmstart.errors import UserError, examples
from warmstart.messages import _, ngettext
from warmstart.models import sound
from warmstart.table.task import Task

DRAWN = "_is_hf_initialized"  # by which transformers knows which weights it need not draw
MOST_NAMED = 4  # of weights, or of labels, in a line


def fit(model: Any, source: Any, told: dict[str, Any], task: Task, name: str) -> list[str]:
    """Make the head of `model`, just loaded from checkpoint `name`, one for `task`; what is to be said about it.

    `source`: the configuration as the checkpoint has it; `told`: what loading found missing and of another size. A head
    for the same labels is kept, its outputs put in the task's order by their names. One for other labels, or for
    another kind of task, begins anew, even where it has as many outputs. Where names say nothing (LABEL_0, or numbers
    from 0) a head of as many outputs is kept as it is. Raises UserError where the weights are not those of such a
    model.
    """
    new = check_encoder(model, told, name)
    lines = []
    if new:
        lines.append(_("not in the checkpoint, and new: {names}").format(names=examples(sorted(new), MOST_NAMED)))
    unused = sorted(key for key in told["unexpected_keys"] if _is_of_encoder(model, key))
    if unused:
        lines.append(_("in the checkpoint, and not used: {names}").format(names=examples(unused, MOST_NAMED)))
    return [*lines, _head(model, source, told, task)]


def _head(model: Any, source: Any, told: dict[str, Any], task: Task) -> str:
    head = [key for key in model.state_dict() if not _is_encoder(model, key)]
    resized = [key for key, *_sizes in told["mismatched_keys"]]
    unloaded = [key for key in head if key in told["missing_keys"] or key in resized]
    if unloaded:
        other = any(key in resized for key in unloaded)
        return _new(_("the checkpoint's has other outputs") if other else _("the checkpoint has none"), unloaded)
    why, order = _compared(source, task)
    if why:
        return _new(why, renew(model, task.num_labels))
    if order is None:
        return _("the checkpoint's head is kept: it has as many outputs, and gives them no names")
    if order == list(range(len(order))):
        return _("the checkpoint's head is kept: it has the same labels")
    if not reorder(model, order):
        return _new(_("the checkpoint's has its labels in another order"), renew(model, task.num_labels))
    return _("the checkpoint's head is kept, its outputs in the order of this table's labels")


def check_encoder(model: Any, told: dict[str, Any], name: str) -> set[str]:
    """The encoder's weights that were not in the checkpoint. Raises UserError if none of them was, and for one of
    another size than the configuration says: what would be trained is not the checkpoint, but random numbers."""
    encoder = {key for key, _unused in model.named_parameters() if _is_encoder(model, key)}
    missing = encoder & set(told["missing_keys"])
    every = {key for key, _unused in model.named_parameters()}
    if missing == encoder if encoder else every <= set(told["missing_keys"]):
        raise sound.refused(name, _("none of its weights has a name that this type of model knows"))
    for key, was, now in told["mismatched_keys"]:
        if _is_encoder(model, key):
            why = _("{key} has the shape {was} in the weights and {now} by the configuration").format(
                key=key, was=tuple(was), now=tuple(now)
            )
            raise sound.refused(name, why, "config.json")
    return missing


def check_complete(told: dict[str, Any], name: str, fix: str) -> None:
    """Raises UserError if anything of a trained model was not in its files: what it answers would be made up."""
    lacking = sorted({*told["missing_keys"], *(key for key, *_sizes in told["mismatched_keys"])})
    if lacking:
        why = ngettext(
            "{count} weight of the model is not in its files: {names}",
            "{count} weights of the model are not in its files: {names}",
            len(lacking),
        ).format(count=len(lacking), names=examples(lacking, MOST_NAMED))
        raise UserError(why, name, fix)


def check_labels(config: Any, task: Task, where: str, fix: str) -> None:
    """Raises UserError if a trained model, by its configuration, answers another task than `task`."""
    has, wants = ([str(label) for _number, label in sorted(each.id2label.items())] for each in (config, task))
    if len(has) != len(wants) or (has != wants and not _say_nothing(has)):
        raise UserError(
            _("the model answers with {has}, and its task is {wants}").format(
                has=examples(has, MOST_NAMED), wants=examples(wants, MOST_NAMED)
            ),
            where,
            fix,
        )


def renew(model: Any, outputs: int) -> list[str]:
    """Draw the weights that give the outputs anew, as they are for a checkpoint that has none (seed torch before); of
    a head of several layers the last. The names of those weights."""
    last = _last(model, outputs)
    chosen = [(key, each) for key, each in model.named_modules() if key and not _is_encoder(model, key)]
    drawn = []
    for key, module in chosen if last is None else [(key, each) for key, each in chosen if each is last]:
        setattr(module, DRAWN, False)
        for name, parameter in module.named_parameters(recurse=False):
            setattr(parameter, DRAWN, False)
            drawn.append(f"{key}.{name}")
    model.initialize_weights()
    return drawn


def reorder(model: Any, order: list[int]) -> bool:
    """Make output i of the model what output `order[i]` was; whether that could be done."""
    last = _last(model, len(order))
    if last is None:
        return False
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.copy_(parameter[order].clone())
    return True


def _last(model: Any, outputs: int) -> torch.nn.Linear | None:
    """The layer that gives the outputs: of the head's linear ones the last that has so many."""
    found = None
    for key, module in model.named_modules():
        if not _is_encoder(model, key) and isinstance(module, torch.nn.Linear) and module.out_features == outputs:
            found = module
    return found


def _is_encoder(model: Any, key: str) -> bool:
    """Whether a weight or a module is the encoder's, and not the head's."""
    prefix = model.base_model_prefix
    return key == prefix or key.startswith(f"{prefix}.")


def _is_of_encoder(model: Any, key: str) -> bool:
    """Whether a weight in a file belongs to a part that the encoder has, be it saved with a head or without."""
    part = key.removeprefix(f"{model.base_model_prefix}.").split(".")[0]
    return hasattr(model.base_model, part) and model.base_model is not model


def _new(why: str, weights: list[str]) -> str:
    return _("the head is new, since {why}: {weights}").format(why=why, weights=examples(weights, MOST_NAMED))


def _compared(source: Any, task: Task) -> tuple[str, list[int] | None]:
    """Why a head is not for the task (empty if it is), and for each of the task's outputs the one that the head has for
    it; None where nothing says so."""
    was, wanted = _kind(source), task.problem_type
    if was is not None and was != wanted:
        return _("the checkpoint's is for {was}, and this task is {wanted}").format(was=was, wanted=wanted), None
    names = [str(label) for _number, label in sorted(source.id2label.items())]
    mine = list(task.id2label.values())
    if _say_nothing(names) or _say_nothing(mine):
        return "", None
    for same in (str, lambda label: str(label).strip().casefold()):
        places = {same(label): number for number, label in enumerate(names)}
        found = [places[same(label)] for label in mine if same(label) in places]
        if sorted(found) == list(range(len(names))) and len(mine) == len(names):
            return "", found
    return _("the checkpoint's is for other labels ({names})").format(names=examples(names, MOST_NAMED)), None


def _kind(source: Any) -> str | None:
    """What a configuration says of its task. One output is a number, where nothing else is said."""
    if source.problem_type is not None:
        return str(source.problem_type)
    return "regression" if source.num_labels == 1 else None


def _say_nothing(names: list[str]) -> bool:
    return all(label in (f"LABEL_{number}", str(number)) for number, label in enumerate(names))
