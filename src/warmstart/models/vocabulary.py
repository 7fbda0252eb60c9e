"""A tokenizer and a model's table of embeddings: each id that the one gives is a row of the other."""

from typing import Any

from warmstart.messages import _, ngettext
from warmstart.models import sound


def fit(model: Any, tokenizer: Any, name: str) -> list[str]:
    """Give `model` a row for each token that `tokenizer` knows, and say so. Raises UserError for ids beyond the table
    that are no added tokens: then the tokenizer is another model's."""
    try:
        rows = model.get_input_embeddings().num_embeddings
    except (NotImplementedError, AttributeError):  # a model that has no such table
        return []
    given = tokenizer.encode("a", "b")  # in which are ids that its templates name
    known = max([*tokenizer.get_vocab().values(), *given], default=0) + 1
    if known <= rows:
        return []
    added = [number for number in tokenizer.added_tokens_decoder if number >= rows]
    if len(added) != known - rows:
        why = _("its tokenizer has ids up to {last:,}, its table of embeddings {rows:,} rows").format(
            last=known - 1, rows=rows
        )
        raise sound.refused(name, why, "tokenizer.json")
    model.resize_token_embeddings(known)
    line = ngettext(
        "the tokenizer has {count:,} token more than the model: it got an embedding, near the mean of the others",
        "the tokenizer has {count:,} tokens more than the model: they got embeddings, near the mean of the others",
        len(added),
    ).format(count=len(added))
    return [line]
