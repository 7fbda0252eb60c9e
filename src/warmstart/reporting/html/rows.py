"""Sections about classes and single rows: per class, confusion, reliability, thresholds, length, mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any

from warmstart.evaluation.classes import FAILING_RULE, ClassScore
from warmstart.messages import _
from warmstart.reporting.html import charts as draw
from warmstart.reporting.html.charts import Charts
from warmstart.reporting.html.elements import (
    MOST_ROWS,
    Markup,
    between,
    count,
    decimal,
    element,
    figure,
    joined,
    paragraph,
    rule,
    share,
    table,
)

MOST_DRAWN = 30  # classes in a chart


def classes(saved: Sequence[Mapping[str, Any]], charts: Charts) -> Markup:
    """Precision, recall and F1 of each class, the worst first; in the chart the recall of the worst."""
    scores = sorted(map(ClassScore.from_dict, saved), key=lambda score: (not score.rows, score.f1))
    if not scores:
        return Markup("")
    headings = [
        _("class"),
        _("recall"),
        _("precision"),
        "F1",
        _("rows"),
        _("said"),
        _("right"),
        _("training rows"),
        _("fails"),
    ]
    listed = [
        [
            score.name,
            between(score.recall, per_cent=True),
            between(score.precision, per_cent=True),
            decimal(score.f1),
            *(count(number) for number in (score.rows, score.predicted, score.right, score.learnt_from)),
            {"recall": _("recall"), "precision": _("precision")}.get(score.fails or "", ""),
        ]
        for score in scores[:MOST_ROWS]
    ]
    title = _("Recall of each class with its 95 % interval")
    drawn = [(score.name, *score.recall) for score in scores if score.rows][:MOST_DRAWN]
    if len(scores) > MOST_DRAWN:
        title = _("Recall of the {shown} classes with the lowest F1").format(shown=len(drawn))
    chart = charts.add(title, draw.intervals, drawn, _("recall")) if drawn else Markup("")
    return joined(
        [
            element("figure", element("figcaption", title), chart) if chart else "",
            table(headings, listed, caption=_("Classes"), total=len(scores)),
            paragraph(_("In brackets: 95 % Wilson interval."), "rule"),
            rule(_(FAILING_RULE)),
        ]
    )


def confusion(details: Mapping[str, Any], charts: Charts) -> Markup:
    """The matrix where it can be seen at a glance, and the pairs that are confused most."""
    confused, matrix = details.get("confused") or (), details.get("matrix")
    names = [each["name"] for each in details.get("classes", ())]
    parts = []
    pairs = table(
        [_("given"), _("said by the model"), _("rows")],
        [[given, said, count(rows)] for given, said, rows in confused],
        caption=_("Pairs of classes that are confused"),
        total=details.get("confusions"),
    )
    if matrix:
        title = _("Rows of each class (on the left), by what the model said (at the top)")
        whole = table(
            [_("given"), *names],
            [[name, *map(count, row)] for name, row in zip(names, matrix, strict=True)],
            caption=title,
        )
        parts.append(figure(charts.add(title, draw.matrix, names, matrix), title, whole))
    elif confused:
        parts.append(
            paragraph(
                _(
                    "There are too many classes for a matrix, or rows have several labels: a row counts where it "
                    "lacks one label and has another instead."
                ),
                "rule",
            )
        )
    if confused:
        parts += [element("h3", _("Confused most often")), pairs]
    return joined(parts)


def scatter(points: Sequence[tuple[float, float]] | None, charts: Charts) -> Markup:
    """Given and predicted numbers, and how far off by what was given."""
    if not points:
        return Markup("")
    ends = min(given for given, _said in points), max(given for given, _said in points)
    off = [(given, said - given) for given, said in points]
    figures = []
    for title, shown, y, line in (
        (_("Predicted by given"), points, _("predicted"), (ends[0], ends[0], ends[1], ends[1])),
        (_("How far off by given"), off, _("predicted less given"), (ends[0], 0.0, ends[1], 0.0)),
    ):
        listed = table(
            [_("given"), y],
            [[decimal(x), decimal(value)] for x, value in shown[:MOST_ROWS]],
            caption=title,
            total=len(shown),
        )
        figures.append(figure(charts.add(title, draw.against, shown, _("given"), y, line), title, listed))
    return joined([element("div", *figures, class_="charts"), rule(_("On the dashed line all would be right."))])


def reliability(saved: Mapping[str, Any] | None, charts: Charts) -> Markup:
    """Confidence beside the share that is right, before and after calibration, and the expected calibration error."""
    if not saved or not any(saved.get("bins", {}).values()):
        return paragraph(saved["why"]) if saved and saved.get("why") else Markup("")
    said = {"before": _("before calibration"), "after": _("after calibration"), "change": _("change")}
    bins = [(said.get(when, when), rows) for when, rows in saved["bins"].items()]
    title = _("How often answers of a confidence are right")
    series = [(name, [(confidence, right) for confidence, right, _rows in rows]) for name, rows in bins]
    listed = [
        [name, share(confidence), share(right), count(rows)] for name, each in bins for confidence, right, rows in each
    ]
    errors = [[said.get(when, when), between(error)] for when, error in saved.get("ece", {}).items()]
    of_bins = table([_("when"), _("confidence"), _("share that is right"), _("rows")], listed, caption=title)
    ece = _("expected calibration error")
    sides = [figure(charts.add(title, draw.reliability, series), title, of_bins)]
    sides += [figure(Markup(""), ece, table([_("when"), ece], errors, caption=ece))] if errors else []
    return joined(
        [
            paragraph(saved["why"]) if saved.get("why") else "",
            element("div", *sides, class_="charts"),
            paragraph(
                _(
                    "On the dashed line a probability of 80 % is right in 80 of 100 rows. Temperature "
                    "{temperature:.3f}, fitted on {fitted:,} rows and measured on {measured:,} others."
                ).format(
                    temperature=saved.get("temperature") or 1.0,
                    fitted=saved.get("rows_fitted") or 0,
                    measured=saved.get("rows_measured") or 0,
                ),
                "rule",
            ),
        ]
    )


def thresholds(saved: Mapping[str, Any] | None) -> Markup:
    """The threshold of each label, and what choosing them gained."""
    if not saved or not saved.get("labels"):
        return Markup("")
    listed = [[name, decimal(value)] for name, value in saved["labels"].items()]
    gained = _("Chosen for {metric}: from {before} to {after}; gain {gain}, on rows that did not choose them.").format(
        metric=saved.get("metric", ""),
        before=decimal(saved.get("before")).text,
        after=decimal(saved.get("after")).text,
        gain=between(saved.get("gain")).text,
    )
    return joined([paragraph(gained), table([_("label"), _("threshold")], listed, caption=_("Thresholds"))])


def lengths(details: Mapping[str, Any], charts: Charts) -> Markup:
    """Whether long rows are wrong more often."""
    saved = details.get("lengths") or ()
    if not saved:
        return Markup("")
    per_cent = bool(details.get("classes"))
    y = _("share that is wrong") if per_cent else _("mean distance")
    named = [
        (f"{each['least']}–{each['most']}" if each["least"] < each["most"] else str(each["least"]), each)
        for each in saved
    ]
    title = _("Error by the length of rows in tokens")
    listed = [[name, count(each["rows"]), between(each["error"], per_cent=per_cent)] for name, each in named]
    drawn = [(name, *each["error"]) for name, each in named if None not in each["error"]]
    chart = charts.add(title, draw.bins, drawn, _("tokens"), y, per_cent=per_cent) if drawn else Markup("")
    return joined(
        [
            figure(chart, title, table([_("tokens"), _("rows"), y], listed, caption=title)),
            rule(_("Bins of about as many rows each, with 95 % intervals. Where these overlap, nothing is shown.")),
        ]
    )


def mistakes(details: Mapping[str, Any]) -> Markup:
    """The rows that are wrong, the surest first."""
    saved = details.get("mistakes") or ()
    if not saved:
        return paragraph(_("No validation row is wrong.")) if details else Markup("")
    by_class = bool(details.get("classes"))
    two = any(each["pair"] is not None for each in saved)
    sure = _("confidence") if by_class else _("distance")
    headings = [sure, _("given"), _("said by the model"), _("text"), *([_("second text")] if two else []), _("row")]
    listed = [
        [
            decimal(each["certainty"]),
            each["given"],
            each["said"],
            each["text"],
            *([each["pair"] or ""] if two else []),
            count(each["row"]),
        ]
        for each in saved
    ]
    told = _("The rows that are farthest off come first.")
    if by_class:
        told = _(
            "{wrong:,} of {rows:,} validation rows are wrong. The surest come first: look at their labels, they may be "
            "wrong themselves."
        ).format(wrong=details["wrong"], rows=details["rows"])
    return joined(
        [
            paragraph(told),
            table(headings, listed, caption=_("Mistakes"), total=details["wrong"]),
            rule(_("Rows are counted from 0 among the validation rows, as in predictions.csv.")),
        ]
    )
