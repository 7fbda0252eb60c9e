"""The model card: which checkpoint it was, at which commit, and no path of the machine."""

import pathlib
import re
from html import unescape

import huggingface_hub.constants
import pytest
import yaml
from markdown_it import MarkdownIt

from tests import tiny
from warmstart import Recipe, visible
from warmstart.evaluation.report import Report
from warmstart.models.hub import commit_of
from warmstart.reporting import card
from warmstart.table.task import Task

TASK = Task("classes", "text", None, "label", ("bad", "good"), ("bad", "good"))
REPORT = Report(20, ("accuracy",), {"model": {"accuracy": 0.9}}, {"model": {"accuracy": (0.8, 1.0)}})


def write(data: object, model: object = "all-MiniLM-L6-v2") -> str:
    return card.write(Recipe.of({"data": str(data), "model": str(model)}), TASK, REPORT, 7)


def test_the_commit_of_a_checkpoint_of_the_hub_is_in_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    commit_of.cache_clear()
    tiny.checkpoint(tmp_path / "checkpoint")
    tiny.publish(tmp_path / "checkpoint", tmp_path / "hub")
    found = write("glue/mrpc", "org/tiny")
    assert "base_model: org/tiny\n" in found
    assert "# org/tiny fine-tuned on glue/mrpc\n" in found
    assert f"from org/tiny at commit `{tiny.COMMIT}`;" in found
    assert "commit" not in write("glue/mrpc")
    assert "commit" not in write("glue/mrpc", tmp_path / "checkpoint")


def test_of_a_path_there_is_only_its_name(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "reviews.csv").write_text("text,label\n")
    tiny.checkpoint(tmp_path / "home" / "tiny")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home" / "tiny")
    for data, model in (
        ("../../reviews.csv", "."),
        (tmp_path / "reviews.csv", tmp_path / "home/tiny"),
        ("~/../gone.csv", "../tiny"),
    ):
        found = write(data, model)
        assert "base_model: tiny\n" in found
        assert str(tmp_path) not in found
        assert "~" not in found
        assert "../" not in found
    assert "fine-tuned on gone.csv" in found


NASTY = "a|b`c``_d_*e* <script>alert(1)\n# heading \x1b[31m [x](y) \u202e & more"


def test_names_cannot_break_out_of_it(tmp_path: pathlib.Path) -> None:
    """Markdown to HTML by a library, and back to text: each name is there as it is, and makes no element of its own."""
    task = Task("classes", NASTY, NASTY, "label", (NASTY, "good"), (NASTY, "good"))
    (tmp_path / NASTY).mkdir()
    found = card.write(Recipe.of({"data": NASTY, "model": str(tmp_path / NASTY)}), task, REPORT, 7)
    matter, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", found, re.DOTALL).groups()  # type: ignore[union-attr]
    assert yaml.safe_load(matter)["base_model"] == NASTY
    html = MarkdownIt("commonmark").enable("table").render(body)
    elements = set(re.findall(r"<(\w+)", html))
    assert elements <= {"h1", "h2", "p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    assert html.count("<h1>") == 1
    shown = unescape(re.sub(r"<[^>]+>", "", html))
    assert shown.count(visible.line(NASTY)) == 6  # model (2), data, both columns, the class
    assert "\x1b" not in found.replace("\\x1b", "")
