"""Which elements dropout keeps: a function of (seed, update, process), the place in the model, the lengths of the rows
before this one in the process's part of the update, and the positions in the row. Nothing random is a state, and a
row's mask is the same in whatever micro-batch, and however wide, the row is computed.
"""

from collections.abc import Sequence

import numpy as np
import torch

SITE = 2**48  # numbers apart: how far one place's stream is from the next one's
STEPS = 2**15  # the keep rate is a multiple of 1 / STEPS


def keep_rate(p: float) -> float:
    """The share that is really kept when a share of `p` is dropped: the nearest multiple of 1 / 32,768."""
    return 1 - round(p * STEPS) / STEPS


def made_up(p: float) -> float:
    """What the kept ones are multiplied by, so that the expected value stays; 0 where nothing is kept."""
    return 1 / keep_rate(p) if keep_rate(p) > 0 else 0.0


def torch_keep(shape: tuple[int, ...], p: float, device: torch.device) -> torch.Tensor:
    """A mask from torch's own generator, in the form of those below."""
    return torch.empty(shape, dtype=torch.int16, device=device).bernoulli_(keep_rate(p)).neg_()


def masked(x: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """`x` with 0 where `keep` (int16: -1 or 0, every bit alike) is 0: one bitwise pass over numbers of 16 bits."""
    if x.element_size() == 2:
        return (x.view(torch.int16) & keep).view(x.dtype)
    return (x.view(torch.int32) & keep.to(torch.int32)).view(x.dtype)


class DropoutMasks:
    """16-bit random numbers for one micro-batch after the other, from one PCG64DXSM stream of an update.

    The stream is cut into one stretch for each place where the model drops something (in the order in which the forward
    pass comes to them), and a stretch into rows of the update, each as long as the row needs it: a number for each
    feature, for each token and feature, or for each head and pair of tokens. So any part is found without drawing the
    rest (the generator is advanced in logarithmic time: O'Neill 2014, https://www.pcg-random.org/paper.html).
    """

    def __init__(self) -> None:
        self._generator: np.random.PCG64DXSM | None = None
        self._row = self._token = self._pair = self._site = 0

    @property
    def active(self) -> bool:
        """Whether an update is being computed."""
        return self._generator is not None

    def begin(self, seed: int, update: int, process: int) -> None:
        """An update begins."""
        self._generator = np.random.PCG64DXSM(np.random.SeedSequence((seed, update, process)))
        self._state = self._generator.state
        self.micro_batch(0, 0, 0)

    def micro_batch(self, row: int, token: int, pair: int) -> None:
        """A micro-batch begins, with so many rows, tokens and pairs of tokens of one row (the squares of the rows'
        lengths) before it in this process's part of the update.
        """
        self._row, self._token, self._pair, self._site = row, token, pair, 0

    def end(self) -> None:
        """The update is over: until the next one, dropout is that of torch."""
        self._generator = None

    def keep_tokens(self, tokens: int, features: int, p: float) -> torch.Tensor:
        """int16 `[tokens, features]` for tokens end to end: -1 (keep) with probability `keep_rate(p)`, else 0."""
        return self._draw(self._token * features, tokens * features, p).view(tokens, features)

    def keep_rows(self, rows: int, features: int, p: float) -> torch.Tensor:
        """int16 `[rows, features]`, likewise."""
        return self._draw(self._row * features, rows * features, p).view(rows, features)

    def keep_pairs(self, lengths: Sequence[int], heads: int, width: int, p: float) -> torch.Tensor:
        """int16 `[rows, heads, width, width]`, likewise, for each query and key of rows of these `lengths`; 0 where a
        row has ended.
        """
        rows, pairs = len(lengths), sum(length * length for length in lengths)
        drawn = self._draw(self._pair * heads, pairs * heads, p)
        if pairs == rows * width**2:
            return drawn.view(rows, heads, width, width)
        # NumPy copies without waking other threads, for which these blocks are too small.
        keep, source, start = np.zeros((rows, heads, width, width), np.int16), drawn.numpy(), 0
        for row, length in enumerate(lengths):
            stop = start + heads * length * length
            keep[row, :, :length, :length] = source[start:stop].reshape(heads, length, length)
            start = stop
        return torch.from_numpy(keep)

    def _draw(self, start: int, count: int, p: float) -> torch.Tensor:
        assert self._generator is not None
        start += self._site * SITE
        self._site += 1
        self._generator.state = self._state
        self._generator.advance(start // 4)
        skip = start % 4
        raw = self._generator.random_raw((skip + count + 3) // 4)
        numbers = torch.from_numpy(raw.view(np.int16)[skip : skip + count])
        # Without a comparison, whose result has another type: 15 random bits are subtracted from the last number that
        # is dropped, and the sign is spread over all bits.
        last_dropped = round(p * STEPS) - STEPS // 2 - 1
        return torch.rsub(numbers.bitwise_right_shift_(1), last_dropped).bitwise_right_shift_(15)
