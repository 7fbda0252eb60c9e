"""Data sets of the Hugging Face Hub, by way of the `datasets` library, and what to do when the Hub is out of reach."""

import json
import pathlib
import re
from typing import TYPE_CHECKING, Any

from warmstart.errors import UserError, did_you_mean, examples, first_line
from warmstart.messages import _

if TYPE_CHECKING:
    import datasets

LONGEST_ID = 3 * 96  # characters: the Hub's limit for each part
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+){0,2}")
_PUBLISHED = re.compile(r".+-\d{5}-of-\d{5}\.parquet")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NOT_HERE = ("Couldn't find cache for", "configurations in the cache")  # ValueErrors of datasets when offline
_NO_CONFIG = ("BuilderConfig ", "Config name is missing")


def load_dataset(path: str, name: str | None = None, **kwargs: Any) -> Any:
    """`datasets.load_dataset`, unchanged but for its errors.

    It honours HF_HOME, HF_HUB_OFFLINE and HF_ENDPOINT as that library does. Where the Hub cannot be reached, or has no
    such data set, the UserError names what the local cache holds and the ways out.
    """
    import datasets

    try:
        # The revision is the user's to choose: rows are data, the library runs no code of theirs.
        return datasets.load_dataset(path, name, **kwargs)  # nosec B615 # see above
    except Exception as error:
        told = _explain(error, path, name, kwargs.get("cache_dir"))
        if told is None:
            raise
        raise told from error


def is_id(source: str) -> bool:
    """Whether `source` has the form of a Hub id, with or without configuration: `imdb`, `glue/mrpc`, `org/name/x`."""
    return len(source) <= LONGEST_ID and _ID.fullmatch(source) is not None and ".." not in source


def load(source: str, config: str | None = None, cache_dir: str | None = None) -> "datasets.DatasetDict":
    """The data set of a Hub id, whose last part may be a configuration.

    `a/b` can be the data set b of the account a, or the configuration b of the data set a. It is the latter where the
    cache holds a data set a, and for glue; otherwise the Hub is asked for the former first.
    """
    import datasets

    readings: list[tuple[str, str | None]] = [(source, config)]
    parts = source.split("/")
    if config is None and len(parts) == 3:
        readings = [("/".join(parts[:2]), parts[2])]
    elif config is None and len(parts) == 2:
        held = {data_set for data_set, _unused in cached(cache_dir)}
        configured = (parts[0], parts[1])
        if source not in held:
            readings = [configured] if parts[0] in held or parts[0] == "glue" else [*readings, configured]
    for data_set, name in readings[:-1]:
        try:
            return load_dataset(data_set, name, cache_dir=cache_dir)
        except UserError as error:
            if not isinstance(error.__cause__, datasets.exceptions.DatasetNotFoundError):
                raise
    return load_dataset(*readings[-1], cache_dir=cache_dir)


def cached(cache_dir: str | None = None) -> list[tuple[str, str]]:
    """The (data set, configuration) pairs that `load_dataset` finds offline, sorted.

    They lie in `<cache>/<account>___<data set>/<configuration>/<version>/<hash>/dataset_info.json`; like the library we
    pass over those whose folder is not named after the configuration, which were made of files given by hand.
    """
    import datasets

    root = pathlib.Path(cache_dir or datasets.config.HF_DATASETS_CACHE).expanduser()
    found = set()
    for info in root.glob("*/*/*/*/dataset_info.json"):
        data_set, config = info.parts[-5:-3]
        try:
            named = json.loads(info.read_text(encoding="utf-8")).get("config_name")
        except (OSError, ValueError):
            continue  # half-written: the library could not load it either
        if named == config:
            found.add((data_set.replace("___", "/"), config))
    return sorted(found)


def published(source: str, config: str | None = None) -> bool:
    """Whether the splits of `source` are those that a data set was published with: it is on the Hub, or a folder of
    files that bear the names which the Hub gives them. Its scores are compared on these very splits."""
    folder = pathlib.Path(source, config or "")
    if not folder.exists():
        return is_id(source)
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else [folder.name]
    tables = [name for name in names if name.endswith(".parquet")]
    return bool(tables) and all(_PUBLISHED.fullmatch(name) for name in tables)


def commit_of(splits: "datasets.DatasetDict") -> str | None:
    """The commit of the Hub's data set that `splits` are of, None for any other.

    The library names the innermost folder of its cache after the commit; for files given by hand it is another hash,
    and longer or shorter.
    """
    places = {pathlib.Path(file["filename"]).parent.name for rows in splits.values() for file in rows.cache_files}
    commits = {place for place in places if _COMMIT.fullmatch(place)}
    return commits.pop() if len(commits) == 1 else None


def _explain(error: Exception, path: str, name: str | None, cache_dir: str | None) -> UserError | None:
    """What to tell the user; None for an error that is not about finding the data set."""
    from datasets.exceptions import DatasetNotFoundError

    wanted = path if name is None else f"{path}/{name}"
    message = first_line(error)
    if isinstance(error, ValueError) and message.startswith(_NO_CONFIG):
        return _no_config(path, name, message, str(error))
    if isinstance(error, DatasetNotFoundError):
        problem = _("the Hub has no data set {path!r}, or it asks for a login").format(path=path)
    elif not is_id(path) and (isinstance(error, FileNotFoundError) or _is_unreachable(error)):
        problem = _("there is no data at {path!r}").format(path=path)
    elif _is_unreachable(error) or any(part in message for part in _NOT_HERE):
        problem = _("{wanted!r} is not in the local cache, and the Hub cannot be reached").format(wanted=wanted)
    else:
        return None
    import datasets

    names = [f"{data_set}/{config}" for data_set, config in cached(cache_dir)]
    here = did_you_mean(wanted, names) if names else _("the cache holds no data set")
    ways = _(
        "or set HF_ENDPOINT to a mirror and unset HF_HUB_OFFLINE; or load it on a machine that reaches "
        "the Hub and copy that machine's cache folder here; or give a file (CSV, JSONL, Parquet)"
    )
    place = _("cache {cache}").format(cache=cache_dir or datasets.config.HF_DATASETS_CACHE)
    return UserError(problem, f"{place} ({message})", f"{here}; {ways}")


def _no_config(path: str, name: str | None, message: str, everything: str) -> UserError:
    listed = re.search(r"\[(.*)\]", everything)
    names = re.findall(r"'([^']*)'", listed[1]) if listed else []
    problem = (
        _("{path!r} has no configuration {name!r}").format(path=path, name=name)
        if name
        else _("{path!r} has several configurations").format(path=path)
    )
    fix = did_you_mean(name, names) if name else _("name one: {names}").format(names=examples(names))
    return UserError(problem, "" if names else message, fix)


def _is_unreachable(error: Exception) -> bool:
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    return type(error).__module__.startswith(("httpx", "httpcore", "requests")) or type(error).__name__ in (
        "LocalEntryNotFoundError",
        "OfflineModeIsEnabled",
    )
