"""Known temperatures come back, expected calibration errors are what a plain loop gives, and intervals hold."""

from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax

from warmstart.evaluation import calibration
from warmstart.evaluation.calibration import calibrate, fit, left_out
from warmstart.heads.classes import Classes
from warmstart.heads.head import Head
from warmstart.heads.labels import Labels

Sample = tuple[Head, Any, Any]


def of_classes(rows: int, classes: int, temperature: float, seed: int = 0) -> Sample:
    """Rows whose labels are drawn from softmax(logits / temperature)."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 2, (rows, classes))
    labels = (softmax(logits, axis=1).cumsum(axis=1) > draw.random((rows, 1))).argmax(axis=1)
    return Classes(classes=tuple(map(str, range(classes)))), (logits * temperature).astype(np.float32), labels


def of_labels(rows: int, classes: int, temperature: float, seed: int = 0) -> Sample:
    draw = np.random.default_rng(seed)
    logits = draw.normal(-1, 2, (rows, classes))
    labels = (draw.random((rows, classes)) < expit(logits)).astype(np.float32)
    return Labels(classes=tuple(map(str, range(classes)))), (logits * temperature).astype(np.float32), labels


def plain_losses(head: Head, logits: Any, labels: Any, temperature: float) -> float:
    scores = head.probabilities(logits / temperature)
    if scores.shape == labels.shape:
        return float(-np.log(np.where(labels > 0, scores, 1 - scores)).sum(axis=1).mean())
    return float(-np.log(scores[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("sample", [of_classes, of_labels])
@pytest.mark.parametrize("classes", [1, 2, 4])
@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_has_the_least_loss_of_all(sample: Any, classes: int, temperature: float) -> None:
    if sample is of_classes and classes == 1:
        classes = 7
    head, logits, labels = sample(3000, classes, temperature)
    found = fit(head, logits, labels)
    assert found == pytest.approx(temperature, rel=0.12)
    losses = {
        each: plain_losses(head, logits, labels, each) for each in (found, *np.geomspace(found / 2, found * 2, 60))
    }
    assert min(losses.values()) >= losses[found] - 1e-5
    assert head.log_losses(logits / found, labels).mean() == pytest.approx(losses[found])


def plain_error(head: Head, logits: Any, labels: Any) -> float:
    """A loop over bins of equally many calls."""
    scores = head.probabilities(logits)
    if scores.shape == labels.shape:
        calls = [(max(p, 1 - p), (p > 0.5) == bool(y)) for p, y in zip(scores.ravel(), labels.ravel(), strict=True)]
    else:
        calls = [(row.max(), row.argmax() == label) for row, label in zip(scores, labels, strict=True)]
    calls.sort(key=lambda call: call[0])
    many = min(max(len(calls) // 20, 1), 15)
    place = [number * many // len(calls) for number in range(len(calls))]
    total = 0.0
    for each in range(many):
        inside = [call for call, where in zip(calls, place, strict=True) if where == each]
        sure, right = np.mean(inside, axis=0)
        total += len(inside) * abs(sure - right)
    return total / len(calls)


@pytest.mark.parametrize("sample", [of_classes, of_labels])
@pytest.mark.parametrize("rows", [1, 30, 517])
def test_the_error_is_that_of_a_plain_loop(sample: Any, rows: int) -> None:
    head, logits, labels = sample(rows, 3, 2.0)
    found = calibrate(head, logits, labels)
    value, low, high = found.ece["before"]
    assert value == pytest.approx(plain_error(head, logits, labels), abs=1e-12)
    assert 0 <= low <= value <= high <= 1
    for bins in found.bins.values():
        assert sum(calls for *_unused, calls in bins) == (rows if sample is of_classes else 3 * rows)
        gap = sum(calls * abs(sure - true) for sure, true, calls in bins) / sum(calls for *_unused, calls in bins)
        assert gap == pytest.approx(found.ece["before" if bins is found.bins["before"] else "after"][0])


@pytest.mark.parametrize("sample", [of_classes, of_labels])
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_rows_that_did_not_fit_it_say_that_it_is_better(sample: Any, temperature: float) -> None:
    head, logits, labels = sample(600, 2, temperature)
    found = calibrate(head, logits, labels)
    assert found.temperature == pytest.approx(temperature, rel=0.25) == fit(head, logits, labels)
    assert found.ece["change"][2] < 0
    assert found.ece["after"][0] < found.ece["before"][0]
    assert f"{found.temperature:g}" in str(found)
    np.testing.assert_array_equal(head.decide(logits / found.temperature), head.decide(logits))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [60, 400])
def test_what_is_calibrated_is_never_made_worse(rows: int, seed: int) -> None:
    found = calibrate(*of_classes(rows, 2, 1.0, seed))
    assert found.ece["change"][1] <= 0
    assert found.log_loss["after"] <= found.log_loss["before"]
    assert found.temperature == 1 or found.temperature == pytest.approx(1, abs=0.6)
    if found.why:
        assert found.temperature == 1
        assert found.ece["before"] == found.ece["after"]
        assert found.why in str(found)


def test_too_little_to_learn_from_changes_nothing() -> None:
    head, logits, labels = of_classes(400, 2, 3.0)
    right = logits.argmax(axis=1)
    few = calibrate(head, logits[:49], labels[:49])
    flawless = calibrate(head, logits, right)
    broken = calibrate(head, np.where(logits > 2, np.nan, logits), labels)
    assert [each.temperature for each in (few, flawless, broken)] == [1, 1, 1]
    assert [each.rows_fitted for each in (few, flawless, broken)] == [0, 0, 0]
    assert "49 validation rows" in few.why
    assert "0 errors" in flawless.why
    assert "finite" in broken.why
    assert calibrate(head, logits, labels).temperature > 2


def test_of_large_tables_some_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MOST_CELLS", 1000)
    found = calibrate(*of_classes(3000, 2, 2.0))
    assert found.rows_fitted == found.rows_measured == 500
    assert found.temperature == pytest.approx(2, rel=0.3)


def test_a_temperature_that_cannot_be_used_says_what_is_there() -> None:
    found = calibrate(*of_classes(400, 2, 2.0))
    left = left_out(found, "because")
    assert left.temperature == 1
    assert left.ece["after"] == left.ece["before"] == found.ece["before"]
    assert left.log_loss["after"] == found.log_loss["before"] > found.log_loss["after"]
    assert left.bins["after"] == found.bins["before"]
    assert left.why == "because"


@pytest.mark.parametrize("temperature", [1.0, 1.3, 2.0])
def test_intervals_cover_the_truth(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The truth is how far probabilities are off in very many rows, and 0 where labels were drawn from them."""
    monkeypatch.setattr(calibration, "DRAWS", 200)
    head, logits, labels = of_classes(200_000, 2, temperature, seed=99)
    whole = calibration._Binned.of(*head.calls(logits, labels))
    truth = np.abs(whole.gaps.sum(axis=0)).sum() / len(labels) if temperature != 1 else 0.0
    samples = [slice(start, start + 300) for start in range(0, 40 * 300, 300)]
    found = [calibration._measured(head, logits[each], logits[each], labels[each], 1.0) for each in samples]
    covered = sum(low - 0.003 <= truth <= high + 0.003 for _value, low, high in (each.ece["before"] for each in found))
    assert covered >= 36
