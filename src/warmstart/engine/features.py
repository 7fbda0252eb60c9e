"""What a model makes of texts before its head: the mean of its last layer over the tokens of each row."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from warmstart.batches.tokens import tokenize_in_memory
from warmstart.engine.predict import token_batches, token_plan
from warmstart.engine.predictor import BATCH, Predictor


def features(
    predictor: Predictor, columns: Sequence[list[str]], tell: Callable[[int], None] = lambda rows: None
) -> npt.NDArray[np.float32] | None:
    """float32 `[rows, width]`, in the order of the rows; None for a model whose layers read two sequences. `columns`:
    one list of texts or two, as the model reads them; `tell` is told how many more rows are done."""
    inner = predictor.model.base_model
    if getattr(inner.config, "is_encoder_decoder", False):
        return None
    tokenizer = predictor.tokenizer
    table = tokenize_in_memory(list(columns), tokenizer, max_length=tokenizer.model_max_length)
    device = next(inner.parameters()).device
    found: npt.NDArray[np.float32] | None = None
    with torch.inference_mode():
        for rows, batch in token_batches(table, token_plan(table, BATCH, 0, 1)):
            given = batch.to(device).padded()
            mask = given["attention_mask"][..., None]
            hidden = inner(**given).last_hidden_state.float()
            mean = ((hidden * mask).sum(1) / mask.sum(1).clamp(min=1)).cpu().numpy()
            found = np.zeros((len(table), mean.shape[1]), np.float32) if found is None else found
            found[rows] = mean
            tell(len(rows))
    return found
