"""AdamW against the formula it promises; groups, optimizers and schedules against those of `transformers`."""

import math
import pathlib
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import BertForSequenceClassification

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import AdamW, Trainer, TrainingArguments
from warmstart.engine.optimizer import make_optimizer, make_scheduler, parameter_groups
from warmstart.errors import UserError

FEW = settings(max_examples=60, deadline=None)


class Literal:
    """One parameter under `transformers.AdamW` as release 4.30 had it, line by line, in float64."""

    def __init__(self, weight: torch.Tensor) -> None:
        self.p = weight.clone()
        self.step = 0
        self.exp_avg = torch.zeros_like(self.p)
        self.exp_avg_sq = torch.zeros_like(self.p)

    def update(
        self, grad: torch.Tensor, lr: float, betas: Any, eps: float, weight_decay: float, correct_bias: bool
    ) -> None:
        beta1, beta2 = betas
        self.step += 1
        self.exp_avg.mul_(beta1).add_(grad, alpha=1.0 - beta1)
        self.exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1.0 - beta2)
        denom = self.exp_avg_sq.sqrt().add_(eps)
        step_size = lr
        if correct_bias:
            bias_correction1 = 1.0 - beta1**self.step
            bias_correction2 = 1.0 - beta2**self.step
            step_size = step_size * math.sqrt(bias_correction2) / bias_correction1
        self.p.addcdiv_(self.exp_avg, denom, value=-step_size)
        if weight_decay > 0.0:
            self.p.add_(self.p, alpha=-lr * weight_decay)


options = st.fixed_dictionaries(
    {
        "lr": st.floats(0, 0.5),
        "betas": st.tuples(st.floats(0, 0.99), st.floats(0, 0.9999)),
        "eps": st.floats(1e-10, 1e-2),
        "weight_decay": st.sampled_from([0.0, 0.01, 0.3]),
        "correct_bias": st.booleans(),
    }
)


