"""The verdict and the report of a run, as the commands give them."""

import contextlib
import html
import io
import json
import pathlib
import re
import shutil
from typing import Any

import pytest

from tests import tiny
from tests.cli.helpers import Run
from warmstart.cli import main
from warmstart.events import Warned
from warmstart.runs.pages import read, write_page, write_pages

pytestmark = pytest.mark.usefixtures("with_charts")
LABELS = {"positive": "好评", "negative": "差评"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("report")
    tiny.checkpoint(folder / "tiny")
    rows = [{**row, "label": LABELS[row["label"]]} for row in tiny.reviews(240)]
    tiny.write(folder / "评论.csv", rows)
    return folder


TRAIN = ("train", "评论.csv", "--model", "tiny", "--cpu", "--validation-fraction", "0.25", "--precision", "fp32")


@pytest.fixture(scope="module")
def trained(place: pathlib.Path) -> tuple[pathlib.Path, Any, list[str]]:
    """A run that has learnt little: its folder, what --json says of it, and what was printed without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr("datasets.config.HF_DATASETS_CACHE", place / "cache")
        said = []
        for words in ([*TRAIN, "--updates", "4", "--out", "run"], ["resume", "run", "--json"]):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                main(words)
            said.append(out.getvalue())
    return place / "run", json.loads(said[1]), said[0].splitlines()


def shown(page: str) -> str:
    return html.unescape(re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))


def test_json_report_and_card_have_the_same_numbers(trained: tuple[pathlib.Path, Any, list[str]]) -> None:
    folder, found, _said = trained
    page = shown((folder / "report.html").read_text(encoding="utf-8"))
    card = (folder / "model" / "README.md").read_text(encoding="utf-8")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert {name: found[name] for name in metrics} == metrics
    assert len(found["scores"]) == 3
    for who, scores in found["scores"].items():
        for name in found["headline"]:
            low, high = found["intervals"][who][name]
            assert f"{scores[name]:.3f} [{low:.3f}, {high:.3f}]" in page
            assert f"{scores[name]:.3f} ({low:.3f} to {high:.3f})" in card
    assert f"measured on {found['rows']} validation rows" in page
    assert f"On {found['rows']} validation rows" in card
    value, low, high = found["verdict"]["difference"]
    for told in (page, card.replace("\\", "")):
        assert (
            f"difference {value:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, on the same {found['rows']} rows"
            in told
        )


def test_a_model_that_is_not_better_says_so_first(trained: tuple[pathlib.Path, Any, list[str]]) -> None:
    folder, found, said = trained
    assert found["verdict"]["outcome"] == "worse"  # the words give the label away to TF-IDF; four updates see little
    assert found["verdict"]["baseline"] == "TF-IDF + logistic regression"
    line = found["verdict"]["sentences"][0]
    assert "NOT better than TF-IDF + logistic regression" in line
    assert said[0] == line
    card = (folder / "model" / "README.md").read_text(encoding="utf-8")
    assert card.split("## Measured\n\n")[1].replace("\\", "").startswith(f"**{line}**")
    page = shown((folder / "report.html").read_text(encoding="utf-8"))
    assert page.index(line) < page.index("Scores", page.index("Verdict", page.index("Verdict") + 1))


def test_the_report_is_written_again_as_it_was_and_in_chinese(
    run: Run, trained: tuple[pathlib.Path, Any, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained[0]
    before = (folder / "report.html").read_text(encoding="utf-8")
    done = run("report", "run", "--out", "there/page.html")
    assert done.status == 0
    assert "there/page.html" in done.err
    assert (folder.parent / "there" / "page.html").read_text(encoding="utf-8") == before
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    assert run("report", "run", "--out", "zh.html").status == 0
    page = (folder.parent / "zh.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page
    assert "模型不优于 TF-IDF + logistic regression" in page


def test_without_what_it_is_made_from_the_error_leads_out(
    run: Run, trained: tuple[pathlib.Path, Any, list[str]]
) -> None:
    folder = trained[0]
    copy = folder.parent / "older"
    shutil.copytree(folder, copy)
    for name in ("report.json", "report.html"):
        (copy / name).unlink()
    done = run("report", "older")
    assert done.status == 2
    assert "report.json" in done.err
    fix = next(line.split("warmstart ")[1].split(";")[0] for line in done.err.splitlines() if "fix:" in line)
    assert run(*fix.split()).status == 0
    assert (copy / "report.html").is_file()
    assert run("report", "older").status == 0
    assert run("report", "tiny").status == 2


@pytest.mark.parametrize("name", ["report.json", "metrics.json", "task.json"])
@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"details": 3, "data": 3, "headline": 3}'])
def test_files_that_no_run_has_written_are_told(
    run: Run, trained: tuple[pathlib.Path, Any, list[str]], name: str, content: str
) -> None:
    path = trained[0] / name
    before = path.read_bytes()
    path.write_text(content)
    try:
        done = run("report", "run", "--out", "damaged.html")
    finally:
        path.write_bytes(before)
    assert done.status == 2
    assert "fix:" in done.err
    assert not (trained[0].parent / "damaged.html").exists()


def test_a_page_that_cannot_be_written_costs_no_run(trained: tuple[pathlib.Path, Any, list[str]]) -> None:
    copy = trained[0].parent / "blocked"
    shutil.copytree(trained[0], copy)
    (copy / "report.html").unlink()
    (copy / "report.html").mkdir()
    said: list[Any] = []
    write_pages(copy, json.loads((copy / "report.json").read_text(encoding="utf-8")), said.append)
    assert [type(event) for event in said] == [Warned]
    assert "warmstart report" in str(said[0])


def test_suspects_of_a_review_are_on_the_page(trained: tuple[pathlib.Path, Any, list[str]]) -> None:
    copy = trained[0].parent / "reviewed"
    shutil.copytree(trained[0], copy)
    (copy / "review.csv").write_text("id,text,why\nr7,一条 <b>,label error\nshort\n", encoding="utf-8-sig")
    page = write_page(copy).read_text(encoding="utf-8")
    assert "一条 &lt;b&gt;" in page
    assert read(copy).suspects == (["id", "text", "why"], [["r7", "一条 <b>", "label error"]])


def test_inspect_writes_a_page_beside_what_it_prints(run: Run, place: pathlib.Path) -> None:
    plain = run("inspect", "评论.csv", "--model", "tiny", "--json")
    done = run("inspect", "评论.csv", "--model", "tiny", "--json", "--html", "table.html")
    assert done.status == 0
    assert done.json == plain.json
    page = shown((place / "table.html").read_text(encoding="utf-8"))
    assert "240 rows, 2 columns" in page
    for name, count in done.json["labels"]["train"].items():
        assert name in page
        assert f" {count} " in page
