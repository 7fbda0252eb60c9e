"""What a checkpoint's files, or a call of `from_pretrained`, may not ask for: a table of keys.

It was read off transformers 5.23: what makes `from_pretrained` import, download or unpickle something is in here.
"""

import dataclasses
import importlib.util
from collections.abc import Callable
from typing import Any

from warmstart.messages import N_, _

TYPES_WITH_KERNELS = {"mra", "yoso"}  # text classifiers whose own code fetches them


@dataclasses.dataclass(frozen=True)
class Rule:
    """A value of one of `keys` for which `refused` is true is a problem, and how it is mended."""

    keys: tuple[str, ...]
    refused: Callable[[Any], bool]
    problem: str
    fix: str

    def told(self) -> tuple[str, str]:
        """Problem and fix, in the user's language."""
        return _(self.problem), _(self.fix)


def is_safe(file: Any) -> bool:
    """Whether weights of that name are safetensors, or the index of such."""
    return str(file).endswith((".safetensors", ".safetensors.index.json"))


def _has_kernels() -> bool:
    """Whether the package is installed by which transformers downloads compiled code and imports it."""
    return importlib.util.find_spec("kernels") is not None


def _is_fetched(value: Any) -> bool:
    names = [str(name) for name in (value.values() if isinstance(value, dict) else [value])]
    return any("/" in name or _is_by_kernels(name.removeprefix("paged|")) for name in names)


def _is_by_kernels(name: str) -> bool:
    """Whether transformers fetches this attention, or experts, where `kernels` is and no package of their own."""
    from transformers import utils

    packages = {f"flash_attention_{version}": f"is_flash_attn_{version}_available" for version in (2, 3, 4)}
    if name not in (*packages, "sonicmoe", "deepgemm") or not _has_kernels():
        return False
    return name not in packages or not getattr(utils, packages[name])()


def _is_no_tokenizer(name: Any) -> bool:
    """Whether `name` is something in transformers whose `from_pretrained` would be called, but no tokenizer."""
    import transformers
    from transformers.utils.import_utils import DummyObject  # stands in for a class whose library is not installed

    found = getattr(transformers, str(name), None)
    if found is None or isinstance(found, DummyObject):
        return False
    return not (isinstance(found, type) and issubclass(found, transformers.PreTrainedTokenizerBase))


CODE = N_("names code to be run")
KERNELS = N_("names code to be downloaded and run")
QUANTISED = N_("is quantised, by code outside of transformers")
PICKLE = N_("has weights that are no safetensors")

OTHER = N_("use another checkpoint: nothing downloaded is executed here")
DELETE = N_(
    "nothing downloaded is executed here; if transformers has this type of model itself, delete the key from a copy"
)
LEAVE_OUT = N_("leave it out: nothing downloaded is executed here")
UNQUANTISED = N_("use the checkpoint that was not quantised")
CONVERT = N_(
    "only safetensors are read, for pickles can run code; convert them on a machine that "
    "may: python -c 'from transformers import AutoModel, AutoTokenizer; "
    '[a.from_pretrained("OLD").save_pretrained("NEW") for a in (AutoModel, AutoTokenizer)]\''
)

IN_FILES = (
    Rule(("auto_map", "custom_pipelines"), bool, CODE, DELETE),
    Rule(("tokenizer_class",), _is_no_tokenizer, CODE, DELETE),
    Rule(("model_type",), lambda value: value == "rag", CODE, OTHER),  # its tokenizers ask whether to run their code
    Rule(("model_type",), lambda value: value in TYPES_WITH_KERNELS and _has_kernels(), KERNELS, OTHER),
    Rule(("attn_implementation", "_attn_implementation"), _is_fetched, KERNELS, DELETE),
    Rule(("experts_implementation", "_experts_implementation"), _is_fetched, KERNELS, DELETE),
    Rule(("use_kernels", "kernel_config"), bool, KERNELS, DELETE),
    Rule(("quantization_config",), bool, QUANTISED, UNQUANTISED),
    Rule(("transformers_weights",), lambda value: value is not None and not is_safe(value), PICKLE, CONVERT),
    Rule(("parent_library",), lambda value: str(value).split(".")[0] != "transformers", CODE, OTHER),  # PEFT
    Rule(("megatron_core",), lambda value: value not in (None, "megatron.core"), CODE, OTHER),  # PEFT
    Rule(("sudachi_config_path", "sudachi_resource_dir"), bool, CODE, OTHER),  # it names plugins, shared libraries
)
IN_CALLS = (
    Rule(("trust_remote_code",), bool, CODE, LEAVE_OUT),
    Rule(("attn_implementation", "experts_implementation"), _is_fetched, KERNELS, LEAVE_OUT),
    Rule(("use_kernels", "kernel_config", "allow_all_kernels"), bool, KERNELS, LEAVE_OUT),
    Rule(("use_safetensors",), lambda value: value is False, PICKLE, CONVERT),
    Rule(("gguf_file",), bool, PICKLE, CONVERT),
)
