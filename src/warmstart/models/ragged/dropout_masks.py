"""Which elements dropout keeps: a function of (seed, update, process), the place in the model and the row of the
update. Nothing random is a state, and a row's mask does not depend on the micro-batch that the row is computed in.
"""

import math

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
    pass comes to them), and a stretch into rows of the update, so that any part of it is found without drawing the
    rest (the generator is advanced in logarithmic time: O'Neill 2014, https://www.pcg-random.org/paper.html).
    """

    def __init__(self) -> None:
        self._generator: np.random.PCG64DXSM | None = None
        self._row = self._token = self._site = self.width = 0

    @property
    def active(self) -> bool:
        """Whether an update is being computed."""
        return self._generator is not None

    def begin(self, seed: int, update: int, process: int, width: int) -> None:
        """An update begins. `width`: tokens in the longest row that this process has in it."""
        self._generator = np.random.PCG64DXSM(np.random.SeedSequence((seed, update, process)))
        self._state = self._generator.state
        self.width = width
        self._row = self._token = self._site = 0

    def micro_batch(self, row: int, token: int) -> None:
        """A micro-batch begins, with row number `row` and token number `token` of this process's part of the update."""
        self._row, self._token, self._site = row, token, 0

    def end(self) -> None:
        """The update is over: until the next one, dropout is that of torch."""
        self._generator = None

    def keep_tokens(self, tokens: int, features: int, p: float) -> torch.Tensor:
        """int16 `[tokens, features]` for ragged tokens: -1 (keep) with probability `keep_rate(p)`, else 0."""
        return self._draw(self._token * features, tokens * features, p).view(tokens, features)

    def keep_rows(self, rows: int, shape: tuple[int, ...], p: float) -> torch.Tensor:
        """int16 `[rows, *shape]` for whole rows: -1 (keep) with probability `keep_rate(p)`, else 0. `shape` must not
        depend on the micro-batch.
        """
        size = math.prod(shape)
        return self._draw(self._row * size, rows * size, p).view(rows, *shape)

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
