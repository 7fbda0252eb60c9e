"""The report as a person sees it: in Chromium without a network, in both languages and schemes, narrow and wide."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.reporting import browser
from tests.reporting.facts import NAMES, NASTY, run_facts
from tests.reporting.test_html import INSPECTED
from warmstart.messages import in_language
from warmstart.reporting.html.inspect import inspect_page
from warmstart.reporting.html.run import RunFacts, run_page

pytestmark = pytest.mark.usefixtures("with_charts")
WIDE, PHONE = 1400, 390


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    with browser.browser() as found:
        yield found


@pytest.fixture(scope="module")
def facts() -> RunFacts:
    return run_facts()


@pytest.fixture(scope="module")
def folder(facts: RunFacts, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Pages by language and kind."""
    made = tmp_path_factory.mktemp("pages")
    for name in ("en", "zh"):
        with in_language(name):
            (made / f"{name}-classes.html").write_text(run_page(facts), encoding="utf-8")
            (made / f"{name}-inspect.html").write_text(inspect_page("评论.csv", INSPECTED), encoding="utf-8")
    for kind in ("labels", "number"):
        (made / f"en-{kind}.html").write_text(run_page(run_facts(kind)), encoding="utf-8")
    return made


def opened(chromium: browser.Browser, page: pathlib.Path, width: int = WIDE, dark: bool = False) -> browser.Browser:
    chromium.log()
    chromium.look(width, dark=dark)
    chromium.open(page)
    return chromium


def texts_of_charts(chromium: browser.Browser) -> list[str]:
    found: list[str] = chromium.run(
        """return [...document.querySelectorAll('.chart')].map(
            (chart) => [...chart.querySelectorAll('svg text')].map((text) => text.textContent).join('|'));"""
    )
    return found


CASES = [
    (page, width, dark) for page in ("en-classes", "zh-classes") for width in (WIDE, PHONE) for dark in (False, True)
]
CASES += [
    (page, width, dark)
    for page in ("zh-inspect", "en-labels", "en-number")
    for width, dark in ((WIDE, False), (PHONE, True))
]


@pytest.mark.parametrize(("page", "width", "dark"), CASES)
def test_it_opens_without_a_word_in_the_console(
    chromium: browser.Browser, folder: pathlib.Path, page: str, width: int, dark: bool
) -> None:
    seen = opened(chromium, folder / f"{page}.html", width, dark)
    assert seen.log() == []
    charts = texts_of_charts(seen)
    assert charts
    assert all(charts)
    assert seen.run("return document.documentElement.scrollWidth") == width
    assert seen.run("return document.querySelectorAll('img, iframe').length") == 0
    ground = seen.run("return getComputedStyle(document.body).backgroundColor").strip("rgb()").split(",")
    assert (sum(map(int, ground)) < 200) == dark
    assert seen.run("return performance.getEntriesByType('resource').length") == 0


def contrasts(chromium: browser.Browser, where: str) -> list[float]:
    """Contrast, as WCAG has it, of each element that holds text with what is behind it."""
    found: list[float] = chromium.run(
        """const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const behind = (e) => { for (; e; e = e.parentElement) {
            const c = numbers(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
            return [255, 255, 255]; };
        return [...document.querySelectorAll('WHERE')].filter((e) => e.getClientRects().length
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
            const style = getComputedStyle(e), ink = numbers(e.closest('svg') ? style.fill : style.color);
            const [a, b] = [light(ink), light(behind(e.closest('svg') ? e.closest('.chart') : e))];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); });""".replace("WHERE", where)
    )
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_its_letters_can_be_read(chromium: browser.Browser, folder: pathlib.Path, dark: bool) -> None:
    seen = opened(chromium, folder / "en-classes.html", WIDE, dark)
    found = contrasts(seen, "body *")
    assert len(found) > 100
    assert min(found) >= 4.5


def test_labels_in_chinese_show_in_every_chart_that_has_labels(chromium: browser.Browser, folder: pathlib.Path) -> None:
    for page, least in (("en-classes", 2), ("en-labels", 1), ("en-inspect", 1)):
        charts = texts_of_charts(opened(chromium, folder / f"{page}.html"))
        named = [chart for chart in charts if "好" in chart]
        assert len(named) >= least, page
    classes = [chart for chart in texts_of_charts(opened(chromium, folder / "en-classes.html")) if "好评" in chart]
    assert all(all(name[:2] in chart for name in NAMES) for chart in classes)
    chinese = texts_of_charts(opened(chromium, folder / "zh-classes.html"))
    speaking = [chart for chart in chinese if any("\u4e00" <= letter <= "\u9fff" for letter in chart)]
    metrics = [chart for chart in chinese if chart not in speaking]  # whose names are those of the metrics
    assert len(speaking) >= 5
    assert all("accuracy" in chart or "macro_f1" in chart for chart in metrics)


