"""Heads by the name of their kind, for tests that go through all of them."""

from typing import Any

from warmstart.evaluation import baselines as of_baselines
from warmstart.evaluation import bootstrap as of_bootstrap
from warmstart.heads.head import Array, Head
from warmstart.heads.registry import head_of


def head(kind: str, glue: str | None = None, classes: int | None = None) -> Head:
    """The head of a kind, with so many classes, or with none that are named."""
    names = tuple(map(str, range(classes or 0)))
    return head_of(kind)(names, names, glue)


def decide(kind: str, logits: Array) -> Array:
    return head(kind).decide(logits)


def metric_names(kind: str, glue: str | None = None) -> tuple[str, ...]:
    return head(kind, glue).metric_names()


def headline(kind: str, glue: str | None = None) -> tuple[str, ...]:
    return head(kind, glue).headline()


def best_metric(kind: str, glue: str | None = None) -> tuple[str, bool]:
    return head(kind, glue).best_metric()


def measure(
    kind: str, predictions: Array, labels: Array, *, glue: str | None = None, classes: int | None = None
) -> dict[str, float]:
    return head(kind, glue, classes).measure(predictions, labels)


def bootstrap(
    kind: str,
    predictions: Array,
    labels: Array,
    *,
    glue: str | None = None,
    classes: int | None = None,
    **options: Any,
) -> dict[str, tuple[float, float]]:
    return of_bootstrap.bootstrap(head(kind, glue, classes), predictions, labels, **options)


def baselines(kind: str, *given: Any, **options: Any) -> dict[str, Array]:
    return of_baselines.baselines(head(kind), *given, **options)
