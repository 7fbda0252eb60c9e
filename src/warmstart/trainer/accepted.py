"""Every setting of `transformers.TrainingArguments`: honoured, accepted with nothing left to do, or refused by name.

docs/trainer.md has them all in a table, which `python -m tests.settings` makes from here.
"""

import dataclasses

from warmstart.messages import N_, _

HONOURED = frozenset(
    """output_dir per_device_train_batch_size num_train_epochs max_steps learning_rate lr_scheduler_type
    lr_scheduler_kwargs warmup_steps optim optim_args optim_target_modules weight_decay adam_beta1 adam_beta2
    adam_epsilon gradient_accumulation_steps max_grad_norm label_smoothing_factor bf16 fp16 bf16_full_eval
    fp16_full_eval tf32
    gradient_checkpointing gradient_checkpointing_kwargs activation_checkpointing activation_checkpointing_kwargs
    torch_compile torch_compile_backend torch_compile_mode use_cache neftune_noise_alpha torch_empty_cache_steps
    logging_strategy logging_steps logging_first_step log_on_each_node log_level log_level_replica disable_tqdm
    report_to run_name project trackio_space_id trackio_bucket_id trackio_static_space_id
    include_num_input_tokens_seen eval_strategy eval_steps eval_delay per_device_eval_batch_size prediction_loss_only
    eval_on_start eval_do_concat_batches include_for_metrics batch_eval_metrics save_only_model save_strategy save_steps
    save_total_limit load_best_model_at_end metric_for_best_model greater_is_better
    restore_callback_states_from_checkpoint full_determinism seed data_seed use_cpu accelerator_config
    dataloader_drop_last dataloader_num_workers dataloader_pin_memory dataloader_persistent_workers
    dataloader_prefetch_factor dataloader_multiprocessing_context remove_unused_columns label_names
    train_sampling_strategy length_column_name skip_memory_metrics ddp_timeout debug do_train do_eval do_predict
    resume_from_checkpoint local_rank push_to_hub hub_token hub_private_repo hub_model_id hub_strategy hub_always_push
    hub_revision""".split()
)

# What these ask for holds already, or has nothing to act on.
NOTHING_LEFT = {
    "auto_find_batch_size": N_("an update that does not fit into the memory is computed again in smaller pieces"),
    "average_tokens_across_devices": N_("every target of an update weighs the same, on whichever process it is"),
    "dataloader_in_order": N_("batches come in order: the rows of each update are known"),
    **dict.fromkeys(
        ("ddp_broadcast_buffers", "ddp_bucket_cap_mb", "ddp_static_graph"), N_("DistributedDataParallel is not used")
    ),
    "ddp_find_unused_parameters": N_("parameters that a process did not use count as zero there"),
    "enable_jit_checkpoint": N_("SIGTERM always saves a checkpoint that can be resumed from, and ends the run"),
    "eval_accumulation_steps": N_("what a batch gave is moved off the device at once"),
    "eval_use_gather_object": N_("results of any type are gathered from the processes"),
    "ignore_data_skip": N_("resuming walks through no rows: it goes to the next one at once"),
    "logging_nan_inf_filter": N_("no loss that is not finite is logged: on_nonfinite says what becomes of its update"),
}

# What to do instead of these.
INSTEAD = {
    **dict.fromkeys(
        ("use_liger_kernel", "liger_kernel_config"),
        N_("leave it out; or call liger's own function on the model before it is given to the Trainer"),
    ),
    **dict.fromkeys(
        ("parallelism_config", "fsdp", "fsdp_config", "deepspeed"),
        N_(
            "leave it out: each process holds the whole model; for a model larger than a device use "
            "transformers.Trainer"
        ),
    ),
    "ddp_backend": N_("leave it out: nccl joins GPUs, and gloo CPUs"),
    "save_on_each_node": N_("leave it out: checkpoints are written once; let output_dir lie where all machines see it"),
}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting's `name`, what becomes of it (`"honoured"`, `"accepted"`, `"refused"`), and why, or what instead."""

    name: str
    answer: str
    why: str


def setting(name: str) -> Setting:
    """What becomes of one setting, in the user's language."""
    if name in HONOURED:
        return Setting(name, "honoured", "")
    if name in NOTHING_LEFT:
        return Setting(name, "accepted", _(NOTHING_LEFT[name]))
    fix = _(INSTEAD[name]) if name in INSTEAD else _("leave it out, or use transformers.Trainer for it")
    return Setting(name, "refused", fix)
