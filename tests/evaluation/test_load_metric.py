"""`load_metric` as the chapter uses it: one score of everything added, in any number of processes."""

import json
import math
import os
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from warmstart.errors import UserError
from warmstart.evaluation.load_metric import load_metric
from warmstart.heads.glue import TASKS

MANY = settings(max_examples=40, deadline=None)  # no deadline: the first example waits for imports
SEEDS = st.integers(0, 2**32 - 1)


def rows(seed: int, count: int, classes: int = 2) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    predictions, references = generator.integers(classes, size=(2, count))
    return predictions, references


@MANY
@given(SEEDS, st.integers(2, 60))
def test_scores_are_scikit_learns_and_scipys(seed: int, count: int) -> None:
    p, r = rows(seed, count)
    weight = np.random.default_rng(seed).random(count) + 0.1
    p[:2], r[:2] = [0, 1], [1, 0]  # so that nothing is undefined
    x, y = p + weight, r - weight[::-1]
    expected: dict[tuple[str, ...], tuple[Any, Any, dict[str, Any], dict[str, Any]]] = {
        ("accuracy",): (p, r, {}, {"accuracy": metrics.accuracy_score(r, p)}),
        ("accuracy", ""): (p, r, {"normalize": False}, {"accuracy": np.sum(r == p)}),
        ("f1",): (p, r, {"pos_label": 0}, {"f1": metrics.f1_score(r, p, pos_label=0, zero_division=0)}),
        ("precision",): (p, r, {"average": "macro"}, {"precision": metrics.precision_score(r, p, average="macro")}),
        ("recall",): (p, r, {"sample_weight": weight}, {"recall": metrics.recall_score(r, p, sample_weight=weight)}),
        ("matthews_correlation",): (p, r, {}, {"matthews_correlation": metrics.matthews_corrcoef(r, p)}),
        ("pearsonr",): (
            x,
            y,
            {"return_pvalue": True},
            {"pearsonr": stats.pearsonr(x, y)[0], "p-value": stats.pearsonr(x, y)[1]},
        ),
        ("spearmanr",): (x, y, {}, {"spearmanr": stats.spearmanr(x, y).statistic}),
        ("mse",): (x, y, {"sample_weight": weight.tolist()}, {"mse": np.average((x - y) ** 2, weights=weight)}),
        ("mse", ""): (x, y, {"squared": False}, {"mse": np.sqrt(np.mean((x - y) ** 2))}),
        ("glue", "mrpc"): (p, r, {}, {"accuracy": np.mean(p == r), "f1": metrics.f1_score(r, p, zero_division=0)}),
        ("glue", "cola"): (p, r, {}, {"matthews_correlation": metrics.matthews_corrcoef(r, p)}),
        ("glue", "mnli_matched"): (p, r, {}, {"accuracy": np.mean(p == r)}),
    }
    for (name, *config), (predictions, references, options, scores) in expected.items():
        metric = load_metric(name, config[0] or None if config else None)
        found = metric.compute(predictions=predictions, references=references, **options)
        assert found == pytest.approx(scores), name
        assert list(found) == list(scores)
        assert {type(value) for value in found.values()} == {float}
    stsb = load_metric("glue", "stsb").compute(predictions=x - x.min(), references=y - y.min())
    assert stsb == pytest.approx({"pearson": stats.pearsonr(x, y)[0], "spearmanr": stats.spearmanr(x, y)[0]})


def test_the_chapters_numbers() -> None:
    """MRPC's validation set as the chapter scores it: 408 pairs, of which 350 right."""
    references = np.array([1] * 279 + [0] * 129)
    predictions = np.array([1] * 260 + [0] * 19 + [0] * 90 + [1] * 39)
    found = load_metric("glue", "mrpc").compute(predictions=predictions, references=references)
    assert found == {"accuracy": 0.8578431372549019, "f1": 0.8996539792387543}


