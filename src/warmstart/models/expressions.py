"""The regular expressions of a tokenizer, which somebody else has written and which run on every text.

Those that are known to be quick are let through by their form. Any other tokenizer is first tried in a process of its
own, which ends when it takes too long or too much memory; nothing else can end compiled code.
"""

import functools
import math
import os
import re
import subprocess  # nosec B404 # a program of ours, on a path that we hand over
import sys
from collections.abc import Iterator
from typing import Any

from warmstart.errors import first_line
from warmstart.messages import _
from warmstart.models import hub, sound

STEPS = ("normalizer", "pre_tokenizer", "decoder")
QUANTIFIER = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")
GROUP = re.compile(rf"\((?:\?[imsx-]*:|(\?<?[=!]))?([^()]*)\)({QUANTIFIER.pattern})?")
LONGEST = 2_000  # characters of an expression that is judged by its form
MOST_STARS, MOST_TIMES = 2, 100  # in one alternative: of repeats without an end, and of counted ones
MOST_ADDED = 200_000  # tokens; each is looked for in every text, and 100,000 take five seconds to load
LONGER = 8  # characters that stand for one
MOST_GROWTH = 10_000  # times as long as the text, if each character were replaced by each step
SECONDS, MEMORY = 10, 2 << 30  # of the process that tries
TRY = """
import sys
try:
    import resource
except ImportError:  # Windows
    pass
else:
    for kind, most in ((resource.RLIMIT_CPU, int(sys.argv[2])), (resource.RLIMIT_AS, int(sys.argv[3]))):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_padding()
tokenizer.no_truncation()
characters = [chr(number) for number in (9, 10, *range(32, 127), 0xE9, 0x430, 0x939, 0x4E2D, 0x1F600)]
texts = ["The quick brown fox, at 10:30, didn't jump 1,000 times over 3.5 lazy dogs; why?! " * 8]
texts += ["".join(characters) * 4]
texts += [character * 400 for character in characters]
texts += [character * 200 + "!" for character in characters] + ["ab" * 200, "a b " * 100, " a" * 200 + "1"]
for text in texts:
    found = len(tokenizer.encode(text).ids)
    if found > 100 * len(text):
        sys.exit(f"{found:,} tokens of {len(text):,} characters")
"""


def check(name: str, settings: dict[str, Any]) -> None:
    """Raises UserError for a tokenizer with an expression that is broken, or that takes too long or makes too much of a
    text; nothing where the checkpoint has no `tokenizer.json`."""
    path = hub.find(name, "tokenizer.json", settings)
    if path is None:
        return
    content = sound.read(name, path)
    count = len(content.get("added_tokens") or ())
    if count > MOST_ADDED:
        raise sound.refused(name, _("its tokenizer has {count:,} added tokens").format(count=count), path.name)
    steps = [step for key in STEPS for step in _steps(content.get(key))]
    if math.prod(max(len(str(step.get("content", ""))), 1) for step in steps) > MOST_GROWTH:
        raise sound.refused(name, _("its tokenizer makes texts many times longer"), path.name)
    if all(_is_plain(step) for step in steps):
        return
    seen = path.stat()
    why = _tried(str(path.resolve()), seen.st_mtime_ns, seen.st_size)
    if why:
        raise sound.refused(name, _("its tokenizer does not work ({why})").format(why=why), path.name)


def _steps(content: Any) -> Iterator[dict[str, Any]]:
    """A step and those within it."""
    if isinstance(content, list):
        for inner in content:
            yield from _steps(inner)
    elif isinstance(content, dict):
        if "pattern" in content:
            yield content
        for inner in content.values():
            yield from _steps(inner)


def _is_plain(step: dict[str, Any]) -> bool:
    """Whether a step that looks for a pattern is quick for any text, and leaves it at about its length."""
    pattern, content = step["pattern"], step.get("content", "")
    if not isinstance(pattern, dict) or not isinstance(content, str):
        return isinstance(pattern, str) and len(content if isinstance(content, str) else "") <= LONGER
    if set(pattern) == {"String"} and pattern["String"]:
        return len(content) <= max(len(str(pattern["String"])), 1)
    return set(pattern) == {"Regex"} and len(content) <= 1 and is_quick(pattern["Regex"])


def is_quick(pattern: Any) -> bool:
    """Whether an expression takes a time that grows with the text as a low power at most, judged by its form: no repeat
    within a repeat, no looking back at what was found, few repeats without an end one after another."""
    if not isinstance(pattern, str) or not 0 < len(pattern) <= LONGEST:
        return False
    plain = re.sub(r"\\[pPxu]\{[^}]*\}|\\[^1-9k]", "a", pattern)  # what is escaped is one character
    plain = re.sub(r"\[\^?\]?(?:[^\[\]]|\[[^\]]*\])*\]", "a", plain)  # and so is a class
    if "\\" in plain or "[" in plain:
        return False
    while found := GROUP.search(plain):
        looks, inside, repeated = bool(found[1]), found[2], found[3] or ""
        if not _few(inside) or (repeated not in ("", "?") and ("|" in inside or QUANTIFIER.search(inside))):
            return False
        stars = "" if looks else "*" * _stars(inside)  # which count in the alternative that the group stands in
        plain = plain[: found.start()] + "a" + (stars or repeated) + plain[found.end() :]
    return "(" not in plain and ")" not in plain and _few(plain)


def _few(plain: str) -> bool:
    counted = [max(int(low or 0), int(high or 0)) for low, _comma, high in QUANTIFIER.findall(plain)]
    return _stars(plain) <= MOST_STARS and max(counted, default=0) <= MOST_TIMES


def _stars(plain: str) -> int:
    """The most repeats without an end in one alternative."""
    return max(len(re.findall(r"[*+]|,\}", one)) for one in plain.split("|"))


@functools.cache
def _tried(path: str, changed: int, size: int) -> str:
    """Why a tokenizer does not work; empty if it does. `changed` and `size` make another file of it."""
    del changed, size
    command = [sys.executable, "-P", "-c", TRY, path, str(SECONDS), str(MEMORY)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # nosec B603 # no shell, and no word of the command is a checkpoint's
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=3 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return _("tried on short texts, it does not end")
    except OSError as error:
        return first_line(error)
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("note: ")]
    return said[-1][:200] if said else _("tried on short texts, it does not end")
