"""The report of a run: its facts, section by section, from the files in its folder."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from warmstart.evaluation.curves import RULE as CURVE_RULE
from warmstart.evaluation.curves import Curves
from warmstart.evaluation.verdict import Verdict
from warmstart.messages import _, ngettext
from warmstart.reporting.html import charts as draw
from warmstart.reporting.html import rows as of_rows
from warmstart.reporting.html.charts import Charts
from warmstart.reporting.html.elements import (
    Markup,
    between,
    code,
    decimal,
    element,
    figure,
    items,
    joined,
    pairs,
    paragraph,
    rule,
    section,
    table,
)
from warmstart.reporting.html.findings import found
from warmstart.reporting.html.page import page
from warmstart.reporting.html.plain import plainly


@dataclasses.dataclass(frozen=True)
class RunFacts:
    """What a run says. `run`, `checkpoint`, `table`: their names; `metrics`: its metrics.json; `chosen`: whether
    the checkpoint was chosen on the rows it is measured on; `details`: `Details.to_dict()`; `data`: what the rows are,
    name and value; `notes`: what was said before training; `findings`: of the table, as `Profile.to_dict` has them;
    `suspects`: headings and rows of review.csv; `commands`, `python`: how to use the model."""

    run: str
    checkpoint: str
    table: str
    metrics: Mapping[str, Any]
    curves: Curves
    chosen: bool = False
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    data: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    suspects: tuple[Sequence[str], Sequence[Sequence[str]]] = ((), ())
    commands: str = ""
    python: str = ""


def run_page(facts: RunFacts) -> str:
    """The whole page, in the user's language."""
    charts = Charts()
    title = _("{table}: what {run} has learnt").format(table=facts.table, run=facts.run)
    subtitle = ngettext(
        "{checkpoint}, fine-tuned; measured on {rows:,} validation row that it has not learnt from",
        "{checkpoint}, fine-tuned; measured on {rows:,} validation rows that it has not learnt from",
        facts.metrics["rows"],
    ).format(checkpoint=facts.checkpoint, rows=facts.metrics["rows"])
    return page(title, subtitle, list(_sections(facts, charts)), charts.specs)


def _sections(facts: RunFacts, charts: Charts) -> Iterator[tuple[str, str, Markup]]:
    details, metrics = facts.details, facts.metrics
    yield "verdict", _("Verdict"), _verdict(metrics.get("verdict"))
    for name, title, body in (
        ("scores", _("Scores"), _scores(metrics, facts.chosen, charts)),
        ("curves", _("Learning curves"), _curves(facts.curves, charts)),
        ("classes", _("Classes"), of_rows.classes(details.get("classes", ()), charts)),
        ("confusion", _("What is taken for what"), of_rows.confusion(details, charts)),
        ("scatter", _("Given and predicted"), of_rows.scatter(details.get("points"), charts)),
        ("reliability", _("Are the probabilities right?"), of_rows.reliability(metrics.get("calibration"), charts)),
        ("thresholds", _("Thresholds"), of_rows.thresholds(metrics.get("thresholds"))),
        ("budget", _("Error budget"), plainly(metrics.get("error_budget"))),
        ("length", _("Length and error"), of_rows.lengths(details, charts)),
        ("mistakes", _("Mistakes"), of_rows.mistakes(details)),
        ("suspects", _("Rows to look at"), _suspects(*facts.suspects)),
        ("findings", _("What is wrong with the table"), found(facts.findings)),
        ("data", _("What was done to the data"), _data(facts)),
        ("use", _("How to use the model"), _use(facts)),
    ):
        yield name, title, section(name, title, body)


def _verdict(saved: Mapping[str, Any] | None) -> Markup:
    if saved is None:
        return Markup("")
    verdict = Verdict.from_dict(saved)
    first, *others = verdict.sentences()
    reasons = [each.because() for each in verdict.advice]
    advised = (
        [
            joined([sentence, element("div", why, class_="rule")])
            for sentence, why in zip(others[-len(reasons) :], reasons, strict=True)
        ]
        if reasons
        else []
    )
    failing = others[: len(others) - len(reasons)]
    return element(
        "section",
        element("h2", _("Verdict"), id="verdict-title"),
        element("p", element("strong", first), class_="first"),
        rule(verdict.rule()),
        *(joined([paragraph(line), rule(verdict.failing_rule())]) for line in failing),
        element("h3", _("What would most likely help")) if advised else "",
        items(advised) if advised else "",
        id="verdict",
        aria_labelledby="verdict-title",
        class_=f"verdict verdict-{verdict.outcome}",
    )