@MANY
@given(SEEDS, st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_batches_add_up_to_the_whole(seed: int, sizes: list[int]) -> None:
    p, r = rows(seed, sum(sizes) + 1)
    whole = load_metric("glue", "mrpc").compute(predictions=p, references=r)
    metric = load_metric("glue", "mrpc")
    start = 0
    for size in sizes:
        metric.add_batch(predictions=p[start : start + size], references=r[start : start + size])
        start += size
    metric.add(prediction=p[-1], reference=r[-1])
    assert metric.compute() == whole
    with pytest.raises(UserError, match="nothing was added"):  # it has forgotten them
        metric.compute()
    if start:
        metric.add_batch(predictions=p[:start], references=r[:start])
        assert metric.compute(predictions=p[start:], references=r[start:]) == whole


P, R = [1, 0, 1, 1], [1, 1, 0, 1]


@pytest.mark.parametrize(
    "given",
    [
        lambda values: values,
        tuple,
        np.array,
        lambda values: np.array(values, dtype=bool),
        lambda values: np.array(values, dtype=np.float32),
        torch.tensor,
        lambda values: torch.tensor(values, dtype=torch.bfloat16),
        lambda values: torch.tensor(values, dtype=torch.float32, requires_grad=True),
        lambda values: torch.tensor(values)[:, None],
        lambda values: [torch.tensor(value) for value in values],
        lambda values: [np.int32(value) for value in values],
        lambda values: __import__("datasets").Dataset.from_dict({"label": values})["label"],
        lambda values: __import__("pandas").Series(values),
    ],
)
def test_rows_come_in_any_container(given: Any) -> None:
    metric = load_metric("accuracy")
    for _ in range(2):
        metric.add_batch(predictions=given(P), references=given(R))
    assert metric.compute() == {"accuracy": 0.5}


def test_single_values() -> None:
    metric = load_metric("mse")
    metric.add(prediction=1, reference=2.5)
    metric.add(predictions=torch.tensor(1.0, dtype=torch.bfloat16), references=np.float64(1))
    metric.add(prediction=torch.tensor([3]), reference=[3])
    metric.add_batch(predictions=torch.tensor(0.0), references=torch.tensor(0.0))
    assert repr(metric) == "Metric('mse', rows=4)"
    assert metric.compute() == {"mse": 2.25 / 4}


def test_rows_of_several_values() -> None:
    p, r = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]]), np.array([[1, 0, 1], [0, 1, 0], [0, 1, 0]])
    assert load_metric("accuracy", "multilabel").compute(predictions=p, references=r) == {"accuracy": 1 / 3}
    metric = load_metric("f1", "multilabel")
    for one, other in zip(p.tolist(), torch.tensor(r), strict=True):
        metric.add(prediction=one, reference=other)
    each = metric.compute(average=None)["f1"]
    np.testing.assert_allclose(each, metrics.f1_score(r, p, average=None))
    found = load_metric("mse", "multilist").compute(predictions=p, references=r, multioutput="raw_values")["mse"]
    np.testing.assert_allclose(found, [1 / 3, 0, 1 / 3])


def test_undefined_scores_are_quiet() -> None:
    for name, expected in (("pearsonr", math.nan), ("spearmanr", math.nan), ("matthews_correlation", 0), ("f1", 0)):
        found = load_metric(name).compute(predictions=[0, 0, 0], references=[1, 0, 0])
        assert found == pytest.approx({name: expected}, nan_ok=True)
    assert load_metric("glue", "mrpc").compute(predictions=[0], references=[0]) == {"accuracy": 1, "f1": 0}
    with pytest.warns(metrics._classification.UndefinedMetricWarning):
        load_metric("f1").compute(predictions=[0, 0], references=[0, 0], zero_division="warn")


@pytest.mark.parametrize("task", TASKS)
def test_every_glue_task(task: str) -> None:
    found = load_metric("glue", task).compute(predictions=[0, 1, 1, 0], references=[0, 1, 1, 0])
    assert found == dict.fromkeys(TASKS[task].metrics, pytest.approx(1.0))


