"""The recipe: everything that determines a run, as one frozen value, read from and written to TOML."""

import pathlib
import tomllib
from typing import Annotated, Any, Literal, Self

from cyclopts import Parameter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warmstart import paths
from warmstart.errors import UserError, did_you_mean, text
from warmstart.limits import what_is_wrong

either = text  # `text` is the name of a setting
DEFAULT_MODEL = "all-MiniLM-L6-v2"  # the packaged one, which `models/default` finds under this name
PATHS = ("data", "validation", "model")  # or names of the Hub
Every = Literal["epoch", "never"] | Annotated[int, Field(ge=1)]


class Recipe(BaseModel):
    """The settings of `warmstart train`; each is an option of the command and a key of `recipe.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # The table
    data: Annotated[str, Parameter(parse=False)] = Field(
        "", description=either("The table: a file, a folder or a Hub id.", "数据表: 文件、文件夹或 Hub 名称。")
    )
    config: str | None = Field(
        None,
        description=either(
            "Configuration of a Hub data set (or write ID/CONFIG).", "Hub 数据集的配置 (也可写作 ID/CONFIG)。"
        ),
    )
    validation: str | None = Field(
        None,
        description=either(
            "A table to validate on; without it a tenth of DATA is held out.",
            "验证用的数据表; 不给出时从 DATA 中留出十分之一。",
        ),
    )
    validation_fraction: float = Field(
        0.1,
        gt=0,
        lt=1,
        description=either(
            "The share of the training rows held out when there are no validation rows.",
            "没有验证数据时, 从训练数据中留出的比例。",
        ),
    )
    encoding: str = Field("utf-8", description=either("Encoding of the text files.", "文本文件的编码。"))
    delimiter: str | None = Field(
        None,
        description=either(
            "What separates columns, if the file name does not say.", "列分隔符 (从文件名看不出时指定)。"
        ),
    )
    on_empty: Literal["error", "drop"] = Field(
        "error", description=either("What to do with rows whose text is empty.", "如何处理文本为空的行。")
    )
    allow_leakage: bool = Field(
        False,
        description=either(
            "Train although rows are in two splits; they are counted and named.",
            "即使有行同时出现在两个划分中也照常训练; 会统计并列出这些行。",
        ),
    )

    # The task
    text: str | None = Field(None, description=either("Column of the text.", "文本列。"))
    pair: str | None = Field(
        None, description=either("Column of the second text, if rows are pairs.", "第二个文本的列 (每行为文本对时)。")
    )
    label: str | None = Field(None, description=either("Column of the label.", "标签列。"))
    kind: str | None = Field(
        None,
        description=either(
            "One class a row (classes), several labels a row (labels), or a number to predict (number).",
            "每行一个类别 (classes)、多个标签 (labels) 或一个要预测的数值 (number)。",
        ),
    )

    # The model
    model: str = Field(
        DEFAULT_MODEL,
        description=either(
            "Pretrained checkpoint: a folder, a Hub id or the packaged one.",
            "预训练检查点: 文件夹、Hub 名称或内置模型。",
        ),
    )
    max_length: int | None = Field(
        None,
        ge=2,
        description=either(
            "Longest input in tokens; by default what the model takes.", "输入的最大 token 数; 默认为模型上限。"
        ),
    )

    # Training
    epochs: Annotated[float, Parameter(alias="--num-train-epochs")] = Field(
        3.0, gt=0, description=either("Passes over the rows.", "训练轮数。")
    )
    updates: Annotated[int | None, Parameter(alias="--max-steps")] = Field(
        None, ge=1, description=either("Optimizer steps, instead of --epochs.", "优化器更新次数, 代替 --epochs。")
    )
    lr: Annotated[float, Parameter(alias="--learning-rate")] = Field(
        5e-5, gt=0, description=either("Highest learning rate.", "最高学习率。")
    )
    batch_size: int = Field(
        8, ge=1, description=either("Rows of an update, over all processes.", "每次更新的行数 (所有进程合计)。")
    )
    micro_batch_size: int | None = Field(
        None,
        ge=1,
        description=either(
            "Rows computed at a time; changes memory, and results by rounding only (and by dropout's masks where "
            "dropout-bits is off).",
            "一次计算的行数; 影响内存, 对结果只有舍入误差的影响 (dropout-bits 关闭时, dropout 掩码也不同)。",
        ),
    )
    seed: int = Field(
        42,
        ge=0,
        lt=2**32,
        description=either(
            "Seed of the new head, the order of rows, dropout, and which rows are held out.",
            "新分类头、行顺序、dropout 以及留出哪些行的随机种子。",
        ),
    )
    schedule: str = Field(
        "linear",
        description=either(
            "Learning-rate schedule, by its name in transformers.", "学习率调度, 使用 transformers 中的名称。"
        ),
    )
    warmup: float = Field(
        0.0,
        ge=0,
        description=either(
            "Warm-up: a share of the run below 1, else a number of updates.",
            "预热: 小于 1 为占全程的比例, 否则为更新次数。",
        ),
    )
    optimizer: str = Field(
        "adamw_torch_fused",
        description=either("Optimizer, by its name in transformers.", "优化器, 使用 transformers 中的名称。"),
    )
    weight_decay: float = Field(0.0, ge=0, description=either("Decoupled weight decay.", "解耦的权重衰减。"))
    clip: float = Field(
        1.0,
        ge=0,
        description=either("Longest gradient (L2 norm); 0: no clipping.", "梯度的最大 L2 范数; 0 表示不裁剪。"),
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description=either("Label smoothing.", "标签平滑。"))
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description=either(
            "Of matrix products; auto: bf16 where the processor has it.", "矩阵乘法的精度; auto: 处理器支持时用 bf16。"
        ),
    )
    order: Literal["random", "length"] = Field(
        "random",
        description=either(
            "Of rows; length: rows of like length meet, which is faster and a little less accurate.",
            "行的顺序; length: 长度相近的行在一起, 更快但准确率略低。",
        ),
    )

    on_nonfinite: Literal["stop", "skip"] = Field(
        "stop",
        description=either(
            "What to do at an update whose loss or gradient is not finite.", "损失或梯度出现非有限值时如何处理。"
        ),
    )
    without: tuple[str, ...] = Field(
        (), description=either("Techniques that make training fast and are to be left out.", "要关闭的加速技术。")
    )

    # Evaluating and saving
    evaluate_every: Every = Field(
        "epoch",
        description=either(
            "Evaluate each epoch, never, or every so many updates.",
            "每轮评估 (epoch)、从不评估 (never), 或每隔多少次更新评估一次。",
        ),
    )
    save_every: Every = Field(
        "epoch",
        description=either(
            "Save a checkpoint each epoch, never, or every so many updates.",
            "每轮保存检查点 (epoch)、从不保存 (never), 或每隔多少次更新保存一次。",
        ),
    )
    keep: int = Field(2, ge=1, description=either("Checkpoints to keep.", "保留的检查点个数。"))
    best: bool = Field(
        False,
        description=either(
            "End with the best checkpoint on the validation rows, not the last one.",
            "结束时采用验证集上最好的检查点, 而不是最后一个。",
        ),
    )
    best_metric: str | None = Field(
        None,
        description=either(
            "The metric that picks the best; by default accuracy, micro_f1 or rmse by the kind of task, and for a GLUE "
            "task its own.",
            "用来选最好检查点的指标; 默认按任务类型为 accuracy、micro_f1 或 rmse, GLUE 任务则用其自己的指标。",
        ),
    )
    patience: int | None = Field(
        None,
        ge=1,
        description=either("Stop after so many evaluations without a better one.", "连续多少次评估没有改进就停止。"),
    )
    baselines: bool = Field(True, description=either("Also compute the two baselines.", "同时计算两个基线。"))
    log_every: int = Field(10, ge=1, description=either("Log every so many updates.", "每隔多少次更新记录一次日志。"))
    report_to: tuple[str, ...] = Field(
        (),
        description=either("Trackers, by their names in transformers.", "实验跟踪工具, 使用 transformers 中的名称。"),
    )
    processes: int | None = Field(None, ge=1, description=either("Processes that tokenise.", "分词的进程数。"))
    cpu: bool = Field(
        False, description=either("Use the CPU although there is an accelerator.", "即使有加速器也使用 CPU。")
    )

    # The result
    out: str | None = Field(
        None,
        description=either("The run's folder; by default runs/NAME-NUMBER.", "运行的文件夹; 默认为 runs/名称-编号。"),
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
                text(f"there is no recipe {path}", f"没有配方文件 {path}"),
                where=str(path),
                fix=text("give the path of a recipe.toml", "请给出 recipe.toml 的路径"),
            ) from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UserError(
                text(f"the recipe cannot be read: {error}", f"无法读取配方: {error}"),
                where=str(path),
                fix=text("mend the line; lines look like: lr = 5e-5", "请修正该行, 格式如: lr = 5e-5"),
            ) from error
        settings |= {name: paths.resolved(settings[name], path.parent) for name in PATHS if name in settings}
        return cls.of(settings, where=str(path))

    def toml(self, relative_to: str | pathlib.Path | None = None) -> str:
        """The recipe as TOML: every setting that has a value, so that a later default changes nothing.

        With `relative_to`, the folder that the file is to lie in, paths start from there and `out` is left out: a run
        can be moved with its table, and does not tell where it was.
        """
        import tomli_w

        settings = self.model_dump(mode="json", exclude_none=True)
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
            text(f"there is no setting {name!r}", f"没有名为 {name!r} 的设置"),
            where=where or text("recipe", "配方"),
            fix=did_you_mean(name, list(Recipe.model_fields)),
        )
    given = first.get("input")
    return UserError(
        f"{name} = {given!r}: {what_is_wrong(first)}",
        where=where or f"--{name.replace('_', '-')}",
        fix=str(Recipe.model_fields[name].description) if name in Recipe.model_fields else "",
    )
