"""The part of the `Trainer`'s public surface that trains nothing: callbacks, loaders, saving, small answers."""

import inspect
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
import transformers
from torch import nn
from transformers.trainer_callback import (
    CallbackHandler,
    ExportableState,
    PrinterCallback,
    TrainerControl,
    TrainerState,
)

from warmstart import storage
from warmstart.batches.dataloaders import Batch
from warmstart.batches.ragged import ragged
from warmstart.batches.tokens import TokenTable
from warmstart.checkpoints.weights import save_weights
from warmstart.engine.distributed.processes import Processes, leave
from warmstart.engine.optimizer import switch
from warmstart.errors import UserError, did_you_mean, text
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.inputs import Loader, first_epoch, loader_options, make_feed
from warmstart.trainer.progress import progress_callback


class Surface:
    """What `Trainer` inherits. Methods of `transformers.Trainer` that this engine never calls cannot be overridden: a
    subclass that tries is refused when it is defined, since its method would be ignored."""

    NEVER_CALLED: ClassVar[dict[str, str]] = {
        "training_step": "compute_loss",
        "evaluation_loop": "prediction_step",
        "get_train_dataloader": "train_dataset, data_collator",
        "get_eval_dataloader": "eval_dataset, data_collator",
        "get_test_dataloader": "data_collator",
        "get_batch_samples": "train_dataset, data_collator",
        "floating_point_ops": "compute_loss",
        "_inner_training_loop": "callbacks",
        "_maybe_log_save_evaluate": "callbacks",
        "_get_train_sampler": "train_sampling_strategy",
        "_save_checkpoint": "callbacks",
        "get_decay_parameter_names": "create_optimizer",
        "get_optimizer_cls_and_kwargs": "create_optimizer",
    }

    args: TrainingArguments
    model: nn.Module
    state: TrainerState
    control: TrainerControl
    processes: Processes
    callback_handler: CallbackHandler
    processing_class: Any
    optimizer: torch.optim.Optimizer | None
    data_collator: Any
    model_init: Any
    train_dataset: Any
    eval_dataset: Any

    log_metrics = transformers.Trainer.log_metrics
    metrics_format = transformers.Trainer.metrics_format
    save_metrics = transformers.Trainer.save_metrics

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("warmstart."):
            return
        before = list(itertools.takewhile(lambda base: not base.__module__.startswith("warmstart."), cls.__mro__))
        engine = cls.__mro__[len(before)]
        for owner, name in [(base, name) for base in before for name in vars(base)]:
            is_absent = hasattr(transformers.Trainer, name) and not hasattr(engine, name)
            if name in cls.NEVER_CALLED or is_absent:
                instead = cls.NEVER_CALLED.get(name, "compute_loss, prediction_step, callbacks")
                raise UserError(
                    text(
                        f"{owner.__name__}.{name} would never be called by this engine",
                        f"本引擎不会调用 {owner.__name__}.{name}",
                    ),
                    where=f"class {cls.__name__}",
                    fix=text(f"use {instead}, or transformers.Trainer", f"请改用 {instead}, 或 transformers.Trainer"),
                )

    @property
    def tokenizer(self) -> Any:
        """The old name of `processing_class`."""
        return self.processing_class

    @property
    def model_wrapped(self) -> nn.Module:
        """The model: this engine wraps nothing around it."""
        return self.model

    def default_callbacks(self) -> list[Any]:
        """Trackers that `report_to` names, and progress."""
        from transformers.integrations import get_reporting_integration_callbacks

        try:
            trackers = [make() for make in get_reporting_integration_callbacks(self.args.report_to)]
        except (ValueError, RuntimeError, ImportError) as error:
            raise UserError(
                str(error), where="report_to", fix=text("install it, or leave it out", "请安装它, 或去掉它")
            ) from error
        return [*trackers, PrinterCallback if self.args.disable_tqdm else progress_callback()]

    def add_callback(self, callback: Any) -> None:
        """Add a callback, by class or instance."""
        self.callback_handler.add_callback(callback)

    def pop_callback(self, callback: Any) -> Any:
        """Remove a callback, by class or instance, and return it (None if there is none)."""
        return self.callback_handler.pop_callback(callback)

    def remove_callback(self, callback: Any) -> None:
        """Remove a callback, by class or instance."""
        self.callback_handler.remove_callback(callback)

    def call_model_init(self, trial: Any = None) -> nn.Module:
        """A fresh model from `model_init`, which may take a trial."""
        takes = len(inspect.signature(self.model_init).parameters)
        model: nn.Module = self.model_init() if takes == 0 else self.model_init(trial)
        if model is None:
            raise UserError(
                text("model_init returned nothing", "model_init 没有返回模型"),
                where="model_init",
                fix=text("end it with: return model", "请以 return model 结束该函数"),
            )
        return model

    def get_train_dataloader(self) -> Any:
        """The batches of the first epoch, to look at; each is made when it is asked for. Training uses the same rows in
        the same order."""
        dataset, collate = self._columns(self.train_dataset)  # type: ignore[attr-defined]
        feed = make_feed(dataset, collate, self.args, self.processes.count)
        return first_epoch(feed, dataset, collate, self.args, self.processes)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """A loader over `eval_dataset` (by default the trainer's), to look at."""
        return self.get_test_dataloader(self.eval_dataset if eval_dataset is None else eval_dataset)

    def get_test_dataloader(self, test_dataset: Any) -> Any:
        """A loader over any data set with the trainer's collator, to look at."""
        from torch.utils.data import DataLoader

        size = self.args.per_device_eval_batch_size
        if isinstance(test_dataset, TokenTable):
            batches = np.split(np.arange(len(test_dataset)), range(size, len(test_dataset), size))

            def begin() -> Iterator[Batch]:
                return (ragged(test_dataset, rows).padded() for rows in batches)

            return Loader(test_dataset, size, self.data_collator, len(batches), begin)
        dataset, collate = self._columns(test_dataset)  # type: ignore[attr-defined]
        return DataLoader(dataset, batch_size=size, collate_fn=collate, **loader_options(self.args))

    def num_examples(self, dataloader: Any) -> int:
        """Rows of a loader."""
        rows: int = len(getattr(dataloader, "dataset", self.train_dataset))
        return rows

    def num_tokens(self, dataloader: Any, max_steps: int | None = None) -> int:
        """Input ids of a loader's batches, padding included."""
        counted: int = sum(batch["input_ids"].numel() for batch in dataloader)
        return counted if max_steps is None else counted * max_steps

    def get_num_trainable_parameters(self) -> int:
        """Numbers that training changes."""
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)

    def get_learning_rates(self) -> list[float]:
        """The learning rate of each parameter group."""
        return [float(group["lr"]) for group in self._made_optimizer().param_groups]

    def get_optimizer_group(self, param: Any = None) -> Any:
        """The parameter group that `param` is in; all groups if none is given."""
        groups = self._made_optimizer().param_groups
        return groups if param is None else next(g for g in groups if any(p is param for p in g["params"]))

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        """Names of the parameters that weight decay acts on."""
        from warmstart.engine.optimizer import decayed_names

        return decayed_names(model)

    @staticmethod
    def get_optimizer_cls_and_kwargs(args: Any, model: Any = None) -> tuple[Any, Any]:
        """The class and options of the optimizer that the arguments name, as `transformers` has them."""
        found: tuple[Any, Any] = transformers.Trainer.get_optimizer_cls_and_kwargs(args, model)
        return found

    def get_total_train_batch_size(self, args: Any) -> int:
        """Rows of an update, over all processes."""
        return int(args.per_device_train_batch_size * args.gradient_accumulation_steps * self.processes.count)

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Operations of a forward and backward pass: 6 x tokens x parameters (Kaplan et al. 2020, section 2.1)."""
        if "input_ids" not in inputs or not hasattr(self.model, "num_parameters"):
            return 0
        return int(6 * inputs["input_ids"].numel() * self.model.num_parameters(exclude_embeddings=True))  # type: ignore[operator]

    def is_local_process_zero(self) -> bool:
        """Whether this is the first process of its machine."""
        return self.processes.is_local_main

    def is_world_process_zero(self) -> bool:
        """Whether this is the first process of all."""
        return self.processes.is_main

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save weights, configuration and tokenizer so that every tool loads them; by default into
        `args.output_dir`.

        A checkpoint's weights are saved through here too, so that an override is called for each. `output_dir` is then
        a folder in the making, and only the main process is in here: what is written there becomes the checkpoint.
        """
        del _internal_call
        folder = pathlib.Path(output_dir or self.args.output_dir)
        switch(self.optimizer, "eval")
        if storage.is_in_the_making(folder):
            folder.mkdir(exist_ok=True)
            save_weights(self.model, self.processing_class, folder)
            return
        if self.processes.is_main:
            with storage.new_files(folder) as work:
                save_weights(self.model, self.processing_class, work)
        self.processes.barrier()

    def save_state(self) -> None:
        """Save `state` as JSON into `args.output_dir`."""
        if self.processes.is_main:
            with storage.new_files(pathlib.Path(self.args.output_dir)) as work:
                storage.write_json(work / "trainer_state.json", vars(self.state))

    def create_model_card(self, *args: Any, **card: Any) -> None:
        """Write README.md into `args.output_dir`: a draft of a model card, with what was trained and measured. Takes
        what `transformers.Trainer.create_model_card` takes.
        """
        _check_card(args, card)
        transformers.Trainer.create_model_card(self, *args, **card)

    def push_to_hub(
        self,
        commit_message: str | None = "End of training",
        blocking: bool = True,
        token: str | None = None,
        revision: str | None = None,
        private: bool | None = None,
        repo_id: str | None = None,
        **card: Any,
    ) -> Any:
        """Save the model, write its card with what is in `card` (see `create_model_card`), and upload both with
        `huggingface_hub`. `repo_id`: by default the name of the output folder. Not `blocking`, it returns a Future.

        Raises UserError for what a card does not take, before anything is saved or made.
        """
        from huggingface_hub import HfApi

        folder = pathlib.Path(self.args.output_dir).resolve()
        _check_card((), card)
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        self.save_model()
        if not self.processes.is_main:
            return None
        self.create_model_card(**{"model_name": (repo_id or folder.name).rpartition("/")[2], **card})
        api = HfApi(token=token if token is not None else self.args.hub_token)
        repo = api.create_repo(repo_id or folder.name, exist_ok=True, private=private).repo_id
        return api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            commit_message=commit_message,
            ignore_patterns=["checkpoint-*/*"],
            revision=revision,
            run_as_future=not blocking,  # type: ignore[call-overload]  # declared for True and for False only
        )

    def end(self) -> None:
        """Leave the process group; call it last, if at all."""
        leave()

    def hyperparameter_search(self, *args: Any, **kwargs: Any) -> Any:
        """Not here: raises UserError."""
        raise UserError(
            text("hyperparameter_search is not part of this engine", "本引擎不含 hyperparameter_search"),
            where="Trainer",
            fix=text("call train() from an optuna study", "请在 optuna 的 study 中调用 train()"),
        )

    def _made_optimizer(self) -> torch.optim.Optimizer:
        if self.optimizer is None:
            raise UserError(
                text("there is no optimizer yet", "尚未创建优化器"), "Trainer", fix="create_optimizer() / train()"
            )
        return self.optimizer

    def _exportable(self) -> list[Any]:
        return [cb for cb in [*self.callback_handler.callbacks, self.control] if isinstance(cb, ExportableState)]

    def _new_state(self) -> None:
        self.state = TrainerState(
            is_local_process_zero=self.is_local_process_zero(),
            is_world_process_zero=self.is_world_process_zero(),
            stateful_callbacks=self._exportable(),
        )

    def _export_callbacks(self) -> None:
        """Write the state of callbacks that have one (early stopping) into `state`, for a checkpoint."""
        self.state.stateful_callbacks = TrainerState(stateful_callbacks=self._exportable()).stateful_callbacks

    def _import_callbacks(self) -> None:
        """Give callbacks back the state they had when the checkpoint was written. What they were made with is what the
        user asks for now, unless `restore_callback_states_from_checkpoint`."""
        asked = self.args.restore_callback_states_from_checkpoint
        saved = dict(self.state.stateful_callbacks or {})
        for callback in self.callback_handler.callbacks:
            states = saved.get(type(callback).__name__)
            if isinstance(callback, ExportableState) and states:
                state = states.pop(0) if isinstance(states, list) else states
                for name, value in {**(state["args"] if asked else {}), **state["attributes"]}.items():
                    setattr(callback, name, value)


def _check_card(args: tuple[Any, ...], card: dict[str, Any]) -> None:
    """Raises UserError for what the card of `transformers` does not take."""
    known = list(inspect.signature(transformers.Trainer.create_model_card).parameters)[1:]
    for name in card:
        if name not in known[len(args) :]:
            raise UserError(
                text(f"a model card takes no {name!r}", f"模型卡不接受 {name!r}"),
                "Trainer",
                fix=did_you_mean(name, known),
            )