def _scores(metrics: Mapping[str, Any], chosen: bool, charts: Charts) -> Markup:
    headline, scores, intervals = metrics["headline"], metrics["scores"], metrics["intervals"]

    def of(who: str, name: str) -> tuple[Any, Any, Any]:
        return (scores[who][name], *intervals[who][name])

    own = next(iter(scores))
    tiles = [
        element(
            "div",
            element("div", name, class_="name"),
            element("div", decimal(scores[own][name]).text, class_="value"),
            element(
                "div",
                _("95 %: {low} to {high}").format(
                    low=decimal(of(own, name)[1]).text, high=decimal(of(own, name)[2]).text
                ),
                class_="range",
            ),
            class_="tile",
        )
        for name in headline
    ]
    drawn = []
    for name in headline:
        rows = [(who, *of(who, name)) for who in scores if None not in of(who, name)]
        title = _("{metric} with its 95 % interval").format(metric=name)
        listed = table([_("who"), name], [[who, between(of(who, name))] for who in scores], caption=title)
        drawn.append(
            figure(charts.add(title, draw.intervals, rows, name, above=True) if rows else Markup(""), title, listed)
        )
    every = list(next(iter(scores.values())))
    all_scores = table(
        [_("who"), *every],
        [[who, *(decimal(scores[who][name]) for name in every)] for who in scores],
        caption=_("All scores"),
    )
    absent = metrics.get("classes_without_rows") or ()
    return joined(
        [
            element("div", *tiles, class_="tiles"),
            element("div", *drawn, class_="charts"),
            element("details", element("summary", _("All scores")), all_scores),
            paragraph(_("The checkpoint was chosen on these rows, so that its scores are somewhat flattering."), "note")
            if chosen
            else "",
            paragraph(
                _(
                    "In brackets: 95 % bootstrap interval, of the choice of these rows. Baselines learnt from the "
                    "same training rows."
                ),
                "rule",
            ),
            paragraph(
                _("Classes without a row here, which are not measured: {names}").format(names=", ".join(absent)), "rule"
            )
            if absent
            else "",
        ]
    )


def _curves(curves: Curves, charts: Charts) -> Markup:
    series = [
        (name, points)
        for name, points in ((_("training"), curves.training), (_("validation"), curves.validation))
        if points
    ]
    if not series:
        return Markup("")
    title = _("Loss by epoch")
    epochs = [
        [_("training") if which == 0 else _("validation"), decimal(at, 2), decimal(value, 4)]
        for which, points in enumerate((curves.training, curves.validation))
        for at, value in points
    ]
    figures = [
        figure(
            charts.add(title, draw.lines, series, _("epoch"), _("loss")),
            title,
            table([_("rows"), _("epoch"), _("loss")], epochs, caption=title),
        )
    ]
    if any(len(points) > 1 for points in curves.metrics.values()):
        title = _("Scores on the validation rows by epoch")
        listed = [
            [name, decimal(at, 2), decimal(value)] for name, points in curves.metrics.items() for at, value in points
        ]
        figures.append(
            figure(
                charts.add(title, draw.lines, list(curves.metrics.items()), _("epoch"), _("score")),
                title,
                table([_("metric"), _("epoch"), _("score")], listed, caption=title),
            )
        )
    return joined([paragraph(curves.reading()), rule(_(CURVE_RULE)), element("div", *figures, class_="charts")])


def _suspects(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    if not rows:
        return Markup("")
    return joined(
        [
            paragraph(_("From review.csv: rows that are most worth a person's look.")),
            table(headings, rows, caption=_("Rows to look at")),
        ]
    )


def _data(facts: RunFacts) -> Markup:
    said = items(facts.notes, "said") if facts.notes else ""
    return (
        joined([pairs(facts.data), element("h3", _("What the run said")) if said else "", said])
        if facts.data or said
        else Markup("")
    )


def _use(facts: RunFacts) -> Markup:
    parts = [paragraph(_("On the command line:")), code(facts.commands)] if facts.commands else []
    parts += [paragraph(_("In Python, without warmstart:")), code(facts.python)] if facts.python else []
    return joined(parts)
