"""Which rows stay together: those with one value in a column, and those that either this or an equal text joins."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from warmstart.table import columns

if TYPE_CHECKING:
    import datasets

Ints = npt.NDArray[np.int64]


def numbers(rows: "datasets.Dataset", name: str, known: dict[object, int] | None = None) -> Ints:
    """The group of each row [rows], from 0; rows without a value are groups of their own, below 0. `known`: the values
    met before, to which new ones are added."""
    known = {} if known is None else known
    parts, before = [np.empty(0, np.int64)], 0
    for table in columns.batches(rows, [name]):
        column = table.column(name).combine_chunks().dictionary_encode()
        of_value = [known.setdefault(value, len(known)) for value in columns.values(column.dictionary, name)]
        places = column.indices.fill_null(-1).to_numpy()
        lone = -1 - before - np.arange(len(places))
        parts.append(np.where(places < 0, lone, np.array([*of_value, 0], np.int64)[places]))
        before += len(places)
    return np.concatenate(parts)


def together(keys: Ints, groups: Ints) -> Ints:
    """A number for each row [rows], the same for rows that one key or one group joins, also over other rows."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    _unused, key = np.unique(keys, return_inverse=True)
    _unused, group = np.unique(groups, return_inverse=True)
    texts, count = int(key.max(initial=-1)) + 1, int(group.max(initial=-1)) + 1
    links = sparse.coo_array((np.ones(len(key), np.int8), (key, texts + group)), shape=(texts + count, texts + count))
    component: npt.NDArray[np.int32] = connected_components(links, directed=False)[1]
    return component[key].astype(np.int64)
