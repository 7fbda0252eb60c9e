"""What texts say, as a short key: by it a token table is found again, whatever the data set was made from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

if TYPE_CHECKING:
    from datasets import Dataset


def key_of(dataset: "Dataset", names: Sequence[str]) -> list[str]:
    """The XXH3, of 128 bits in hexadecimal, of each of these columns of texts and of which rows are chosen of them.

    Columns are read each time, at several gigabytes a second. The fingerprint that a data set brings along is not
    asked: it is a note in a file, and what was saved by `save_to_disk` and changed since still has the old one. Rows
    that were chosen (`select`, `shuffle`) are not gathered, which would take longest of all: their places are read.
    """
    places = dataset._indices
    chosen = xxhash.xxh3_128()
    for chunk in places.column(0).chunks if places is not None else []:
        chosen.update(chunk.to_numpy())
    return [*(_key(dataset.data.column(name)) for name in names), chosen.hexdigest() if places is not None else ""]


def _key(column: Any) -> str:
    """Lengths and characters go into sums of their own, so that it makes no difference how the column is cut into
    chunks. What is missing has no length, not even zero."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths, characters = xxhash.xxh3_128(), xxhash.xxh3_128()
    for chunk in column.chunks:
        texts = chunk.cast(pa.large_string())
        lengths.update(pc.binary_length(texts).cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False))
        offsets, content = texts.buffers()[1:]
        if len(texts) and content is not None:
            first, last = np.frombuffer(offsets, np.int64)[[texts.offset, texts.offset + len(texts)]].tolist()
            characters.update(memoryview(content)[first:last])
    return f"{lengths.hexdigest()}{characters.hexdigest()}"
