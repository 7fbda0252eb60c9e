"""What the updates of a `Trainer` are computed with: its engine, and CUDA graphs where they are."""

from collections.abc import Callable

import torch
from torch import nn
from transformers.trainer_callback import TrainerControl

from warmstart.batches.dataloaders import Batch
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable
from warmstart.engine.capturable import why_no_graphs
from warmstart.engine.cuda_graphs import Graphs
from warmstart.engine.step import Engine, Hooks
from warmstart.engine.techniques import Techniques
from warmstart.messages import _
from warmstart.models.ragged.encoder import Unpadded
from warmstart.trainer.inner_methods import items_for
from warmstart.trainer.whole import Whole


def make_engine(trainer: Whole, on: Techniques) -> Engine:
    """What the updates of `trainer` need. Its callbacks are called within them, as `transformers` calls them."""
    assert trainer.optimizer is not None
    handler = trainer.callback_handler

    def calling(event: Callable[..., TrainerControl]) -> Callable[[], None]:
        def call() -> None:
            trainer.control = event(trainer.args, trainer.state, trainer.control)

        return call

    own = trainer.is_own("compute_loss")
    watching = None if own or on.graphs is not None else trainer.row_losses

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        found: torch.Tensor
        if watching is None:
            found = trainer.compute_loss(model, pad(batch) if own else batch, **items_for(trainer, batch))
        else:
            found, outputs = trainer.compute_loss(model, batch, return_outputs=True, **items_for(trainer, batch))
            watching.saw(outputs)
        return found

    return Engine(
        model=trainer.model_wrapped,
        optimizer=trainer.optimizer,
        scheduler=trainer.lr_scheduler,
        processes=trainer.processes,
        loss=loss,
        label_names=trainer.label_names,
        max_grad_norm=trainer.args.max_grad_norm or 0.0,
        seed=trainer.args.seed,
        precision=trainer.precision,
        own_loss=trainer.has_own_loss,
        scaler=trainer.run_state.scaler,
        hooks=Hooks(
            calling(handler.on_substep_end), calling(handler.on_pre_optimizer_step), calling(handler.on_optimizer_step)
        ),
        techniques=on,
        signals=trainer.signals,
        rows_at_a_time=trainer.run_state.rows_at_a_time,
        fall_back=trainer.run_state.fall_back,
        rows_are_drawn=trainer.run_state.draws is not None,
        weigh=None if trainer.weighted_loss is None else trainer.weighted_loss.weigh,
    )


def make_graphs(trainer: Whole, encoder: Unpadded, folded: bool) -> tuple[Graphs | None, str]:
    """CUDA graphs of this trainer's updates, or why there are none. `folded`: clipping is part of the optimizer's
    step."""
    args = trainer.args
    assert trainer.optimizer is not None
    why_not = why_no_graphs(
        trainer.optimizer,
        encoder,
        trainer.callback_handler.callbacks,
        table=isinstance(trainer.train_dataset, TokenTable),
        micro_batches=args.gradient_accumulation_steps,
        processes=trainer.processes.count,
        folded=folded,
        own_loss=trainer.has_own_loss or trainer.label_smoother is not None,
    )
    why_not = why_not or (_("fp16 scales its loss") if args.fp16 else "")
    why_not = why_not or (_("classes weigh differently") if trainer.weighted_loss is not None else "")
    if why_not:
        return None, why_not
    made = Graphs(
        trainer.model,
        trainer.optimizer,
        encoder,
        rows=args.per_device_train_batch_size,
        max_grad_norm=args.max_grad_norm or 0.0,
        precision=trainer.precision,
        warn=trainer.warn,
    )
    return made, ""
