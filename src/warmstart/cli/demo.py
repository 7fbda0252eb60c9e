"""warmstart demo"""

import os
from typing import Any, Literal

from warmstart import visible
from warmstart.messages import _

SHOWN = 6


def demo(*, language: Literal["en", "zh"] = "en", out: str | None = None, seed: int = 42, json: bool = False) -> None:
    """Show the whole way on a built-in data set of paraphrases, without a network, in a few minutes.

    Parameters
    ----------
    language
        Of the data set: English sentences that say the same (en), or Chinese reviews (zh), which need the extra
        `warmstart[multilingual]`.
    out
        The run's folder; by default runs/sample-NUMBER.
    seed
        Seed of the new head, the order of rows and dropout.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import listen, quiet_libraries
    from warmstart.cli.train import show_result
    from warmstart.recipe import Recipe
    from warmstart.runs.run import train

    quiet_libraries()
    settings = _chinese() if language == "zh" else _english()
    result = train(Recipe.of({**settings, "seed": seed, "out": out}), listen=listen)
    show_result(result, json=json)
    if not json and result.logits is not None:
        _examples(result)


def _english() -> dict[str, Any]:
    from warmstart.cli.show import say
    from warmstart.table.sources import BUILT_IN

    say(_("Do two sentences say the same? Fine-tuning the packaged all-MiniLM-L6-v2 on generated pairs."))
    data = BUILT_IN if os.path.exists("sample") else "sample"
    return {"data": data, "epochs": 2, "lr": 1e-4, "batch_size": 16, "warmup": 0.1, "weight_decay": 0.01}


def _chinese() -> dict[str, Any]:
    from warmstart.cli.show import say
    from warmstart.models import multilingual
    from warmstart.table.sources import BUILT_IN_ZH

    if not multilingual.is_there():
        raise multilingual.missing("--language zh")
    say(_("Is a Chinese review praise or blame? Fine-tuning the multilingual checkpoint on generated reviews."))
    data = BUILT_IN_ZH if os.path.exists("sample-zh") else "sample-zh"
    return {"data": data, "epochs": 2, "lr": 1e-4, "batch_size": 16, "warmup": 0.1}


def _examples(result: "object") -> None:
    """A few validation rows, every other one right and wrong alike as they come, with what the model says."""
    from warmstart.runs.run import Result

    assert isinstance(result, Result)
    assert result.logits is not None
    rows = result.splits["validation"]
    step = max(len(rows) // SHOWN, 1)
    chosen = list(range(0, len(rows), step))[:SHOWN]
    predictions = result.task.head.prediction_rows(result.logits[chosen])
    texts = [name for name in (result.task.text, result.task.pair) if name is not None]
    print(_("A few validation pairs:") if len(texts) == 2 else _("A few validation rows:"))
    for i, found in zip(chosen, predictions, strict=True):
        said = found["prediction"]
        mark = "✓" if said == result.task.classes[rows[i][result.task.label]] else "✗"
        first, *more = (visible.line(rows[i][name]) for name in texts)
        print(f"  {mark} {said:9} p={found['p(' + said + ')']:.2f}  {first}")
        for text in more:
            print(f"    {'':9}         {text}")
