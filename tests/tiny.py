"""A tiny pretrained checkpoint with its own tokenizer, and tables whose labels can be read off their words."""

import csv
import json
import pathlib
import random
from typing import Any

WORDS = "good bad fine awful the a film was book very so 好 坏 书 很".split()
FILLER = WORDS[4:11]
HIDDEN, LONGEST = 32, 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def tokenizer() -> Any:
    """A WordPiece tokenizer of a few whole words."""
    from transformers import BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    return BertTokenizerFast(vocab={word: number for number, word in enumerate(vocabulary)}, model_max_length=LONGEST)


def checkpoint(folder: pathlib.Path) -> str:
    """Save a two-layer BERT of random weights, without a head, and its tokenizer into `folder`."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS) + 5,
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=LONGEST,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)


def publish(folder: pathlib.Path, cache: pathlib.Path, commit: str = COMMIT) -> None:
    """Put a checkpoint into `cache` as `huggingface_hub` lays out a download of org/tiny."""
    home = cache / "models--org--tiny"
    (home / "blobs").mkdir(parents=True, exist_ok=True)
    (home / "refs").mkdir(exist_ok=True)
    (home / "refs" / "main").write_text(commit)
    for number, path in enumerate(path for path in sorted(folder.rglob("*")) if path.is_file()):
        blob = home / "blobs" / f"{commit[:8]}{number}"
        blob.write_bytes(path.read_bytes())
        link = home / "snapshots" / commit / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)


def reviews(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows of different texts, every other one with "good" in it and the label "positive"."""
    draw = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        words = draw.choices(FILLER, k=draw.randint(2, 9))
        good = len(found) % 2 == 0
        words.insert(draw.randint(0, len(words)), "good" if good else "bad")
        found.setdefault(" ".join(words), "positive" if good else "negative")
    return [{"text": text, "label": label} for text, label in found.items()]


def write(path: pathlib.Path, rows: list[dict[str, Any]]) -> pathlib.Path:
    """Write rows as JSON lines or, by the name's ending, as CSV."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