@pytest.mark.parametrize(
    ("args", "options", "said"),
    [
        (("acuracy",), {}, "did you mean 'accuracy'"),
        (("glue", "mprc"), {}, "did you mean 'mrpc'"),
        (("glue",), {}, "name the task: cola, sst2"),
        (("f1", "multilable"), {}, "did you mean 'multilabel'"),
        (("pearsonr", "multilabel"), {}, "leave it out"),
        (("f1",), {"num_proces": 2}, "did you mean 'num_process'"),
        (("f1",), {"process_id": 1}, "process_id = 1 is not among the 1"),
    ],
)
def test_what_there_is_not(args: tuple[str, ...], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_metric(*args, **options)


def test_options_about_files_are_of_the_past() -> None:
    assert (
        repr(load_metric("f1", keep_in_memory=True, experiment_id="x", cache_dir="/nowhere")) == "Metric('f1', rows=0)"
    )


@pytest.mark.parametrize(
    ("name", "predictions", "references", "said"),
    [
        ("accuracy", [1, 0], [1], r"predictions \[2\] and references \[1\] do not match"),
        ("accuracy", torch.rand(2, 3), [1, 0], r"np.argmax\(logits, axis=-1\)"),
        ("accuracy", torch.rand(2, 1), [1, 0], "take the class with the largest"),
        ("accuracy", [0.3, 0.9], [1, 0], "2 of predictions are not classes: 0.3"),
        ("accuracy", [1, 0], [math.nan, 0], "1 of references are not classes: nan"),
        ("accuracy", [[1, 0], [0, 1]], [1, 0], "multilabel"),
        ("accuracy", [[1], [0, 1]], [1, 0], "not numbers in rows of one length"),
        ("accuracy", ["yes", "no"], [1, 0], "not numbers"),
        ("accuracy", [1, None], [1, 0], "not numbers"),
        ("accuracy", [1, 0], None, "must both be given"),
        ("accuracy", None, [1, 0], "must both be given"),
        ("accuracy", [], [], "nothing was added"),
        ("accuracy", [1, 0], [-1, -1], "2 of 2 references are no label"),
        ("mse", [1, math.inf], [1, 0], "1 of predictions are not finite numbers: inf"),
        ("f1", [0, 1, 2], [2, 1, 0], "multiclass"),
    ],
)
def test_what_cannot_be_scored_leaves_the_metric_as_it_was(
    name: str, predictions: Any, references: Any, said: str
) -> None:
    metric = load_metric(name)
    with pytest.raises(UserError, match=said):
        metric.compute(predictions=predictions, references=references)
    assert metric.compute(predictions=[1, 0], references=[1, 0]) == {name: 0.0 if name == "mse" else 1.0}


def test_options_are_checked_by_name() -> None:
    metric = load_metric("f1")
    metric.add_batch(predictions=[0, 2, 1], references=[0, 1, 2])
    with pytest.raises(UserError, match="did you mean 'average'"):
        metric.compute(avrage="macro")
    with pytest.raises(UserError, match="cannot be computed"):
        metric.compute(sample_weight=[1, 2])
    assert metric.compute(average="macro") == {"f1": pytest.approx(1 / 3)}  # the rows are still there
    with pytest.raises(UserError, match="leave it out"):
        load_metric("glue", "sst2").compute(predictions=[1], references=[1], average="macro")


def test_hidden_labels_are_refused(glue: pathlib.Path) -> None:
    for task in ("sst2", "stsb"):
        labels = pq.read_table(next((glue / task).glob("test-*")))["label"].to_numpy()
        with pytest.raises(UserError, match="references are no label") as caught:
            load_metric("glue", task).compute(predictions=np.zeros_like(labels), references=labels)
        assert "test splits" in caught.value.fix
    signs = {"predictions": [1, -1], "references": [-1, -1]}  # outside GLUE, -1 can be a class
    assert load_metric("accuracy").compute(**signs) == {"accuracy": 0.5}
    with pytest.raises(UserError, match="1 of 2 references are no label"):
        load_metric("glue", "sst2").compute(predictions=[1, 0], references=[1, -100])


def test_several_processes_need_a_group() -> None:
    metric = load_metric("f1", num_process=2, process_id=1)
    metric.add(prediction=1, reference=1)
    with pytest.raises(UserError, match=r"torch\.distributed joins 0 processes"):
        metric.compute()


PROCESS = """
import json, sys
import numpy as np
from torch import distributed
from warmstart.errors import UserError
from warmstart.evaluation.load_metric import load_metric

meeting, rank = sys.argv[1], int(sys.argv[2])
distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
predictions, references = np.random.default_rng(0).integers(2, size=(2, 101))
weight = np.random.default_rng(1).random(101)
found = {}

def share(name, process_id, part, **options):
    metric = load_metric(*name, num_process=2, process_id=process_id)
    for rows in np.array_split(np.arange(101)[part], 3):
        metric.add_batch(predictions=predictions[rows], references=references[rows])
    return metric.compute(**options)

parts = [slice(0, 40), slice(40, None)]
found["glue"] = share(["glue", "mrpc"], rank, parts[rank])
found["weighted"] = share(["f1"], rank, parts[rank], sample_weight=weight)
found["the other way round"] = share(["f1"], 1 - rank, parts[1 - rank], sample_weight=weight)
found["all on one"] = share(["f1"], rank, slice(0, 101 * rank))
alone = load_metric("accuracy")
alone.add(prediction=1, reference=rank)
found["each alone"] = alone.compute()

def refused(num_process, process_id, rows):
    metric = load_metric("accuracy", num_process=num_process, process_id=process_id)
    try:
        metric.compute(predictions=rows, references=[0])
    except UserError as error:
        return error.problem

found["one has an error"] = refused(2, rank, [0, 1] if rank == 1 else [0])
found["same number"] = refused(2, 0, [0])
found["three of two"] = refused(3, rank, [0])
print(json.dumps(found))
distributed.destroy_process_group()
"""


def test_two_processes_score_as_one(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-W", "error", "-c", PROCESS, str(tmp_path / "meeting")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen([*command, str(rank)], stdout=subprocess.PIPE, text=True, env=environment) for rank in (0, 1)
    ]
    try:
        said = [process.communicate(timeout=120)[0] for process in running]
    finally:
        for process in running:
            process.kill()  # nothing is left waiting for the other
    assert [process.returncode for process in running] == [0, 0]
    first, second = (json.loads(text) for text in said)

    predictions, references = np.random.default_rng(0).integers(2, size=(2, 101))
    weight = np.random.default_rng(1).random(101)
    one: dict[str, Any] = {"predictions": predictions, "references": references}
    assert first.pop("each alone") == {"accuracy": 0}
    assert second.pop("each alone") == {"accuracy": 1}
    assert (
        first
        == second
        == {
            "glue": load_metric("glue", "mrpc").compute(**one),
            "weighted": load_metric("f1").compute(**one, sample_weight=weight),
            "the other way round": load_metric("f1").compute(**one, sample_weight=weight),
            "all on one": load_metric("f1").compute(**one),
            "one has an error": "predictions [2] and references [1] do not match",
            "same number": "the process_id of the processes are [0, 0]",
            "three of two": "num_process = 3, but torch.distributed joins 2 processes",
        }
    )
