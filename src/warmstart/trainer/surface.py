"""What a `Trainer` is made of, and the part of its public surface that trains nothing: small answers, loaders, saving.

The parts of a trainer look these attributes up when they need them: a user may put another model, collator or
optimizer there at any time.
"""

import functools
import inspect
import pathlib
from collections.abc import Callable
from typing import Any

import torch
import transformers
from torch import nn
from transformers.trainer_callback import CallbackHandler, DefaultFlowCallback, TrainerControl, TrainerState

from warmstart import storage
from warmstart.batches.plan import Rows
from warmstart.engine.class_weights import WeightedLoss
from warmstart.engine.distributed.processes import Processes, TrainersAccelerator, leave, trainers_accelerator
from warmstart.engine.losses import accepts_loss_kwargs, default_collator, is_causal, label_names_of
from warmstart.engine.optimizer import decayed_names, switch
from warmstart.errors import UserError
from warmstart.events import Event, Events, Warned
from warmstart.messages import _
from warmstart.trainer import answers, hub, inner_methods, inputs, loaders, preparation, progress
from warmstart.trainer import callbacks as shown
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.overrides import refuse_what_is_never_called
from warmstart.trainer.row_losses import RowLosses
from warmstart.trainer.run_state import RunState


class Surface:
    """What `Trainer` inherits. `events` hears what happens; `control` and `state` are those of `transformers`."""

    log_metrics = transformers.Trainer.log_metrics
    metrics_format = transformers.Trainer.metrics_format
    save_metrics = transformers.Trainer.save_metrics
    get_optimizer_cls_and_kwargs = staticmethod(transformers.Trainer.get_optimizer_cls_and_kwargs)
    set_initial_training_values = transformers.Trainer.set_initial_training_values
    get_sp_size = get_cp_size = get_tp_size = answers.one
    loss_is_scaled_for_ga: bool | None = (
        None  # a loss is the mean over the items that it is told of, or their sum by it
    )
    _load_callback_state = answers._load_callback_state
    _train_batch_size = property(lambda self: self.args.train_batch_size)
    num_examples = answers.num_examples
    num_tokens = answers.num_tokens
    get_num_trainable_parameters = answers.get_num_trainable_parameters
    get_learning_rates = answers.get_learning_rates
    get_optimizer_group = answers.get_optimizer_group
    create_model_card = hub.create_model_card
    push_to_hub = hub.push_to_hub

    get_train_dataloader = loaders.get_train_dataloader
    get_eval_dataloader = loaders.get_eval_dataloader
    get_test_dataloader = loaders.get_test_dataloader
    training_step = inner_methods.training_step
    evaluation_loop = inner_methods.evaluation_loop
    store_flos = inner_methods.store_flos
    _wrap_model = inner_methods.wrap_model
    _evaluate = inner_methods.evaluate_during_training
    _maybe_log_save_evaluate = inner_methods.maybe_log_save_evaluate
    _determine_best_metric = inner_methods.determine_best_metric
    _load_best_model = inner_methods.load_best_model
    _save_checkpoint = inner_methods.save_checkpoint
    _load_from_checkpoint = inner_methods.load_from_checkpoint
    _save = inner_methods.save
    _get_learning_rate = inner_methods.learning_rate
    _get_output_dir = inner_methods.output_dir
    # Of the stock trainer, as they are:
    compute_loss_context_manager = transformers.Trainer.compute_loss_context_manager
    autocast_smart_context_manager = transformers.Trainer.autocast_smart_context_manager
    _prepare_input = transformers.Trainer._prepare_input
    _prepare_inputs = transformers.Trainer._prepare_inputs
    _get_train_sampler = transformers.Trainer._get_train_sampler
    _get_eval_sampler = transformers.Trainer._get_eval_sampler
    _set_signature_columns_if_needed = transformers.Trainer._set_signature_columns_if_needed
    _remove_unused_columns = transformers.Trainer._remove_unused_columns
    _get_collator_with_removed_columns = transformers.Trainer._get_collator_with_removed_columns
    # Its attributes that those, or code of the user's, look at.
    is_deepspeed_enabled = is_fsdp_enabled = False
    deepspeed = None
    share = 1.0  # ours: the part of an update's targets that the micro-batch under way has
    current_flos = _total_loss_scalar = 0.0
    _globalstep_last_logged = 0
    current_gradient_accumulation_steps = 1
    _signature_columns: list[str] | None = None
    _wrapped: nn.Module | None = None
    _accelerator: TrainersAccelerator | None = None
    run_state: RunState
    row_losses: RowLosses | None = None  # who wants to know the loss of each row

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        refuse_what_is_never_called(cls)

    def __init__(
        self,
        args: TrainingArguments,
        model: nn.Module | None,
        model_init: Callable[..., nn.Module] | None,
        data_collator: Callable[[list[Any]], Any] | None,
        train_dataset: Any,
        eval_dataset: Any,
        processing_class: Any,
        callbacks: list[Any],
        optimizers: tuple[torch.optim.Optimizer | None, Any],
    ) -> None:
        self.args = args
        self.processes = Processes(use_cpu=args.use_cpu)
        self.events = Events(progress.logged, functools.partial(shown.show, self))
        preparation.set_log_level(args)
        inputs.seed(args)
        self.model_init = model_init
        self.model: nn.Module = model if model is not None else self.call_model_init()
        self.processing_class = processing_class
        self.data_collator = data_collator or default_collator(processing_class)
        self.train_dataset = train_dataset
        self.eval_dataset = eval_dataset
        self.label_names: list[str] = args.label_names or label_names_of(self.model)
        self.model_accepts_loss_kwargs = accepts_loss_kwargs(self.model)
        self.optimizer, self.lr_scheduler = optimizers
        self.prepare_model()
        self.control = TrainerControl()
        self.callback_handler = CallbackHandler(
            [DefaultFlowCallback, *shown.trackers(args), *callbacks],
            self.model,
            processing_class,
            self.optimizer,
            self.lr_scheduler,
        )
        self.add_callback(shown.last(args))
        self.state = self.new_state()
        self.label_smoother = preparation.label_smoother(args, self.model, self.warn)
        self.weighted_loss: WeightedLoss | None = None  # in the place of the model's own, where classes weigh unlike
        self.sampled: tuple[Rows, ...] = ()  # the rows of each class, where training draws from these alike
        self.pushes = hub.Pushes(self)
        self.hub_model_id: str | None = hub.begin(args, self.processes) if args.push_to_hub else None

    def emit(self, event: Event) -> None:
        """Tell what happens in the run, once: the main process does."""
        if self.processes.is_main:
            self.events(event)

    def warn(self, line: str) -> None:
        """Tell that something went otherwise than asked, on whichever process that was."""
        self.events(Warned(line))

    def prepare_model(self) -> None:
        """Put the model on its device, the same on every process."""
        self.model.to(self.processes.device)
        self.processes.same_weights(self.model)
        if self.args.gradient_checkpointing:
            enable: Any = getattr(self.model, "activation_checkpointing_enable", None)
            enable = enable or self.model.gradient_checkpointing_enable  # what older versions call it
            enable(self.args.gradient_checkpointing_kwargs)
        if self.args.torch_compile:
            self.model.compile(backend=self.args.torch_compile_backend, mode=self.args.torch_compile_mode)
        if getattr(self.model, "config", None) is not None:
            self.model.config.use_cache = self.args.use_cache  # type: ignore[union-attr]
        count: Any = getattr(self.model, "num_parameters", None)
        self.parameters_computed: int = 0 if count is None else count(exclude_embeddings=True)

    def new_state(self) -> TrainerState:
        """The state of a run that has done nothing."""
        return TrainerState(
            is_local_process_zero=self.is_local_process_zero(),
            is_world_process_zero=self.is_world_process_zero(),
            stateful_callbacks=shown.with_state([*self.callback_handler.callbacks, self.control]),
        )

    @property
    def tokenizer(self) -> Any:
        """The old name of `processing_class`."""
        return self.processing_class

    @property
    def model_wrapped(self) -> nn.Module:
        """What is trained: the model, in whatever `_wrap_model` has put around it."""
        return self.model if self._wrapped is None else self._wrapped

    @property
    def accelerator(self) -> TrainersAccelerator:
        """One of `accelerate`, for code that goes backward, gathers or asks by it."""
        if self._accelerator is None or not self._accelerator.state.initialized:  # new arguments forget what it knew
            config = self.args.accelerator_config.to_dict()
            names = ("split_batches", "dispatch_batches", "even_batches", "use_seedable_sampler")
            loading = {"data_seed": self.args.data_seed, **{name: config[name] for name in names}}
            self._accelerator = trainers_accelerator(loading, use_cpu=self.args.use_cpu)
        self._accelerator.loss_scaler = self.run_state.scaler
        return self._accelerator

    @property
    def loss_shifts_labels(self) -> bool:
        """Whether the model shifts labels itself: then the first of a row is no target."""
        return is_causal(self.model)

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
        assert self.model_init is not None
        takes = len(inspect.signature(self.model_init).parameters)
        model: nn.Module | None = self.model_init() if takes == 0 else self.model_init(trial)
        if model is None:
            raise UserError(
                _("model_init returned nothing"),
                where="model_init",
                fix=_("end it with: return model"),
            )
        return model

    def columns(self, dataset: Any) -> tuple[Any, Any]:
        """The data set and the collator, without the columns that the model does not take if the arguments say so."""
        if not self.args.remove_unused_columns:
            return dataset, self.data_collator
        used = inputs.used_columns(self.model, self.label_names)
        return inputs.without_unused_columns(dataset, self.data_collator, used)

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        """Names of the parameters that weight decay acts on."""
        return decayed_names(model)

    def get_total_train_batch_size(self, args: Any) -> int:
        """Rows of an update, over all processes."""
        return int(args.per_device_train_batch_size * args.gradient_accumulation_steps * self.processes.count)

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Operations of a forward and backward pass: 6 x tokens x parameters (Kaplan et al. 2020, section 2.1)."""
        if "input_ids" not in inputs:
            return 0
        tokens: int = inputs["input_ids"].numel()
        return 6 * tokens * self.parameters_computed

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
        folder = pathlib.Path(output_dir or self.args.output_dir)
        switch(self.optimizer, "eval")
        if storage.is_in_the_making(folder):
            folder.mkdir(exist_ok=True)
            self._save(str(folder))
            return
        if self.processes.is_main:
            with storage.new_files(folder) as work:
                self._save(str(work))
        self.processes.barrier()
        if self.args.push_to_hub and not _internal_call:
            self.push_to_hub("Model save")

    def save_state(self) -> None:
        """Save `state` as JSON into `args.output_dir`."""
        if self.processes.is_main:
            with storage.new_files(pathlib.Path(self.args.output_dir)) as work:
                storage.write_json(work / "trainer_state.json", vars(self.state))

    def end(self) -> None:
        """Leave the process group; call it last, if at all."""
        leave()
