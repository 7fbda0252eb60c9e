"""`from warmstart import evaluate` for `import evaluate`, and the metrics that `load_metric` knows besides."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics

import warmstart
from warmstart import UserError, evaluate, load_metric

DRAW = np.random.default_rng(0)
CLASSES, SCORES = DRAW.integers(0, 2, 40), DRAW.random(40)
THREE, SHARES = DRAW.integers(0, 3, 40), DRAW.dirichlet([1, 1, 1], 40)
SEVERAL, OF_SEVERAL = DRAW.integers(0, 2, (40, 3)), DRAW.random((40, 3))


@pytest.mark.parametrize(
    ("name", "config", "predictions", "references", "options", "wanted"),
    [
        ("mae", None, SCORES, SCORES[::-1], {}, metrics.mean_absolute_error(SCORES[::-1], SCORES)),
        (
            "mae",
            "multilist",
            OF_SEVERAL,
            OF_SEVERAL[::-1],
            {"multioutput": "raw_values"},
            metrics.mean_absolute_error(OF_SEVERAL[::-1], OF_SEVERAL, multioutput="raw_values"),
        ),
        ("mse", None, SCORES, SCORES[::-1], {}, metrics.mean_squared_error(SCORES[::-1], SCORES)),
        ("roc_auc", None, SCORES, CLASSES, {}, metrics.roc_auc_score(CLASSES, SCORES)),
        (
            "roc_auc",
            "multiclass",
            SHARES,
            THREE,
            {"multi_class": "ovr"},
            metrics.roc_auc_score(THREE, SHARES, multi_class="ovr"),
        ),
        (
            "roc_auc",
            "multilabel",
            OF_SEVERAL,
            SEVERAL,
            {"average": None},
            metrics.roc_auc_score(SEVERAL, OF_SEVERAL, average=None),
        ),
        (
            "confusion_matrix",
            None,
            THREE,
            THREE[::-1],
            {"normalize": "true"},
            metrics.confusion_matrix(THREE[::-1], THREE, normalize="true"),
        ),
        ("brier_score", None, SCORES, CLASSES, {}, metrics.brier_score_loss(CLASSES, SCORES)),
    ],
)
def test_a_metric_is_scikit_learns(
    name: str, config: str | None, predictions: Any, references: Any, options: dict[str, Any], wanted: Any
) -> None:
    metric = load_metric(name, config)
    for part in (slice(0, 13), slice(13, 40)):
        metric.add_batch(predictions=torch.as_tensor(predictions[part].copy()), references=references[part].tolist())
    np.testing.assert_allclose(metric.compute(**options)[name], wanted)


def test_a_metric_has_the_names_that_people_know() -> None:
    assert load_metric("brier").compute(predictions=[0.5], references=[1]) == {"brier_score": 0.25}
    metric = evaluate.load("roc_auc")
    metric.add(prediction_scores=0.9, reference=1)
    metric.add_batch(prediction_scores=[0.2], references=[0])
    assert metric.compute(prediction_scores=[0.4], references=[1]) == {"roc_auc": 1.0}


def test_the_course_with_only_the_import_changed() -> None:
    metric = evaluate.load("glue", "mrpc")
    assert metric.compute(predictions=[1, 0, 1], references=[1, 0, 0]) == load_metric("glue", "mrpc").compute(
        predictions=[1, 0, 1], references=[1, 0, 0]
    )
    given: dict[str, Any] = {"predictions": [0, 1, 1], "references": [0, 1, 0]}
    both = evaluate.combine(["accuracy", evaluate.load("f1")])
    both.add_batch(**given)
    both.add(prediction=1, reference=1)
    assert both.compute() == pytest.approx({"accuracy": 0.75, "f1": 0.8})
    with pytest.raises(UserError, match="no 'comparison'"):
        evaluate.load("accuracy", module_type="comparison")
    with pytest.raises(UserError, match="no metric 'acuracy'"):
        evaluate.load("acuracy")
    assert evaluate.load("accuracy", module_type="metric", cache_dir="x", experiment_id="y").name == "accuracy"


def test_the_module_can_be_imported_in_every_way() -> None:
    imports = ("import warmstart.evaluate", "from warmstart.evaluate import load", "from warmstart import evaluate")
    code = "; ".join([*imports, "print(load is evaluate.load)"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    assert warmstart.evaluate is evaluate


def test_scores_and_classes_must_be_of_the_same_rows() -> None:
    with pytest.raises(UserError, match="do not match"):
        load_metric("roc_auc", "multiclass").compute(predictions=[[0.5, 0.5]], references=[0, 1])
    with pytest.raises(UserError, match="not classes"):
        load_metric("roc_auc").compute(predictions=[0.5, 0.2], references=[0.5, 1])
    with pytest.raises(UserError, match="no configuration 'multiclass'"):
        load_metric("accuracy", "multiclass")
