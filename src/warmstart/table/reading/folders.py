"""A folder as a source: saved by `save_to_disk`, described by a README as on the Hub, or files named after splits."""

import pathlib
import re
from typing import TYPE_CHECKING

from warmstart.errors import UserError, did_you_mean, examples
from warmstart.messages import _
from warmstart.table import origin
from warmstart.table.reading import compression, described, formats
from warmstart.table.reading.described import Open

if TYPE_CHECKING:
    import datasets

_SPLITS = {
    "train": "train", "training": "train", "训练": "train", "训练集": "train",
    "validation": "validation", "valid": "validation", "dev": "validation", "val": "validation",
    "验证": "validation", "验证集": "validation", "test": "test", "testing": "test", "测试": "test", "测试集": "test",
}  # fmt: skip
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_NOT_DATA = ("dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json", "config.json")


def split_name(name: str) -> str:
    """`name` with the usual other names of a split (`dev`, `val`, `训练集` ...) replaced by datasets' own."""
    return _SPLITS.get(name.lower(), name)


def load(folder: pathlib.Path, config: str | None, cache_dir: str | None, dataset: Open) -> "datasets.DatasetDict":
    """The splits that a folder holds; `dataset` opens the files of one."""
    import datasets

    if (folder / "dataset_dict.json").exists() or (folder / "state.json").exists():
        return _saved(folder)
    if described.has_configs(folder):
        return described.load(folder, config, cache_dir, dataset)
    if config is not None:
        folders = sorted(child.name for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
        if config not in folders:
            raise UserError(
                _("{folder} has no configuration {config!r}").format(folder=folder, config=config),
                fix=did_you_mean(config, folders),
            )
        return load(folder / config, None, cache_dir, dataset)
    return datasets.DatasetDict({split: dataset(files, split) for split, files in _named(folder).items()})


def _saved(folder: pathlib.Path) -> "datasets.DatasetDict":
    import datasets

    try:
        saved = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            _("the data set saved in {name} is damaged: {error}").format(name=folder.name, error=error),
            str(folder),
            _("save it again with save_to_disk"),
        ) from error
    splits = saved if isinstance(saved, datasets.DatasetDict) else datasets.DatasetDict({"train": saved})
    for rows in splits.values():
        origin.mark(rows, [folder])
    return splits


def _named(folder: pathlib.Path) -> dict[str, list[pathlib.Path]]:
    """Files by the split that their names name; shards (`train-00000-of-00002.parquet`) of one split go together."""
    files = sorted(
        path
        for path in folder.iterdir()
        if formats.known(path)
        and path.is_file()
        and path.name not in _NOT_DATA
        and not path.name.startswith((".", "_", "cache-"))
    )
    if not files:
        raise UserError(
            _("{folder} holds no table").format(folder=folder),
            fix=_("give a folder with files of {formats}").format(formats=", ".join(formats.FORMATS)),
        )
    if len(files) == 1:
        return {next(iter(_splits_in(formats.stem(files[0]))), "train"): files}
    found: dict[str, list[pathlib.Path]] = {}
    for path in files:
        splits = _splits_in(formats.stem(path))
        if len(splits) != 1:
            raise _unclear(
                folder,
                _("the name of {name} names no one split").format(name=path.name),
            )
        found.setdefault(splits.pop(), []).append(path)
    for split, paths in found.items():
        if len({(_SHARD.sub("", formats.stem(path)), compression.bare(path).suffix) for path in paths}) > 1:
            listed = examples(path.name for path in paths)
            raise _unclear(folder, _("{listed} all name the split {split!r}").format(listed=listed, split=split))
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def _splits_in(stem: str) -> set[str]:
    return {_SPLITS[word] for word in re.split(r"[^a-z\u4e00-\u9fff]+", stem.lower()) if word in _SPLITS}


def _unclear(folder: pathlib.Path, problem: str) -> UserError:
    return UserError(
        problem,
        str(folder),
        _("name files train, validation and test, or give the files one by one (DATA, --validation)"),
    )
