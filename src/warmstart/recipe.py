"""The recipe: everything that determines a run, as one frozen value, read from and written to TOML."""

import pathlib
import tomllib
from typing import Annotated, Any, Literal, Self

from cyclopts import Parameter
from pydantic import Field, ValidationError

from warmstart import paths
from warmstart.errors import UserError, did_you_mean
from warmstart.limits import what_is_wrong
from warmstart.messages import N_, _
from warmstart.options import Asked

DEFAULT_MODEL = "all-MiniLM-L6-v2"  # the packaged one, which `models/default` finds under this name
PATHS = ("data", "validation", "model", "corrections")  # or names of the Hub
WEIGHTS = ("auto", "none")  # of classes; anything else is a file, or once it has been read its content
Every = Literal["epoch", "never"] | Annotated[int, Field(ge=1)]


class Recipe(Asked):
    """The settings of `warmstart train`; each is an option of the command and a key of `recipe.toml`."""

    # The table
    data: Annotated[str, Parameter(parse=False)] = Field(
        "", description=N_("The table: a file, its address, a folder or a Hub id.")
    )
    validation: str | None = Field(
        None,
        description=N_("A table to validate on; without it a tenth of DATA is held out."),
    )
    validation_fraction: float | None = Field(
        None,
        gt=0,
        lt=1,
        description=N_(
            "The share of the training rows held out when there are no validation rows; without it a tenth, at most "
            "20,000 rows."
        ),
    )
    on_empty: Literal["error", "drop"] = Field("error", description=N_("What to do with rows whose text is empty."))
    allow_leakage: bool = Field(
        False,
        description=N_("Train although rows are in two splits; they are counted and named."),
    )
    corrections: str | None = Field(
        None,
        description=N_("A review.csv with your decisions: applied to the rows, never to the table."),
    )
    group: str | None = Field(
        None,
        description=N_("Column whose rows of one value (an author, a thread) stay on one side of the split."),
    )

    # The model
    model: str = Field(
        DEFAULT_MODEL,
        description=N_(
            "Pretrained checkpoint: a folder, a Hub id, all-MiniLM-L6-v2 (English, packaged) or multilingual (the "
            "extra); without it the language of the texts decides between these two."
        ),
    )
    max_length: int | None = Field(
        None,
        ge=2,
        description=N_("Longest input in tokens; by default what the model takes."),
    )
    long: Literal["cut", "head-tail", "windows"] | None = Field(
        None,
        description=N_(
            "Of texts that are longer: their beginning (cut), a quarter from the beginning and the rest from the end "
            "(head-tail), or windows that overlap, over which answers are averaged (windows)."
        ),
    )

    # Training
    epochs: float = Field(3.0, gt=0, description=N_("Passes over the rows."))
    updates: int | None = Field(None, ge=1, description=N_("Optimizer steps, instead of --epochs."))
    lr: float = Field(5e-5, gt=0, description=N_("Highest learning rate."))
    batch_size: int = Field(8, ge=1, description=N_("Rows of an update, over all processes."))
    micro_batch_size: int | None = Field(
        None,
        ge=1,
        description=N_(
            "Rows computed at a time; changes memory, and results by rounding only (and by dropout's "
            "masks where dropout-bits is off)."
        ),
    )
    seed: int = Field(
        42,
        ge=0,
        lt=2**32,
        description=N_("Seed of the new head, the order of rows, dropout, and which rows are held out."),
    )
    schedule: str = Field(
        "linear",
        description=N_("Learning-rate schedule, by its name in transformers."),
    )
    warmup: float = Field(
        0.0,
        ge=0,
        description=N_("Warm-up: a share of the run below 1, else a number of updates."),
    )
    optimizer: str = Field(
        "adamw_torch_fused",
        description=N_("Optimizer, by its name in transformers."),
    )
    weight_decay: float = Field(0.0, ge=0, description=N_("Decoupled weight decay."))
    clip: float = Field(
        1.0,
        ge=0,
        description=N_("Longest gradient (L2 norm); 0: no clipping."),
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description=N_("Label smoothing."))
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description=N_("Of matrix products; auto: bf16 where the processor has it."),
    )
    order: Literal["random", "length"] = Field(
        "random",
        description=N_("Of rows; length: rows of like length meet, which is faster and a little less accurate."),
    )

    on_nonfinite: Literal["stop", "skip"] = Field(
        "stop",
        description=N_("What to do at an update whose loss or gradient is not finite."),
    )
    without: tuple[str, ...] = Field((), description=N_("Techniques that make training fast and are to be left out."))
    class_weights: str | None = Field(
        None,
        description=N_(
            "How much rows count in the loss by their class: all classes the same however few rows they have (auto), "
            "all rows the same (none), or what a JSON or CSV file of class names and weights says."
        ),
    )
    sampling: Literal["balanced"] | None = Field(
        None,
        description=N_(
            "balanced: each update draws its rows evenly from the classes; by default rows come as they are."
        ),
    )

    # Evaluating and saving
    evaluate_every: Every = Field(
        "epoch",
        description=N_("Evaluate each epoch, never, or every so many updates."),
    )
    save_every: Every = Field(
        "epoch",
        description=N_("Save a checkpoint each epoch, never, or every so many updates."),
    )
    keep: int = Field(2, ge=1, description=N_("Checkpoints to keep."))
    best: bool = Field(
        False,
        description=N_("End with the best checkpoint on the validation rows, not the last one."),
    )
    best_metric: str | None = Field(
        None,
        description=N_(
            "The metric that picks the best; by default accuracy, micro_f1 or rmse by the kind of task, "
            "and for a GLUE task its own."
        ),
    )
    patience: int | None = Field(
        None,
        ge=1,
        description=N_("Stop after so many evaluations without a better one."),
    )
    baselines: bool = Field(True, description=N_("Also compute the two baselines."))
    log_every: int = Field(10, ge=1, description=N_("Log every so many updates."))
    report_to: tuple[str, ...] = Field(
        (),
        description=N_("Trackers, by their names in transformers."),
    )
    processes: int | None = Field(None, ge=1, description=N_("Processes that tokenise."))
    cpu: bool = Field(False, description=N_("Use the CPU although there is an accelerator."))

    threshold_for: str | None = Field(
        None,
        description=N_(
            "Choose decision thresholds on the validation rows for this metric, such as macro_f1 (auto: the one that "
            "suits the kind of task); by default all are 0.5."
        ),
    )

    # The result
    spreadsheet_safe: bool = Field(
        False, description=N_("An apostrophe before texts in predictions.csv that a spreadsheet takes for formulas.")
    )
    out: str | None = Field(
        None,
        description=N_("The run's folder; by default runs/NAME-NUMBER."),
    )
    calibrate: bool | None = Field(  # None: as a run that begins has it, or had when it began
        None,
        description=N_(
            "Make the model as sure as it is right on the validation rows: a temperature becomes part of it, and no "
            "prediction changes. By default yes."
        ),
    )

    def changed(self, settings: dict[str, Any]) -> Self:
        """A recipe with some settings replaced. Raises UserError for one that does not exist or is out of range."""
        return self.of({**self.model_dump(exclude_unset=True), **settings})

    @classmethod
    def of(cls, settings: dict[str, Any], where: str = "") -> Self:
        """A recipe from plain values. Raises UserError for one that does not exist or is out of range."""
        try:
            return cls(**settings)
        except ValidationError as error:
            raise _teach(error, where) from error

    @classmethod
    def read(cls, path: str | pathlib.Path) -> Self:
        """The recipe in a TOML file. Raises UserError, naming the place, if it is none.

        Paths in it start from the file's own folder, so that a run can be moved with its table; a name that is not
        there stays as it is, a Hub id or a path from the current folder.
        """
        path = paths.expanded(path)
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UserError(
                _("there is no recipe {path}").format(path=path),
                where=str(path),
                fix=_("give the path of a recipe.toml"),
            ) from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UserError(
                _("the recipe cannot be read: {error}").format(error=error),
                where=str(path),
                fix=_("mend the line; lines look like: lr = 5e-5"),
            ) from error
        settings |= {name: paths.resolved(settings[name], path.parent) for name in PATHS if name in settings}
        if settings.get("class_weights") not in (None, *WEIGHTS):
            settings["class_weights"] = paths.resolved(settings["class_weights"], path.parent)
        return cls.of(settings, where=str(path))

    def toml(self, relative_to: str | pathlib.Path | None = None) -> str:
        """The recipe as TOML: every setting that has a value, so that a later default changes nothing.

        With `relative_to`, the folder that the file is to lie in, paths start from there and `out` is left out: a run
        can be moved with its table, and does not tell where it was.
        """
        import tomli_w

        settings = {"data": self.data, **self.model_dump(mode="json", exclude_none=True)}
        if relative_to is not None:
            settings.pop("out", None)
            settings |= {name: paths.relative(settings[name], relative_to) for name in PATHS if name in settings}
        return tomli_w.dumps(settings)


def _teach(error: ValidationError, where: str) -> UserError:
    """The first complaint of pydantic as an error that says what, where and how to mend it."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "recipe"
    if first["type"] == "extra_forbidden":
        return UserError(
            _("there is no setting {name!r}").format(name=name),
            where=where or _("recipe"),
            fix=did_you_mean(name, list(Recipe.model_fields)),
        )
    given = first.get("input")
    return UserError(
        f"{name} = {given!r}: {what_is_wrong(first)}",
        where=where or f"--{name.replace('_', '-')}",
        fix=_(str(Recipe.model_fields[name].description)) if name in Recipe.model_fields else "",
    )
