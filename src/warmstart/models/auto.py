"""`AutoTokenizer` and `AutoModelForSequenceClassification` of the course, on today's libraries."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch
import transformers

from warmstart.models import expressions
from warmstart.models.bounds import bounded
from warmstart.models.default import resolve
from warmstart.models.trust import check_call, trusted


class AutoModelForSequenceClassification(transformers.AutoModelForSequenceClassification):  # type: ignore[misc]
    """As in `transformers`, but weights are fp32 unless asked otherwise (today's default is the dtype they were saved
    in, and fine-tuning in fp16 goes wrong), `all-MiniLM-L6-v2` is the packaged checkpoint, and no code of a checkpoint
    is run: what asks for that, pickled weights included, is refused with a UserError."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **settings: Any) -> Any:
        """The model of a folder, a Hub id or the packaged checkpoint. Raises OSError if there is none, UserError if it
        asks for code to be run, or if a file of it is none that can be read."""
        if "torch_dtype" not in settings:
            settings.setdefault("dtype", torch.float32)
        path = resolve(str(pretrained_model_name_or_path))
        settings = trusted(path, settings)
        with bounded(path, settings):
            return super().from_pretrained(path, *args, **settings)

    @classmethod
    def from_config(cls, config: Any, **settings: Any) -> Any:
        """A model with random weights. Raises UserError if code is to be run."""
        check_call(settings)
        return super().from_config(config, **{**settings, "trust_remote_code": False})


class AutoTokenizer(transformers.AutoTokenizer):  # type: ignore[misc]
    """As in `transformers`, but its tokenizers also take a column of a data set, `tokenizer(dataset["text"])`, which
    today's `datasets` gives as a lazy object, `all-MiniLM-L6-v2` is the packaged checkpoint, and no code of a
    checkpoint is run: what asks for that is refused with a UserError."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **settings: Any) -> Any:
        """The tokenizer of a folder, a Hub id or the packaged checkpoint. Raises OSError if there is none, UserError if
        it asks for code to be run."""
        path = resolve(str(pretrained_model_name_or_path))
        settings = trusted(path, settings, weights=False)
        expressions.check(path, settings)
        return takes_columns(super().from_pretrained(path, *args, **settings))


def takes_columns(tokenizer: Any) -> Any:
    """The same tokenizer, whose call turns the columns of a data set into lists first."""
    stock: Any = type(tokenizer)
    tokenizer.__class__ = _taking_columns(stock)
    return tokenizer


class _TakesColumns:
    def __call__(self, *args: Any, **settings: Any) -> Any:
        lists = [list(value) if _is_column(value) else value for value in args]
        named = {key: list(value) if _is_column(value) else value for key, value in settings.items()}
        return super().__call__(*lists, **named)  # type: ignore[misc]

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        stock = type(self).__mro__[2]
        return _rebuild, (stock, self.__dict__)


def _is_column(value: Any) -> bool:
    """Whether it is a column of a data set. That library is not imported to find out: nobody has one without it."""
    library = sys.modules.get("datasets.arrow_dataset")
    return library is not None and isinstance(value, library.Column)


@functools.cache
def _taking_columns(stock: Any) -> Any:
    """A subclass of `stock` under the same name, which is what `save_pretrained` writes."""
    if issubclass(stock, _TakesColumns):
        return stock
    return type(stock.__name__, (_TakesColumns, stock), {"__module__": stock.__module__, "__doc__": stock.__doc__})


def _rebuild(stock: Any, state: dict[str, Any]) -> Any:
    tokenizer = stock.__new__(stock)
    tokenizer.__dict__.update(state)
    return takes_columns(tokenizer)
