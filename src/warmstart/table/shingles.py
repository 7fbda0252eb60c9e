"""Texts as sets of shingles, and their MinHash signatures.

A shingle is a word or two neighbouring ones, with the ends of the text as neighbours too; case, punctuation and spaces
do not count. A letter of a script without spaces between words is a word of its own, so that Chinese texts become
characters and pairs of them, and mixed texts both. Signatures are those of `datasketch`, computed for many rows at
once: its own loop over rows takes some ten times as long.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from warmstart.heads.unspaced import UNSPACED
from warmstart.table import columns

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

READ = 2_000  # characters of a text that are looked at: about what a model of 512 tokens sees
BANDS, BAND = 40, 3  # two texts are compared if in one of so many bands so many values agree: of a Jaccard similarity
# of 0.5 these are 99.5 % of the pairs, of 0.2 27 %, which are told apart by the rest of the signature
SEED = 1
CHUNK = 2_000_000  # shingles whose signatures are computed at a time

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Words:
    """The words of a column: `ids` [words], the same number for the same word, and where each row begins and ends in
    them, `offsets` [rows + 1]."""

    ids: npt.NDArray[np.int32]
    offsets: Ints

    @property
    def counts(self) -> Ints:
        """Words of each row [rows]."""
        return np.diff(self.offsets)

    def of(self, rows: Ints) -> "Words":
        """Some rows, in the order asked for."""
        counts = self.counts[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], counts)
        return Words(self.ids[places], offsets)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Words":
        """The rows that are chosen [rows], in little more memory than they take."""
        offsets = np.concatenate([[0], np.cumsum(self.counts[chosen])])
        return Words(self.ids[np.repeat(chosen, self.counts)], offsets)


def words(splits: "list[datasets.Dataset]", name: str, vocabulary: dict[str, int]) -> Words:
    """The words of a column in all rows of the splits, one after the other. New ones are added to the vocabulary."""
    ids, counts = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
    for rows in splits:
        for table in columns.batches(rows, [name]):
            found, many = _encoded(table.column(name), vocabulary)
            ids.append(found)
            counts.append(many)
    return Words(np.concatenate(ids), np.concatenate([[0], np.cumsum(np.concatenate(counts))]))


def _encoded(cells: "pa.ChunkedArray", vocabulary: dict[str, int]) -> tuple[npt.NDArray[np.int32], Ints]:
    """The number of each word, and how many words a cell has. Arrow does what is done for each letter."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.fill_null(pc.utf8_slice_codeunits(cells.cast(pa.large_string()), 0, READ), "").combine_chunks()
    texts = pc.utf8_lower(pc.utf8_normalize(texts, "NFKC"))
    texts = pc.replace_substring_regex(texts, f"([{UNSPACED}])", r" \1 ")
    split = pc.split_pattern_regex(texts, r"[^\pL\pM\pN]+")
    flat, row = split.flatten(), pc.list_parent_indices(split)
    some = pc.not_equal(flat, "")
    encoded = flat.filter(some).dictionary_encode()
    numbers = [vocabulary.setdefault(word, len(vocabulary)) for word in encoded.dictionary.to_pylist()]
    counts = np.bincount(row.filter(some).to_numpy(), minlength=len(texts))
    return np.array(numbers, np.int32)[encoded.indices.to_numpy()], counts


def mixed(values: Hashes) -> Hashes:
    """Each value as another that looks drawn at random, the same at each call (MurmurHash3's finalizer)."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values = values ^ (values >> np.uint32(13))
    values = values * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def shingles(found: Words, side: int = 0) -> tuple[Hashes, Ints]:
    """The hashes of all shingles, and where each row begins and ends in them [rows + 1]: of n words 2n + 1 shingles,
    some of them equal. `side`: the text a row has them in, whose shingles differ from those of another."""
    rows = len(found.offsets) - 1
    ids = found.ids.astype(np.uint32) + np.uint32(2)
    row = np.repeat(np.arange(rows), found.counts)
    starts = 2 * found.offsets[:-1] + np.arange(rows)
    offsets = np.append(starts, 2 * len(ids) + rows)
    hashes = np.empty(offsets[-1], np.uint32)
    place = starts[row] + np.arange(len(ids)) - found.offsets[:-1][row]
    salt = mixed(np.array([side], np.uint32))
    single = mixed(ids ^ salt)
    hashes[place] = single
    left, right = np.full(len(ids) + rows, 1, np.uint32), np.full(len(ids) + rows, 1, np.uint32)
    left[np.arange(len(ids)) + row + 1] = single
    right[np.arange(len(ids)) + row] = single
    ends = np.repeat(np.arange(rows), found.counts + 1)
    second = starts[ends] + found.counts[ends] + np.arange(len(left)) - (found.offsets[:-1] + np.arange(rows))[ends]
    hashes[second] = mixed(left * np.uint32(0x9E3779B1) + right + salt)
    return hashes, offsets


def signatures(sides: list[Words]) -> Hashes:
    """MinHash signatures [rows, `BANDS` * `BAND`] of the shingles of both texts of a row together."""
    from datasketch import MinHash

    a, b = MinHash(num_perm=BANDS * BAND, seed=SEED).permutations
    rows = len(sides[0].offsets) - 1
    signed = np.full((BANDS * BAND, rows), np.iinfo(np.uint32).max, np.uint32)
    for side, found in enumerate(sides):
        for some in _chunks(found.offsets):
            filled = some[found.counts[some] > 0]
            if len(filled):
                hashes, offsets = shingles(found.of(filled), side)
                hashes = mixed(hashes)  # as `datasketch` does with what it is given
                for number in range(BANDS * BAND):
                    least = np.minimum.reduceat(hashes * a[number] + b[number], offsets[:-1])
                    signed[number, filled] = np.minimum(signed[number, filled], least)
    return np.ascontiguousarray(signed.T)


def _chunks(offsets: Ints) -> list[Ints]:
    """The rows in parts of about `CHUNK` shingles each."""
    part = (2 * offsets[:-1]) // CHUNK
    return np.split(np.arange(len(part)), np.flatnonzero(np.diff(part)) + 1)
