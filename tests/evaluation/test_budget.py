"""What is promised is kept: simulations with known risks, and bounds against scipy's and plain sums."""

import dataclasses
import json
import re
from math import comb

import numpy as np
import pytest
from scipy import stats

from warmstart.errors import UserError
from warmstart.evaluation import budget
from warmstart.evaluation.budget import HeldOut, choose, is_shown, least_rows, promised, usual


def drawn(rows: int, risks: str, generator: np.random.Generator, risk: float = 0.05) -> tuple[HeldOut, np.ndarray]:
    """Held-out rows, and the risk of each. Confidence says nothing of it (`flat`), or something."""
    confidence = generator.random(rows)
    risk_of = {
        "flat": np.full(rows, 1.15 * risk),
        "falling": 2.5 * risk * (1 - confidence),
        "steps": np.where(confidence > 0.6, 0.1 * risk, 8 * risk),
    }[risks]
    return HeldOut(confidence, generator.random(rows) >= risk_of), risk_of


def true_risk(risks: str, threshold: float, risk: float) -> float:
    """That of rows with a confidence above the threshold."""
    above = np.linspace(max(threshold, 0), 1, 20_001)[1:]
    if risks == "flat":
        return 1.15 * risk
    return float(
        (2.5 * risk * (1 - above) if risks == "falling" else np.where(above > 0.6, 0.1 * risk, 8 * risk)).mean()
    )


@pytest.mark.parametrize("max_error", [0.03, 0.1])
@pytest.mark.parametrize("risks", ["flat", "falling", "steps"])
def test_the_risk_is_above_what_was_promised_in_few_samples(risks: str, max_error: float) -> None:
    generator = np.random.default_rng(7)
    samples, exceeded, answered = 300, 0, 0
    for _unused in range(samples):
        found = choose(drawn(1000, risks, generator, max_error)[0], max_error)
        answered += found.answered > 0
        exceeded += found.answered > 0 and true_risk(risks, found.threshold, max_error) > max_error
    assert exceeded <= stats.binom.ppf(0.999, samples, 0.05)
    assert answered > 0.3 * samples or risks == "flat"
    assert risks == "flat" or exceeded <= 0.05 * samples


@pytest.mark.parametrize(("risks", "confidence"), [("falling", 0.95), ("steps", 0.95), ("falling", 0.8)])
def test_whoever_looks_at_as_many_rows_again_finds_it_kept(risks: str, confidence: float) -> None:
    generator = np.random.default_rng(8)
    samples, exceeded = 300, 0
    for _unused in range(samples):
        found = choose(drawn(500, risks, generator)[0], 0.05, confidence)
        second, _risk = drawn(500, risks, generator)
        answers = found.answers(second.confidence)
        exceeded += answers.any() and (~second.right[answers]).mean() > 0.05
    assert exceeded <= samples * (1 - confidence)


@pytest.mark.parametrize("max_error", [0.02, 0.1, 0.35])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_a_test_passes_where_plain_sums_say_so(max_error: float, confidence: float) -> None:
    for answered in (1, 7, 40, 150):
        allowed = int(max_error * answered + 1e-9)
        for wrong in range(min(answered, 12)):
            binomial = sum(
                comb(answered, k) * max_error**k * (1 - max_error) ** (answered - k) for k in range(wrong + 1)
            )
            both = min(wrong + allowed + 1, 2 * answered)
            second = sum(comb(both, k) * comb(2 * answered - both, answered - k) for k in range(wrong + 1))
            wanted = max(binomial, second / comb(2 * answered, answered)) <= 1 - confidence
            assert is_shown(wrong, answered, max_error, confidence) == wanted


@pytest.mark.parametrize("max_error", [0.01, 0.02, 0.05, 0.07, 0.1, 0.3])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_the_least_rows_are_the_least(max_error: float, confidence: float) -> None:
    least = least_rows(max_error, confidence)
    assert is_shown(0, least, max_error, confidence)
    assert not any(is_shown(0, rows, max_error, confidence) for rows in range(max(least - 60, 1), least))


