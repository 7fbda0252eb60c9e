"""A pretrained model with a new head for a task, and its tokenizer."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

from warmstart.errors import UserError
from warmstart.events import Listener, Note, silent
from warmstart.messages import _
from warmstart.models import head_weights, vocabulary
from warmstart.models.default import resolve
from warmstart.models.hub import commit_of
from warmstart.models.sound import refused
from warmstart.models.trust import trusted
from warmstart.table.task import Task

MOST_SAID = 240  # characters of an error of a library's
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


def load_model(name: str, task: Task, tokenizer: Any, listen: Listener = silent) -> Any:
    """The pretrained weights of `name` in fp32 with a head for `task`: freshly initialised (seed torch before), or the
    checkpoint's own where it has one for the same labels, which are put in the task's order. `listen` hears which, and
    what else is new.

    The configuration carries the class names (`id2label`, `label2id`) and the problem type, so that every tool that
    loads the saved model knows them. Raises UserError if the checkpoint cannot be had, names code or is pickled, or if
    its weights are not those of a model of its type.
    """
    from warmstart.models.auto import AutoModelForSequenceClassification

    with loading(name), quietly():
        source = _config(name)
        config = _config(
            name,
            num_labels=task.num_labels,
            problem_type=task.problem_type,
            id2label=task.id2label,
            label2id=task.label2id,
        )
        vars(config).pop("thresholds", None)  # of the run that this checkpoint was made by
        pads = tokenizer.pad_token_id if config.pad_token_id is None else config.pad_token_id
        if pads is not None and pads < getattr(config.get_text_config(), "vocab_size", pads + 1):
            config.pad_token_id = pads
        # Rows cut in pieces for less memory come to the same, and fail where the length is no multiple of the piece.
        config.chunk_size_feed_forward = 0
        model, told = AutoModelForSequenceClassification.from_pretrained(
            name,
            config=config,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            revision=commit_of(name),
        )
        lines = (*head_weights.fit(model, source, told, task, name), *vocabulary.fit(model, tokenizer, name))
        model.config.pad_token_id = pads  # it may be the id of a row that the table has only now
    for line in lines:
        listen(Note(line))
    return model


@contextlib.contextmanager
def loading(name: str) -> Iterator[None]:
    """What goes wrong inside is told as a UserError about checkpoint `name`, whatever a library makes of its files:
    most of them do not expect to be given others than they have written."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise _cannot_load(name, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # which the tokenizers in Rust raise past every handler
            raise
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


def _cannot_load(name: str, error: BaseException) -> UserError:
    folder = pathlib.Path(name)
    if folder.is_dir() and not (folder / "config.json").is_file():
        return refused(name, _("the folder has no config.json"))
    said = " ".join(str(error).split())[:MOST_SAID]
    if not said or not isinstance(error, OSError | ValueError | ImportError):  # a slip inside of a library
        said = f"{type(error).__name__}: {said}"
    return refused(name, said)