def test_its_numbers_are_those_of_the_run(chromium: browser.Browser, folder: pathlib.Path, facts: RunFacts) -> None:
    seen = opened(chromium, folder / "en-classes.html")
    tiles = seen.run("return [...document.querySelectorAll('.tile')].map(t => t.innerText.split('\\n'))")
    own = facts.metrics["scores"]["model"]
    assert [(name, value) for name, value, _range in tiles] == [
        (name, f"{own[name]:.3f}") for name in facts.metrics["headline"]
    ]
    tables = seen.run(
        """return [...document.querySelectorAll('#scores table')].map(t => [...t.tBodies[0].rows].map(
            r => [...r.cells].map(c => c.textContent)))"""
    )
    for name, rows in zip(facts.metrics["headline"], tables, strict=False):
        for who, cell in rows:
            value, (low, high) = facts.metrics["scores"][who][name], facts.metrics["intervals"][who][name]
            assert cell == f"{value:.3f} [{low:.3f}, {high:.3f}]"
    wrong = seen.run("return document.querySelector('#mistakes p').textContent")
    assert wrong.startswith(f"{facts.details['wrong']} of {facts.metrics['rows']} ")


def test_a_table_sorts_and_filters_by_keyboard(chromium: browser.Browser, folder: pathlib.Path) -> None:
    seen = opened(chromium, folder / "en-classes.html")
    column = (
        "[...document.querySelectorAll('#mistakes tbody tr')].filter(r => !r.hidden).map(r => +r.cells[0].dataset.v)"
    )
    sort = "document.querySelector('#mistakes th').ariaSort"
    seen.run("document.querySelector('#mistakes th button').focus()")
    seen.press("Enter")
    up = seen.run(f"return {column}")
    assert up == sorted(up)
    assert seen.run(f"return {sort}") == "ascending"
    seen.press("Enter")
    assert seen.run(f"return {column}") == up[::-1]
    assert seen.run(f"return {sort}") == "descending"
    seen.press("Tab")  # to the next heading
    assert seen.run("return document.activeElement.textContent") == "given"
    seen.press("Enter")
    assert seen.run(f"return {sort}") == "none"
    seen.run("document.querySelector('#mistakes input.filter').focus()")
    seen.press(*"8 ")
    shown = seen.run("return [...document.querySelectorAll('#mistakes tbody tr')].filter(r => !r.hidden).length")
    assert 0 < shown < len(up)
    assert seen.run("return document.querySelector('#mistakes .found').textContent") == f"{shown} of {len(up)} rows"


def test_the_switch_wins_over_what_the_system_prefers(chromium: browser.Browser, folder: pathlib.Path) -> None:
    seen = opened(chromium, folder / "en-classes.html", dark=True)
    ground = "return getComputedStyle(document.body).backgroundColor"
    before = seen.run(ground)
    seen.run("document.getElementById('theme').focus()")
    seen.press("Enter")
    after = seen.run(ground)
    assert before != after
    assert seen.run("return document.getElementById('theme').ariaPressed") == "false"
    assert min(contrasts(seen, "body *")) >= 4.5
    seen.press("Enter")
    assert seen.run(ground) == before


def test_it_prints_dark_on_white_and_whole(chromium: browser.Browser, folder: pathlib.Path) -> None:
    seen = opened(chromium, folder / "en-classes.html", dark=True)
    seen.look(WIDE, dark=True, media="print")
    style = "getComputedStyle(document.querySelector('%s'))"
    assert seen.run(f"return {style % 'body'}.backgroundColor") == "rgb(255, 255, 255)"
    assert seen.run(f"return {style % 'body'}.color") == "rgb(0, 0, 0)"
    assert seen.run(f"return {style % 'nav'}.display") == "none"
    assert seen.run(f"return {style % '#mistakes .scroll'}.maxHeight") == "none"
    assert seen.run(f"return {style % '.chart svg text'}.fill") == "rgb(0, 0, 0)"
    assert NASTY in seen.run("return document.body.innerText")
