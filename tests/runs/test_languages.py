"""The checkpoint that a table's language asks for: chosen, said, recorded; and warned of where it does not know it."""

import json
import pathlib
from typing import Any

import pytest
from datasets import Dataset

from tests import packed, tiny
from tests.cli.helpers import command
from tests.runs.recipes import Make
from warmstart import Recipe
from warmstart.errors import UserError
from warmstart.events import Event, Note, Warned, lines
from warmstart.models import multilingual
from warmstart.models.default import NAME
from warmstart.runs.languages import Chosen, choose
from warmstart.runs.plan import plan
from warmstart.runs.prove import prove
from warmstart.runs.run import train
from warmstart.table.task import Task

TASK = Task("classes", "text", None, "label", ("a", "b"), ("a", "b"))
SAID = {
    "en": ["a warm and funny film, if a little long", "the food was cold and nobody apologised for it"] * 10,
    "zh": ["房间很干净，但是服务员不热情", "服务员很热情，但是房间不干净"] * 10,
    "ru": ["Номер был чистый, но персонал оказался невежливым"] * 20,
    "fr": ["Nous avons attendu presque une heure avant d'être servis", "Cette histoire m'a beaucoup ému"] * 10,
}


@pytest.fixture
def small(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small multilingual checkpoint is installed."""
    packed.install(monkeypatch, packed.write(tmp_path / "small.bin"))


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "nothing")
    packed.install(monkeypatch, None)


def chosen(texts: list[str], asked: str | None = None) -> tuple[Chosen, list[Event]]:
    heard: list[Event] = []
    rows = Dataset.from_dict({"text": texts, "label": [0] * len(texts)})
    return choose(asked, rows, TASK, heard.append), heard


@pytest.mark.parametrize("language", SAID)
def test_without_a_model_the_texts_decide(language: str, small: None) -> None:
    found, heard = chosen(SAID[language])
    assert found.model == (NAME if language == "en" else multilingual.NAME)
    assert found.languages.known or language in ("ru", "fr")  # which the small one spells
    unknown = [] if found.languages.known else [Warned]
    assert [type(event) for event in heard] == ([] if language == "en" else [Note, *unknown])
    if heard:
        assert "model: multilingual, since 100% of 20 rows" in str(heard[0])
        assert f"--model {NAME}" in str(heard[0])


@pytest.mark.parametrize(("of_ten", "model"), [(0, NAME), (1, NAME), (4, multilingual.NAME)])
def test_some_rows_of_another_language(of_ten: int, model: str, small: None) -> None:
    found, heard = chosen(SAID["zh"][:of_ten] + SAID["en"][: 10 - of_ten])
    assert found.model == model
    assert found.languages.not_english == of_ten / 10
    assert [type(event) for event in heard] == {0: [], 1: [Warned], 4: [Note]}[of_ten]


@pytest.mark.parametrize("language", SAID)
def test_without_the_extra_a_line_says_how_to_get_it(language: str, missing: None) -> None:
    found, heard = chosen(SAID[language])
    assert found.model == NAME
    assert [type(event) for event in heard] == ([] if language == "en" else [Warned])
    assert all(multilingual.how_to_install() in str(event) for event in heard)
    assert found.languages.known == (language == "en")


@pytest.mark.parametrize("language", SAID)
def test_what_was_asked_for_is_taken_and_perhaps_warned_of(language: str, small: None) -> None:
    found, heard = chosen(SAID[language], NAME)
    assert found.model == NAME
    assert [type(event) for event in heard] == ([] if language == "en" else [Warned])
    assert all("--model multilingual" in str(event) for event in heard)


def test_a_checkpoint_that_does_not_know_the_words(small: None, model: str) -> None:
    known, heard = chosen([row["text"] for row in tiny.reviews(20)], model)
    assert (known.languages.known, heard) == (True, [])
    found, heard = chosen(SAID["zh"], model)
    assert found.languages.unknown_tokens > 0.3
    assert [type(event) for event in heard] == [Warned]
    assert "hardly knows the language" in str(heard[0])
    assert "--model multilingual" in str(heard[0])
    itself, heard = chosen(["ዛሬ ጥሩ ቀን ነው"] * 4, multilingual.NAME)  # not among the small one's characters
    assert not itself.languages.known
    assert "can be named with --model" in str(heard[0])


def test_a_folder_of_that_name_is_not_taken_unasked(
    small: None, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / multilingual.NAME).mkdir()
    assert chosen(SAID["zh"])[0].model == multilingual.PACKAGED
    with pytest.raises(UserError, match=r"no config\.json"):
        chosen(SAID["zh"], multilingual.NAME)


def rows(language: str) -> list[dict[str, Any]]:
    return [{"text": text + "！" * i, "label": "ab"[i % 2]} for i, text in enumerate(SAID[language])]


def test_a_run_records_what_was_chosen_and_can_be_proved(small: None, recipe: Make, tmp_path: pathlib.Path) -> None:
    asked = recipe(data=str(tiny.write(tmp_path / "zh.csv", rows("zh"))), epochs=1, save_every=1, evaluate_every=1)
    asked = Recipe.of({name: value for name, value in asked.model_dump(exclude_unset=True).items() if name != "model"})
    said: list[str] = []
    plan(asked, listen=lines(said.append))
    assert sum("model: multilingual" in line for line in said) == 1
    said.clear()
    result = train(asked, listen=lines(said.append))
    order = [next(i for i, line in enumerate(said) if part in line) for part in ("model: multilingual", "precision ")]
    assert order == sorted(order)
    assert Recipe.read(result.folder / "recipe.toml").model == multilingual.NAME
    written = json.loads((result.folder / "metrics.json").read_text(encoding="utf-8"))["languages"]
    assert written["known"]
    assert written["not_english"] == 1
    said.clear()
    assert prove(result.folder, listen=lines(said.append)).agrees
    assert not any("model: multilingual" in line for line in said)


def test_inspect_says_the_same(small: None, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tiny.write(tmp_path / "zh.csv", rows("zh"))
    shown = command(capsys, "inspect", data)
    assert "languages: Han 100%; multilingual: " in shown.out
    assert "model: multilingual, since 100% of 20 rows" in shown.err
    found = command(capsys, "inspect", data, "--json").json["languages"]
    assert (found["model"], found["known"], found["unknown_tokens"]) == ("multilingual", True, 0)
    found = command(capsys, "inspect", data, "--model", NAME, "--json").json["languages"]
    assert (found["model"], found["known"]) == (NAME, False)
    assert found["unknown_tokens"] > 0.3


def test_the_chinese_demo_needs_the_extra(missing: None, capsys: pytest.CaptureFixture[str]) -> None:
    ended = command(capsys, "demo", "--language", "zh")
    assert ended.status == 2
    assert multilingual.how_to_install() in ended.err


def test_the_chinese_demo_shows_reviews(
    small: None, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("warmstart.table.sample.chinese.sample.__defaults__", (0, 64, 24))
    ended = command(capsys, "demo", "--language", "zh", "--out", tmp_path / "run")
    assert ended.status == 0
    assert "A few validation rows:" in ended.out
    assert "TF-IDF" in ended.out
    assert Recipe.read(tmp_path / "run" / "recipe.toml").model == multilingual.NAME
