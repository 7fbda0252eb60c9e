"""The model card: what the model is, what it was measured to be, and how to use it. No path of the machine is in it."""

from warmstart import __version__, paths, visible
from warmstart.evaluation.report import Report
from warmstart.messages import in_language
from warmstart.models.hub import commit_of
from warmstart.recipe import Recipe
from warmstart.table.task import Task


def write(recipe: Recipe, task: Task, report: Report, updates: int) -> str:
    """The text of the model folder's README.md, with metadata as the Hub reads it."""
    import yaml

    base, data = name_of(recipe.model), name_of(recipe.data)
    columns = " + ".join(visible.code(name) for name in (task.text, task.pair) if name)
    title = visible.markdown(base)
    metrics = "\n".join(f"- {name}" for name in report.headline)
    one = '{"text": "...", "text_pair": "..."}' if task.pair else '"..."'
    return f"""---
library_name: transformers
pipeline_tag: text-classification
{yaml.safe_dump({"base_model": base}, allow_unicode=True).strip()}
tags:
- warmstart
metrics:
{metrics}
---

# {title} fine-tuned on {visible.markdown(data)}

Reads {columns}, gives {task.head.gives} ({task.problem_type.replace("_", " ")}).{_thresholds(task)}

## Measured

{_verdict(report)}On {report.rows:,} validation rows, with 95 % bootstrap intervals{_caveat(recipe)}.

{markdown(report)}

## Use

```python
from transformers import pipeline

classify = pipeline("text-classification", model="PATH-OF-THIS-FOLDER")
classify({one})
```

## Training

{updates:,} updates of {recipe.batch_size} rows, from {title}{_commit(recipe)}; learning rate {recipe.lr:g}, schedule
{recipe.schedule}, seed {recipe.seed}; warmstart {__version__}. The whole recipe is in `recipe.toml` of the run.
"""


def name_of(source: str) -> str:
    """A Hub id as it is, but of a path only the last part."""
    path = paths.expanded(source)
    return path.resolve().name if path.exists() or path.is_absolute() else source


def _verdict(report: Report) -> str:
    """The verdict in English, as the rest of the card: better than the baselines or not."""
    if report.verdict is None:
        return ""
    with in_language("en"):
        return f"**{visible.markdown(report.verdict.first_line())}**\n\n"


def _commit(recipe: Recipe) -> str:
    commit = commit_of(recipe.model)
    return f" at commit `{commit}`" if commit else ""


def _thresholds(task: Task) -> str:
    """From which probabilities classes are given, where it is not 0.5."""
    if not task.thresholds:
        return ""
    pairs = zip(task.head.deciding, task.thresholds, strict=True)
    listed = ", ".join(f"{visible.code(name)} {each:.4g}" for name, each in pairs)
    return (
        f"\n\nA class is given where its probability is above its threshold, which is not 0.5: {listed}. `config.json` "
        "has them\nas `thresholds`; `warmstart predict` uses them, and other tools give the probabilities alone."
    )


def _caveat(recipe: Recipe) -> str:
    if recipe.best or recipe.patience is not None:
        return "; the checkpoint was chosen on these rows, so that its scores are somewhat flattering"
    return ""


def markdown(report: Report) -> str:
    """The scores as a Markdown table: a row for the model and each baseline."""
    lines = ["| | " + " | ".join(report.headline) + " |", "|---" * (len(report.headline) + 1) + "|"]
    for who, scores in report.scores.items():
        cells = []
        for name in report.headline:
            low, high = report.intervals[who][name]
            cells.append(f"{scores[name]:.3f} ({low:.3f} to {high:.3f})")
        lines.append(f"| {who} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
