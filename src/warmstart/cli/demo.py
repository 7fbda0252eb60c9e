"""warmstart demo"""

import os

from warmstart import visible
from warmstart.messages import _

SHOWN = 6


def demo(*, out: str | None = None, seed: int = 42, json: bool = False) -> None:
    """Show the whole way on a built-in data set of paraphrases, without a network, in a few minutes.

    Parameters
    ----------
    out
        The run's folder; by default runs/sample-NUMBER.
    seed
        Seed of the new head, the order of rows and dropout.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import listen, quiet_libraries, say
    from warmstart.cli.train import show_result
    from warmstart.recipe import Recipe
    from warmstart.runs.run import train
    from warmstart.table.sources import BUILT_IN

    quiet_libraries()
    say(_("Do two sentences say the same? Fine-tuning the packaged all-MiniLM-L6-v2 on generated pairs."))
    data = BUILT_IN if os.path.exists("sample") else "sample"
    settings = {"data": data, "epochs": 2, "lr": 1e-4, "batch_size": 16, "warmup": 0.1, "weight_decay": 0.01}
    result = train(Recipe.of({**settings, "seed": seed, "out": out}), listen=listen)
    show_result(result, json=json)
    if not json and result.logits is not None:
        _examples(result)


def _examples(result: "object") -> None:
    """A few validation pairs, every other one right and wrong alike as they come, with what the model says."""
    from warmstart.runs.run import Result

    assert isinstance(result, Result)
    assert result.logits is not None
    rows = result.splits["validation"]
    step = max(len(rows) // SHOWN, 1)
    chosen = list(range(0, len(rows), step))[:SHOWN]
    predictions = result.task.head.prediction_rows(result.logits[chosen])
    print(_("A few validation pairs:"))
    for i, found in zip(chosen, predictions, strict=True):
        said = found["prediction"]
        mark = "✓" if said == result.task.classes[rows[i]["label"]] else "✗"
        print(f"  {mark} {said:9} p={found['p(' + said + ')']:.2f}  {visible.line(rows[i]['sentence1'])}")
        print(f"    {'':9}         {visible.line(rows[i]['sentence2'])}")