@FEW
@given(options, st.integers(0, 10**6), st.integers(1, 30))
def test_adamw_is_the_formula(settings_: dict[str, Any], seed: int, steps: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(7, generator=generator, dtype=torch.float64)
    parameter, literal = nn.Parameter(start.clone()), Literal(start)
    optimizer = AdamW([parameter], **settings_)
    for _ in range(steps):
        gradient = torch.randn(7, generator=generator, dtype=torch.float64) * 10 ** float(
            torch.randint(-4, 4, (), generator=generator)
        )
        parameter.grad = gradient.clone()
        optimizer.step()
        literal.update(gradient, **settings_)
    torch.testing.assert_close(parameter.detach(), literal.p, rtol=1e-10, atol=1e-12)


def test_adamw_has_the_defaults_of_the_course_and_each_group_its_own() -> None:
    one, two = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    groups: list[dict[str, Any]] = [{"params": [one]}, {"params": [two], "lr": 0.0, "weight_decay": 0.5}]
    optimizer = AdamW(groups)
    assert {name: optimizer.defaults[name] for name in ("lr", "betas", "eps", "weight_decay", "correct_bias")} == {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-6,
        "weight_decay": 0.0,
        "correct_bias": True,
    }
    one.grad, two.grad = torch.ones(3), torch.ones(3)
    optimizer.step()
    assert (one < 1).all()
    assert (two == 1).all()


def test_adamw_differs_from_that_of_torch_where_it_says_so() -> None:
    """`eps` beside the uncorrected root: with tiny gradients the first step is much shorter."""
    ours, theirs = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    ours.grad, theirs.grad = torch.full((1,), 1e-6), torch.full((1,), 1e-6)
    AdamW([ours], lr=1.0, eps=1e-6).step()
    torch.optim.AdamW([theirs], lr=1.0, eps=1e-6, weight_decay=0.0).step()
    assert theirs.item() == pytest.approx(-0.5, rel=1e-3)
    assert ours.item() == pytest.approx(-1e-6 / (1e-6 + 1e-6 / math.sqrt(0.001)), rel=1e-3)


def test_adamw_goes_on_from_a_saved_state() -> None:
    def gradients(count: int) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(3)
        return [torch.randn(5, generator=generator) for _ in range(count)]

    def run(parameter: nn.Parameter, optimizer: AdamW, some: list[torch.Tensor]) -> None:
        for gradient in some:
            parameter.grad = gradient
            optimizer.step()

    whole = nn.Parameter(torch.ones(5))
    run(whole, AdamW([whole], lr=0.1, weight_decay=0.1), gradients(8))
    half = nn.Parameter(torch.ones(5))
    optimizer = AdamW([half], lr=0.1, weight_decay=0.1)
    run(half, optimizer, gradients(8)[:4])
    rest = nn.Parameter(half.detach().clone())
    resumed = AdamW([rest], lr=0.1, weight_decay=0.1)
    resumed.load_state_dict(optimizer.state_dict())
    run(rest, resumed, gradients(8)[4:])
    assert torch.equal(rest, whole)


def test_adamw_runs_a_closure_and_skips_what_has_no_gradient() -> None:
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = AdamW([used, unused], no_deprecation_warning=True)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (used**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    assert optimizer.step(closure).item() == 2.0
    assert (used < 1).all()
    assert (unused == 1).all()
    assert unused not in optimizer.state


@pytest.mark.parametrize("wrong", [{"lr": -1.0}, {"eps": -1.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}])
def test_adamw_refuses_what_is_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        AdamW([nn.Parameter(torch.ones(1))], **wrong)


def test_adamw_refuses_sparse_gradients() -> None:
    embedding = nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="sparse"):
        AdamW(embedding.parameters()).step()


# Against transformers


def stock(model: nn.Module, folder: pathlib.Path, **settings_: Any) -> Any:
    arguments = transformers.TrainingArguments(str(folder), use_cpu=True, report_to="none", **settings_)
    return transformers.Trainer(model, arguments, data_collator=Pad(), train_dataset=rows(8))


def described(optimizer: torch.optim.Optimizer, model: nn.Module) -> Any:
    """Class and groups, with the parameters under their names."""
    names = {id(p): name for name, p in model.named_parameters()}
    return type(optimizer), [
        {key: value for key, value in group.items() if key != "params"}
        | {"params": [names[id(p)] for p in group["params"]]}
        for group in optimizer.param_groups
    ]


@pytest.mark.parametrize(
    "settings_",
    [
        {},
        {"optim": "adamw_torch", "weight_decay": 0.1, "adam_beta1": 0.8, "adam_beta2": 0.95, "adam_epsilon": 1e-5},
        {"optim": "adamw_torch_fused", "learning_rate": 3e-4},
        {"optim": "adafactor", "weight_decay": 0.1},
        {"optim": "sgd", "optim_args": "momentum=0.9"},
        {"optim": "adagrad"},
        {"optim": "rmsprop"},
    ],
)
def test_optimizers_and_groups_are_those_of_the_stock_trainer(
    settings_: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    model = tiny_bert()
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    theirs = stock(model, tmp_path, **settings_).create_optimizer()
    ours = make_optimizer(model, TrainingArguments(str(tmp_path), report_to="none", **settings_))
    assert described(ours, model) == described(theirs, model)


def test_biases_and_normalisation_do_not_decay() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.norm = nn.LayerNorm(2)
            self.q_norm = nn.Linear(2, 2, bias=False)  # called a norm

    decayed, others = parameter_groups(Odd(), 0.1)
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    assert len(decayed["params"]) == 1
    assert len(others["params"]) == 4


@pytest.mark.parametrize(
    "settings_",
    [
        {"lr_scheduler_type": "linear", "warmup_steps": 4},
        {"lr_scheduler_type": "cosine", "warmup_ratio": 0.3},
        {"lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr_rate": 0.1}},
        {"lr_scheduler_type": "constant_with_warmup", "warmup_steps": 0.5},
        {"lr_scheduler_type": "inverse_sqrt", "warmup_steps": 3},
        {"lr_scheduler_type": "polynomial"},
    ],
)
def test_schedules_are_those_of_the_stock_trainer(settings_: dict[str, Any], tmp_path: pathlib.Path) -> None:
    model = tiny_bert()
    new = {("warmup_steps" if name == "warmup_ratio" else name): value for name, value in settings_.items()}
    trainer = stock(model, tmp_path, **new)
    trainer.create_optimizer_and_scheduler(20)
    arguments = TrainingArguments(str(tmp_path), report_to="none", **settings_)
    optimizer = make_optimizer(model, arguments)
    scheduler = make_scheduler(optimizer, arguments, 20)
    rates = []
    for _ in range(20):
        rates.append((trainer.lr_scheduler.get_last_lr(), scheduler.get_last_lr()))
        for step in (trainer.optimizer.step, optimizer.step, trainer.lr_scheduler.step, scheduler.step):
            step()
    assert all(theirs == ours for theirs, ours in rates)
    assert len({ours[0] for _, ours in rates}) > 1


@pytest.mark.parametrize(
    "settings_",
    [{"lr_scheduler_type": "cosine_with_min_lr"}, {"optim": "apollo_adamw"}],
    ids=["a schedule without its options", "an optimizer that is not installed"],
)
def test_what_cannot_be_made_is_told_as_an_error_of_the_user(settings_: dict[str, Any], tmp_path: pathlib.Path) -> None:
    arguments = TrainingArguments(str(tmp_path), report_to="none", **settings_)
    with pytest.raises(UserError) as caught:
        make_scheduler(make_optimizer(tiny_bert(), arguments), arguments, 20)
    assert caught.value.where
    assert caught.value.fix


class ScheduleFree(torch.optim.Optimizer):
    """As the optimizers of `schedulefree`: while it trains the weights are between what they are to be and `z`."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr, "train_mode": False, "updates": 0})

    def train(self) -> None:
        self._change(True, 0.1)

    def eval(self) -> None:
        self._change(False, 1 - 1 / 0.9)

    def _change(self, mode: bool, share: float) -> None:
        for group in self.param_groups:
            for p in group["params"] if group["train_mode"] != mode else []:
                p.data.lerp_(self.state[p].setdefault("z", p.detach().clone()), share)
            group["train_mode"] = mode

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            assert group["train_mode"]
            group["updates"] += 1
            for p in group["params"]:
                z = self.state[p]["z"]
                p.data.lerp_(z, 1 / group["updates"]).sub_(p.grad, alpha=0.1 * group["lr"])
                z.sub_(p.grad, alpha=group["lr"])


def test_an_optimizer_that_keeps_other_weights_while_it_trains_is_switched(tmp_path: pathlib.Path) -> None:
    def trained(folder: pathlib.Path, kind: Any = Trainer, resume: str | None = None, **settings: Any) -> Any:
        model = tiny_bert()
        plain = {"report_to": "none", "disable_tqdm": True, "use_cpu": True}
        given = {**plain, "max_steps": 4, "save_strategy": "steps", "save_steps": 2, **settings}
        args = (TrainingArguments if kind is Trainer else transformers.TrainingArguments)(str(folder), **given)
        optimizers = (ScheduleFree(model.parameters()), None)
        trainer = kind(model, args, Pad(), rows(32), rows(16, seed=1), optimizers=optimizers)
        trainer.train(resume_from_checkpoint=resume)
        return trainer

    ours = trained(tmp_path / "ours")
    stock = trained(tmp_path / "stock", transformers.Trainer, save_strategy="no")
    kept = {name: tensor.clone() for name, tensor in ours.model.state_dict().items()}
    assert ours.evaluate()["eval_loss"] == pytest.approx(stock.evaluate()["eval_loss"], rel=1e-5)
    saved = BertForSequenceClassification.from_pretrained(tmp_path / "ours" / "checkpoint-4").state_dict()
    again = trained(tmp_path / "ours", resume=str(tmp_path / "ours" / "checkpoint-2"))
    ended = [saved, ours.model.state_dict(), again.model.state_dict()]
    assert all(torch.equal(tensor, one[name]) for name, tensor in kept.items() for one in ended)
