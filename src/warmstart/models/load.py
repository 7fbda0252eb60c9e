"""A pretrained model with a new head for a task, and its tokenizer."""

import contextlib
import json
import pathlib
from collections.abc import Iterator
from typing import Any

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.models.default import resolve
from warmstart.models.hub import commit_of
from warmstart.models.trust import trusted
from warmstart.table.task import Task

# Families whose positions start behind the padding index, as fairseq's did: two fewer can be used than there are.
POSITIONS_BEHIND_PADDING = {
    *("camembert", "data2vec-text", "ibert", "longformer", "mpnet", "roberta", "roberta-prelayernorm"),
    *("xlm-roberta", "xlm-roberta-xl", "xmod"),
}


def load_tokenizer(name: str) -> Any:
    """The tokenizer of checkpoint `name` (a folder, a Hub id or the packaged one). Raises UserError if there is
    none, or if it names code.
    """
    from warmstart.models.auto import AutoTokenizer

    with loading(name):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=commit_of(name))
        if len(tokenizer) <= len(tokenizer.all_special_ids):  # what transformers 5 makes up where there are no files
            raise ValueError(_("it has no tokenizer files"))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(name: str, task: Task, tokenizer: Any) -> Any:
    """The pretrained weights of `name` in fp32 with a freshly initialised head for `task` (seed torch before).

    The configuration carries the class names (`id2label`, `label2id`) and the problem type, so that every tool that
    loads the saved model knows them. Raises UserError if the checkpoint cannot be had, names code or is pickled.
    """
    from warmstart.models.auto import AutoModelForSequenceClassification

    with loading(name):
        config = _config(
            name,
            num_labels=task.num_labels,
            problem_type=task.problem_type,
            id2label=task.id2label,
            label2id=task.label2id,
        )
        if config.pad_token_id is None:
            config.pad_token_id = tokenizer.pad_token_id
        with quietly():
            return AutoModelForSequenceClassification.from_pretrained(
                name, config=config, ignore_mismatched_sizes=True, revision=commit_of(name)
            )


@contextlib.contextmanager
def loading(name: str) -> Iterator[None]:
    """What goes wrong inside is told as a UserError about checkpoint `name`."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise _cannot_load(name, error) from error


class quietly:
    """Without the bars of loading and saving and the table of new weights: a new head is what was asked for."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self._verbosity = logging.get_verbosity()
        self._bar = logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()

    def __exit__(self, *error: object) -> None:
        from transformers.utils import logging

        logging.set_verbosity(self._verbosity)
        if self._bar:
            logging.enable_progress_bar()


def longest_input(tokenizer: Any, model_name: str) -> int:
    """Tokens that the model takes at most: the smaller of what the tokenizer says and what the configuration has
    positions for; 512 where neither says."""
    with loading(model_name):
        config = _config(model_name)
    limits = [tokenizer.model_max_length, getattr(config, "max_position_embeddings", None)]
    if config.model_type in POSITIONS_BEHIND_PADDING:
        limits[1] = limits[1] - 2 if limits[1] else None
    known = [int(limit) for limit in limits if limit and 0 < limit < 10**6]
    return min(known, default=512)


def _config(name: str, **settings: Any) -> Any:
    from transformers import AutoConfig

    path = resolve(name)
    settings |= trusted(path, {"revision": commit_of(name)}, weights=False)
    return AutoConfig.from_pretrained(path, **settings)  # nosec B615 # the settings name the commit


def _cannot_load(name: str, error: Exception) -> UserError:
    folder = pathlib.Path(name)
    if folder.is_dir() and not (folder / "config.json").is_file():
        why = _("the folder has no config.json")
    else:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return UserError(
        _("the model {name!r} cannot be loaded: {why}").format(name=name, why=why),
        where=json.dumps(name, ensure_ascii=False),
        fix=_(
            "give a folder that holds a saved model, a Hub id that is cached or can be reached, or leave "
            "--model out to use the packaged all-MiniLM-L6-v2"
        ),
    )
