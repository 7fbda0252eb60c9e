"""What each family of models calls the parts of its encoder."""

import dataclasses
from typing import Any

from torch import nn

from warmstart.models.ragged.layer import Layer


@dataclasses.dataclass(frozen=True)
class Names:
    """Paths from a layer to its parts; None where a family has no such dropout."""

    query: str
    key: str
    value: str
    out: str
    norm: str
    up: str
    act: str
    down: str
    last_norm: str
    drop_weights: str
    drop_out: str | None
    drop_down: str | None


BERT = Names(
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    out="attention.output.dense",
    norm="attention.output.LayerNorm",
    up="intermediate.dense",
    act="intermediate.intermediate_act_fn",
    down="output.dense",
    last_norm="output.LayerNorm",
    drop_weights="attention.self.dropout",
    drop_out="attention.output.dropout",
    drop_down="output.dropout",
)
DISTILBERT = Names(
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    out="attention.out_lin",
    norm="sa_layer_norm",
    up="ffn.lin1",
    act="ffn.activation",
    down="ffn.lin2",
    last_norm="output_layer_norm",
    drop_weights="attention.dropout",
    drop_out=None,
    drop_down="ffn.dropout",
)
ALBERT = Names(
    query="attention.query",
    key="attention.key",
    value="attention.value",
    out="attention.dense",
    norm="attention.LayerNorm",
    up="ffn",
    act="activation",
    down="ffn_output",
    last_norm="full_layer_layer_norm",
    drop_weights="attention.attention_dropout",
    drop_out="attention.output_dropout",
    drop_down=None,
)
# The class of the encoder module, and the names in its layers.
FAMILIES = {
    "BertEncoder": BERT,
    "RobertaEncoder": BERT,
    "XLMRobertaEncoder": BERT,
    "CamembertEncoder": BERT,
    "ElectraEncoder": BERT,
    "Transformer": DISTILBERT,
    "AlbertTransformer": ALBERT,
}
# Models whose head reads the first token and no other, and the part that picks it out (None: the model itself does).
FIRST_TOKEN_HEADS = {
    "BertForSequenceClassification": "bert.pooler",
    "RobertaForSequenceClassification": "classifier",
    "XLMRobertaForSequenceClassification": "classifier",
    "CamembertForSequenceClassification": "classifier",
    "ElectraForSequenceClassification": "classifier",
    "DistilBertForSequenceClassification": None,
    "AlbertForSequenceClassification": None,
}


def find_encoder(model: nn.Module) -> nn.Module | None:
    """The one encoder of a known family in `model`; None if there is none, or more than one."""
    found = [m for m in model.modules() if type(m).__name__ in FAMILIES and is_stock(m)]
    return found[0] if len(found) == 1 else None


def is_stock(module: nn.Module) -> bool:
    """Whether the module's class is one of `transformers`, and not somebody's subclass of one."""
    return type(module).__module__.startswith("transformers.models.")


def reads_first_token(model: Any) -> bool:
    """Whether what comes out of `model` depends on the encoder's output for the first tokens alone."""
    if type(model).__name__ not in FIRST_TOKEN_HEADS or not is_stock(model) or not is_stock(model.base_model):
        return False
    reader = reader_of(model)
    return reader is None or is_stock(reader)


def reader_of(model: nn.Module) -> nn.Module | None:
    """The part that picks out the first token, in one of those models; None if it is the model itself."""
    path = FIRST_TOKEN_HEADS[type(model).__name__]
    return None if path is None else model.get_submodule(path)


def layers_of(encoder: Any) -> list[Layer]:
    """The layers in the order in which tokens pass through them; ALBERT's repeat."""
    names = FAMILIES[type(encoder).__name__]
    if names is not ALBERT:
        return [_layer(module, names, encoder) for module in encoder.layer]
    config, groups = encoder.config, encoder.albert_layer_groups
    per_group = config.num_hidden_layers / config.num_hidden_groups
    order = [groups[int(i / per_group)] for i in range(config.num_hidden_layers)]
    known = {id(module): _layer(module, names, encoder) for group in groups for module in group.albert_layers}
    return [known[id(module)] for group in order for module in group.albert_layers]


def _layer(module: nn.Module, names: Names, encoder: Any) -> Layer:
    def part(path: str) -> Any:
        found: Any = module
        for step in path.split("."):
            found = getattr(found, step)
        return found

    def share(path: str | None) -> float:
        return 0.0 if path is None else float(part(path).p)

    attention = part(names.query.rpartition(".")[0])
    heads = getattr(attention, "num_attention_heads", None) or attention.n_heads
    parts = {name: part(getattr(names, name)) for name in ("query", "key", "value", "out", "norm", "up", "act")}
    return Layer(
        **parts,
        down=part(names.down),
        last_norm=part(names.last_norm),
        heads=int(heads),
        drop_weights=share(names.drop_weights),
        drop_out=share(names.drop_out),
        drop_down=share(names.drop_down),
    )