def test_the_bounds_are_those_of_clopper_and_pearson() -> None:
    found = choose(drawn(700, "falling", np.random.default_rng(3))[0], 0.05)
    share, low, high = found.coverage
    assert 0 < found.answered < found.rows
    assert share == found.answered / found.rows
    assert low == pytest.approx(stats.beta.ppf(0.025, found.answered, found.rows - found.answered + 1))
    assert high == pytest.approx(stats.beta.ppf(0.975, found.answered + 1, found.rows - found.answered))
    error, most = found.error
    assert error == found.wrong / found.answered
    assert most == pytest.approx(stats.beta.ppf(0.95, found.wrong + 1, found.answered - found.wrong))
    assert error <= most <= 0.05


def test_what_is_counted_is_what_is_answered() -> None:
    held_out, _risk = drawn(700, "falling", np.random.default_rng(3))
    found = choose(held_out, 0.05)
    answers = found.answers(held_out.confidence)
    assert (answers.sum(), (~held_out.right[answers]).sum()) == (found.answered, found.wrong)


@pytest.mark.parametrize("confidence", [np.full(300, 0.9), np.repeat([1.0, 0.6], 150)])
def test_rows_that_are_equally_sure_are_answered_together(confidence: np.ndarray) -> None:
    right = np.ones(300, bool)
    assert choose(HeldOut(confidence, right), 0.05).answered == 300
    right[150:] = np.arange(150) % 3 > 0
    wanted = 150 if len({*confidence}) == 2 else 0
    found = choose(HeldOut(confidence, right), 0.05)
    assert found.answered == wanted
    assert found.answers(confidence).sum() == wanted


def test_all_rows_are_answered_whatever_the_model_says_where_all_may_be() -> None:
    found = choose(HeldOut(np.linspace(0.5, 1, 200), np.ones(200, bool)), 0.05)
    assert found.answers(np.array([0.0, 0.1, 1.0])).all()
    assert found.to_dict()["threshold"] == 0


@pytest.mark.parametrize("max_error", [0.01, 0.05])
def test_too_few_rows_are_refused_with_how_many_it_takes(max_error: float) -> None:
    rows = least_rows(max_error, 0.95) - 1
    with pytest.raises(UserError, match="too few to promise") as refused:
        promised(HeldOut(np.linspace(0.5, 1, rows), np.ones(rows, bool)), max_error, 0.95)
    needed = int(re.search(r"at least ([\d,]+) validation rows", refused.value.fix)[1].replace(",", ""))  # type: ignore[index]
    assert needed == rows + 1
    assert promised(HeldOut(np.linspace(0.5, 1, needed), np.ones(needed, bool)), max_error, 0.95).answered == needed
    instead = re.search(r"--max-error ([\d.]+)%", refused.value.fix)
    assert instead is not None
    assert promised(HeldOut(np.linspace(0.5, 1, rows), np.ones(rows, bool)), float(instead[1]) / 100, 0.95).answered


def test_a_model_that_is_not_good_enough_is_refused_with_what_it_could_promise() -> None:
    held_out = HeldOut(np.linspace(0.5, 1, 500), np.arange(500) % 10 > 0)
    with pytest.raises(
        UserError, match="of the 100 held-out rows that the model is surest of, 10 are wrong"
    ) as refused:
        promised(held_out, 0.05, 0.95)
    instead = re.search(r"--max-error ([\d.]+)%", refused.value.fix)
    assert instead is not None
    assert promised(held_out, float(instead[1]) / 100, 0.95).answered
    with pytest.raises(UserError) as hopeless:
        promised(HeldOut(held_out.confidence, np.arange(500) % 2 > 0), 0.05, 0.95)
    assert "--max-error" not in hopeless.value.fix


def test_facts_are_json_and_come_back() -> None:
    held_out = dataclasses.replace(drawn(300, "steps", np.random.default_rng(5))[0], chosen=True)
    again = HeldOut.from_dict(json.loads(json.dumps(held_out.to_dict())))
    assert choose(again, 0.05) == choose(held_out, 0.05)
    facts = json.loads(json.dumps(usual(held_out)))
    assert [each["max_error"] for each in facts["budgets"]] == list(budget.USUAL)
    assert facts["chosen"]
    assert all(each["chosen"] for each in facts["budgets"])
    for broken in ({}, {"confidence": [1, 2], "right": [1], "chosen": False}, {"confidence": 1, "right": 1}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            HeldOut.from_dict(broken)
