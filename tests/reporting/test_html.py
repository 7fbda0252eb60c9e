"""A report as a file: nothing from outside, nothing of the table that runs, tables where there are no charts."""

import dataclasses
import html.parser
import json
import re
from typing import Any

import altair
import pytest

from tests.reporting.facts import NASTY, run_facts
from warmstart.evaluation.verdict import Verdict
from warmstart.messages import in_language
from warmstart.reporting.html import bundle
from warmstart.reporting.html.elements import MOST_ROWS, Markup, Number, element, table, text
from warmstart.reporting.html.inspect import inspect_page
from warmstart.reporting.html.page import as_json
from warmstart.reporting.html.run import run_page

pytestmark = pytest.mark.usefixtures("with_charts")
ATTRIBUTES_THAT_FETCH = {"src", "srcset", "data", "action", "poster", "background"}


class Reader(html.parser.HTMLParser):
    """Elements with their attributes, and the text of the page without scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.scripts: list[str] = []
        self._in: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._in.pop()

    def handle_data(self, data: str) -> None:
        (self.scripts if self._in else self.said).append(data)


@pytest.fixture(scope="module", params=["classes", "labels", "number"])
def page(request: pytest.FixtureRequest) -> str:
    return run_page(run_facts(request.param))


def test_nothing_is_fetched_and_nothing_of_the_table_is_an_element(page: str) -> None:
    found = Reader(page).elements
    assert not [each for each in found if each[0] in ("img", "link", "iframe", "object", "embed", "base")]
    for tag, attributes in found:
        assert not ATTRIBUTES_THAT_FETCH & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in page.split("</style>")[0]
    assert "@import" not in page.split("</style>")[0]


def test_texts_are_shown_as_they_are(page: str) -> None:
    said = "".join(Reader(page).said)
    assert said.count(NASTY) > 20
    assert "条" in said


def test_each_script_is_one_that_the_page_allows(page: str) -> None:
    scripts = re.findall(r"<script[^>]*>", page)
    assert scripts == [
        '<script type="application/json" id="words">',
        '<script type="application/json" id="charts">',
        *["<script>"] * 2,
    ]
    policy = next(each[1]["content"] for each in Reader(page).elements if each[1].get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy


def test_the_charts_are_inlined_once_and_hold_no_address(page: str) -> None:
    specs = json.loads(re.search(r'id="charts">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert len(specs) >= 4
    assert "$schema" not in json.dumps(specs)
    assert "http" not in json.dumps(specs)
    assert page.count(bundle.script()) == 1
    assert page.count('class="chart"') == len(specs)
    for spec in specs:  # what is not looked at when it is made
        altair.Chart.from_dict(spec).to_dict(validate=True)


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
def test_without_the_extra_there_are_tables(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = run_facts(kind)
    whole = Reader(run_page(facts))
    monkeypatch.setattr(bundle, "installed", lambda: False)
    page = run_page(facts)
    plain = Reader(page)
    assert 'class="chart"' not in page
    assert len(page) < 400_000
    assert "pip install 'warmstart[report]'" in "".join(plain.said)
    tables = [sum(tag == "table" for tag, _attributes in found.elements) for found in (whole, plain)]
    assert tables[0] == tables[1] > 3
    assert not [tag for tag, _attributes in plain.elements if tag == "summary"][1:]  # but all scores


def test_scores_of_rows_that_chose_the_checkpoint_are_called_flattering() -> None:
    facts = run_facts()
    assert "flattering" not in run_page(facts)
    assert "flattering" in run_page(dataclasses.replace(facts, chosen=True))


@pytest.mark.parametrize("name", ["en", "zh"])
def test_it_is_in_the_language_of_the_user(name: str) -> None:
    facts = run_facts()
    with in_language(name):
        page = run_page(facts)
        first = Verdict.from_dict(facts.metrics["verdict"]).first_line()
    assert f'<html lang="{"en" if name == "en" else "zh-CN"}">' in page
    assert first in "".join(Reader(page).said)
    assert ("Learning curves" in page) == (name == "en")


def test_thousands_of_classes_stay_a_page() -> None:
    names = tuple(f"类 {number}" for number in range(3_000))
    facts = run_facts(names=names, rows=400)
    page = run_page(facts)
    assert facts.details["matrix"] is None
    assert len(page) < 3_000_000
    assert page.count("<tr>") < 6_000
    assert f"The first {MOST_ROWS:,} of 3,000 rows are shown." in page


def test_only_markup_is_markup() -> None:
    assert text("<b>") == "&lt;b&gt;"
    assert text(Markup("<b>")) == "<b>"
    assert element("a", "<", title='"') == '<a title="&quot;">&lt;</a>'
    assert "\\x1b" in text("\x1b[31m")
    assert "</script" not in as_json(["</script>", "<!--", "\u2028"])
    assert json.loads(as_json(["</script>", "\u2028", "&"])) == ["</script>", "\u2028", "&"]
    cells = table(["<i>"], [[Number(float("0.5"), "<0.5>")], [Number(None, "–")]], caption="<u>")
    assert "<i>" not in cells
    assert "<u>" not in cells
    assert 'data-v="0.5"' in cells
    assert 'data-v=""' in cells


INSPECTED: dict[str, Any] = {
    "splits": {"train": 9},
    "columns": {NASTY: {"type": "string", "examples": [NASTY], "missing": 2}},
    "task": {"kind": "classes", "text": NASTY, "pair": None, "label": "标签", "reasons": ["why"]},
    "labels": {"train": {"好": 5, NASTY: 4}, "test": None},
    "findings": [{"stops_training": True, "problem": "twice", "where": "row 1", "fix": "drop one"}],
    "notes": ["held out"],
    "tokens": None,
    "shortcuts": {"token": "好", "share": 0.91},
}


def test_what_inspect_finds_is_a_page_too_with_facts_that_are_new_to_it() -> None:
    page = inspect_page("评论.csv", INSPECTED)
    said = "".join(Reader(page).said)
    for each in (NASTY, "twice", "row 1", "drop one", "stops training", "held out", "missing", "0.91", "shortcuts"):
        assert each in said
    assert not [tag for tag, _attributes in Reader(page).elements if tag == "img"]
