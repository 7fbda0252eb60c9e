"""From what the user names - a file, an address, a folder, several files, a Hub id, the built-in sample - to splits of
rows.

No cell is reinterpreted: those of CSV and TSV are text, character for character; other files keep their own types.
"""

import dataclasses
import functools
import os
import pathlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from warmstart import paths
from warmstart.errors import UserError, brief, did_you_mean
from warmstart.messages import _
from warmstart.table import origin
from warmstart.table.reading import addresses, compression, folders, formats, hub
from warmstart.table.reading.described import Open
from warmstart.table.reading.hub import load_dataset
from warmstart.table.reading.options import Options, Quoting

if TYPE_CHECKING:
    import datasets

__all__ = ["load", "load_dataset"]

BUILT_IN = "builtin:sample"  # the sample, also where a file or folder has that name
BUILT_IN_ZH = "builtin:sample-zh"  # the Chinese one


def load(
    source: str | os.PathLike[str] | Mapping[str, str],
    *,
    config: str | None = None,
    validation: str | None = None,
    test: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    quoting: Quoting = "auto",
    header: bool = True,
    sheet: str | None = None,
    cache_dir: str | None = None,
    keep: bool = True,
) -> "datasets.DatasetDict":
    """The splits of a source; a single file is the split "train".

    Args:
        source: a file (.csv, .tsv, .jsonl, .ndjson, .json, each of them .gz, .bz2, .xz, .zst or .zip too; .parquet,
            .arrow, .xlsx, .xls), the address of one (https://..., or what fsspec can open), a folder, a mapping from
            split to file, a Hub id such as "glue/mrpc", "sample" or "sample-zh". What exists on this machine wins over
            the Hub.
        config: the configuration, where the source has several.
        validation: a file to add as the split "validation".
        test: a file to add as the split "test".
        encoding: of CSV, TSV and JSON files.
        delimiter: of CSV and TSV files, where it is neither the comma nor the tab that the suffix says. That of
            `validation` and `test` too, unless they are .tsv files beside a source of another kind.
        quoting: of CSV and TSV files; "none": quotes are text; "standard" and "auto": they enclose cells, and "auto"
            refuses those that seem to have joined rows.
        header: whether the first row of CSV, TSV and Excel files names the columns; else they are column_1 and so on.
        sheet: of an Excel workbook; by default the first with rows.
        cache_dir: where the parsed rows are kept, if not in datasets' own cache.
        keep: whether parsed rows of files stay there for the next time; those that are not there are else in memory.

    Raises:
        UserError: for a source that is not there, and for any file that cannot be read without guessing or changing.
    """
    import datasets

    from warmstart.table.reading import store

    options = Options(encoding, delimiter, quoting, header, sheet)
    dataset = functools.partial(store.dataset, cache_dir=cache_dir, keep=keep)
    if sheet is not None:
        _need_workbook(*(source.values() if isinstance(source, Mapping) else [source]), validation, test)
    if isinstance(source, Mapping):
        if config is not None:
            raise _no_config(config, _("several files"))
        splits = datasets.DatasetDict()
        files = [(name, path, delimiter) for name, path in source.items()]
    else:
        splits = _from_one(os.fspath(source), config, cache_dir, functools.partial(dataset, options=options))
        files = []
    for name, path in (("validation", validation), ("test", test)):
        if path is not None:
            files.append((name, path, None if _says_otherwise(path, source) else delimiter))
    for name, path, separator in files:
        split = folders.split_name(name)
        if split in splits:
            raise UserError(
                _("the split {split!r} is given twice").format(split=split),
                str(path),
                _("the source has that split already: leave out one of the two"),
            )
        own = dataclasses.replace(options, delimiter=separator)
        splits[split] = _from_file(os.fspath(path), split, functools.partial(dataset, options=own))
    if not splits:
        raise UserError(_("no files are given"), fix=_("name at least one"))
    return splits


def _says_otherwise(path: str, source: object) -> bool:
    """Whether a further file's name says what separates its columns, as that of the source does not. That of a .csv
    file does not: in many countries it is a semicolon."""
    ending, first = (compression.bare(pathlib.Path(str(name))).suffix.lower() for name in (path, source))
    return ending in (".tsv", ".tab") and first != ending


def _from_one(source: str, config: str | None, cache_dir: str | None, dataset: Open) -> "datasets.DatasetDict":
    import datasets

    path = paths.expanded(source)
    if os.path.isdir(path):
        return folders.load(path, config, cache_dir, dataset)
    if config is None and (source == BUILT_IN or (source == "sample" and not paths.exists(path))):
        from warmstart.table.sample import sample

        return sample()
    if config is None and (source == BUILT_IN_ZH or (source == "sample-zh" and not paths.exists(path))):
        from warmstart.table.sample import chinese

        return chinese.sample()
    if not paths.exists(path) and hub.is_id(source) and not _looks_local(path):
        return hub.load(source, config, cache_dir)
    if config is not None:
        raise _no_config(config, source)
    return datasets.DatasetDict({"train": _from_file(source, "train", dataset)})


def _from_file(source: str, split: str, dataset: Open) -> "datasets.Dataset":
    """The rows of a file or of what is at an address. Where both could be meant, the file is."""
    if not addresses.is_address(source) or paths.exists(paths.expanded(source)):
        return dataset([_file(source)], split)
    with addresses.fetched(source) as path:
        rows = dataset([path], split)
    origin.mark(rows, [source])
    return rows


def _need_workbook(*sources: "str | os.PathLike[str] | None") -> None:
    """Raises UserError if a sheet is named and no file is a workbook; a folder may hold some."""
    named = [pathlib.Path(source) for source in sources if source is not None]
    if not any(os.path.isdir(path) or formats.known(path) in ("workbook", None) for path in named):
        raise UserError(
            _("a sheet is named, and {name} is no Excel workbook").format(name=named[0].name),
            "--sheet",
            _("leave it out"),
        )


def _looks_local(path: pathlib.Path) -> bool:
    """Whether a path that does not exist was meant for this machine rather than the Hub: it ends like a file, or the
    folder it would be in exists."""
    return re.fullmatch(r"\.[A-Za-z]\w{0,7}", path.suffix) is not None or (
        len(path.parts) > 1 and os.path.isdir(path.parent)
    )


def _file(source: str) -> pathlib.Path:
    """The path of a file that exists. Raises UserError naming the nearest one that does."""
    path = paths.expanded(source)
    if os.path.isfile(path):
        return path
    if paths.exists(path):
        raise UserError(_("{source} is not a file").format(source=source), fix=_("give a file"))
    folder = path.parent
    while not os.path.isdir(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        names = sorted(child.name for child in folder.iterdir() if not child.name.startswith("."))
    except OSError:
        names = []
    missing = path.relative_to(folder).parts[0]  # the first part of the path that is not there
    raise UserError(
        _("there is no file {source}").format(source=brief(source, 200)),
        _("folder {folder}").format(folder=folder.resolve()),
        did_you_mean(missing, names) if names else _("the folder is empty"),
    )


def _no_config(config: str, what: str) -> UserError:
    return UserError(
        _("config={config!r} is given, but {what} has no configurations").format(config=config, what=what),
        fix=_("leave it out"),
    )
