"""What texts say, as a short key: by it a token table is found again, whatever the data set is called or was made from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from warmstart.table import columns

if TYPE_CHECKING:
    from datasets import Dataset


def key_of(dataset: "Dataset", names: Sequence[str]) -> list[str]:
    """For each column of texts its XXH3, of 128 bits, in hexadecimal.

    It is read from the rows each time. The fingerprint that a data set brings along is not asked: it is a note in a file,
    and what was saved by `save_to_disk` and changed since still has the old one.
    """
    sums = [_Texts() for _unused in names]
    for table in columns.batches(dataset, list(names)):
        for texts, name in zip(sums, names, strict=True):
            for chunk in table.column(name).chunks:
                texts.add(chunk)
    return [texts.key() for texts in sums]


class _Texts:
    """Lengths and characters go into sums of their own, so that it makes no difference where rows are cut into
    batches."""

    def __init__(self) -> None:
        self._lengths, self._characters = xxhash.xxh3_128(), xxhash.xxh3_128()

    def add(self, texts: Any) -> None:
        """More texts, an Arrow array. What is missing is none of any length."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = texts.cast(pa.large_string()) if not pa.types.is_large_string(texts.type) else texts
        self._lengths.update(pc.binary_length(texts).cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False))
        offsets, characters = texts.buffers()[1:]
        if len(texts) and characters is not None:
            first, last = np.frombuffer(offsets, np.int64)[[texts.offset, texts.offset + len(texts)]].tolist()
            self._characters.update(memoryview(characters)[first:last])

    def key(self) -> str:
        return f"{self._lengths.hexdigest()}{self._characters.hexdigest()}"
