"""A folder laid out like a data set of the Hub: a README says which files are which split."""

import os
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from warmstart.errors import UserError, did_you_mean, examples, first_line
from warmstart.messages import _

if TYPE_CHECKING:
    import datasets

Open = Callable[..., "datasets.Dataset"]  # store.dataset with the reading options filled in


def has_configs(folder: pathlib.Path) -> bool:
    """Whether the folder is laid out like a data set of the Hub: a README whose front matter lists data files.

    Raises UserError if one of these is not in the folder: a table that somebody else has made is not to choose what is
    read of this machine or fetched from elsewhere.
    """
    import yaml

    readme = folder / "README.md"
    if not readme.is_file():
        return False
    with readme.open(encoding="utf-8", errors="replace") as file:
        matter = re.match(r"---\s*\n(.*?)\n---", file.read(1 << 20), re.DOTALL)
    if matter is None or re.search(r"^configs:", matter[1], re.MULTILINE) is None:
        return False
    try:
        listed = yaml.safe_load(matter[1])["configs"]
    except (yaml.YAMLError, TypeError, KeyError, RecursionError) as error:
        raise UserError(
            _("the head of README.md cannot be read: {error}").format(error=first_line(error)),
            str(readme),
            _("mend it, or give the files one by one (DATA, --validation)"),
        ) from error
    for name in _files_in(listed):
        inside = os.path.normpath(os.path.join(folder, name)).startswith(os.path.normpath(folder) + os.sep)
        if "://" in name or os.path.isabs(name) or not (inside or os.path.normpath(name) == "."):
            raise UserError(
                _("README.md names data that is not in the folder: {name}").format(name=name),
                str(readme),
                _("put the file into the folder, or give it by itself"),
            )
    return True


def _files_in(listed: Any) -> Iterator[str]:
    """The files and folders that configurations name, each as it is written: a name, a list, or by split."""
    for config in listed if isinstance(listed, list) else []:
        if isinstance(config, dict):
            yield from _strings([config.get("data_files"), config.get("data_dir")])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))


def load(folder: pathlib.Path, config: str | None, cache_dir: str | None, dataset: Open) -> "datasets.DatasetDict":
    """The files that the README names. `datasets` finds them; they are read as any file is, so no cell changes."""
    import datasets

    with _telling(folder):
        names = datasets.get_dataset_config_names(str(folder))
    if config is None and len(names) > 1 and "default" not in names:
        raise UserError(
            _("{name} has several configurations").format(name=folder.name),
            str(folder / "README.md"),
            _("name one with config: {names}").format(names=examples(names)),
        )
    if config is not None and config not in names:
        raise UserError(
            _("{name} has no configuration {config!r}").format(name=folder.name, config=config),
            str(folder / "README.md"),
            did_you_mean(config, names),
        )
    with _telling(folder):
        builder = datasets.load_dataset_builder(str(folder), config, cache_dir=cache_dir)
    info = datasets.DatasetInfo(dataset_name=builder.dataset_name, config_name=builder.config.name)
    files: Mapping[str, Sequence[str]] = builder.config.data_files
    return datasets.DatasetDict(
        {
            str(split): dataset([pathlib.Path(path) for path in paths], str(split), info=info)
            for split, paths in files.items()
        }
    )


@contextmanager
def _telling(folder: pathlib.Path) -> Iterator[None]:
    """What the library cannot make of a README is told; it raises errors of many kinds."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(
            _("the files that README.md lists cannot be found: {error}").format(error=first_line(error)[:200]),
            str(folder / "README.md"),
            _("mend the list, or give the files one by one (DATA, --validation)"),
        ) from error
