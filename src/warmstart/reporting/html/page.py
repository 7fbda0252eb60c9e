"""The page around its sections: one file, no network, light and dark, in the user's language.

What may run is said by the hash of each script: a text of a table that got through as a script would not run. Nothing
may be fetched from anywhere.
"""

import base64
import hashlib
import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

from warmstart import __version__
from warmstart.messages import _, language
from warmstart.reporting.html import bundle
from warmstart.reporting.html.elements import Markup, element, joined, paragraph, text

HERE = pathlib.Path(__file__).parent
LANGUAGES = {"en": "en", "zh": "zh-CN"}


def page(
    title: str, subtitle: str, sections: Iterable[tuple[str, str, Markup]], charts: "Sequence[dict[str, Any]]"
) -> str:
    """The whole file. `sections`: name, title for the list of contents, and the section; empty ones are left out.
    `charts`: what `charts.Charts` has collected, drawn where the sections have their places."""
    there = [(name, heading, body) for name, heading, body in sections if body]
    links = element(
        "nav", *(element("a", heading, href=f"#{name}") for name, heading, _body in there), aria_label=_("Contents")
    )
    themes = element("button", _("Light or dark"), type="button", id="theme", class_="theme")
    head = element(
        "header", element("div", element("h1", title), themes, class_="top"), paragraph(subtitle, "subtitle"), links
    )
    foot = element(
        "footer", _("Made by warmstart {version}. This page holds texts of your table.").format(version=__version__)
    )
    missing = (
        []
        if bundle.installed()
        else [
            paragraph(
                _(
                    "Tables stand here in place of charts. For charts: pip install 'warmstart[report]', and make this "
                    "page again."
                ),
                "note",
            )
        ]
    )
    main = element("main", *missing, *(body for _name, _heading, body in there))
    scripts = [(HERE / "page.js").read_text(encoding="utf-8")]
    if charts:
        scripts.insert(0, bundle.script())
    policy = "; ".join(
        [
            "default-src 'none'",
            "script-src " + " ".join(map(_hash, scripts)),
            "style-src 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    style = (HERE / "page.css").read_text(encoding="utf-8")
    words = {"found": _("{shown} of {total} rows").format(shown="{shown}", total="{total}")}  # the script fills them in
    return f"""<!doctype html>
<html lang="{LANGUAGES[language()]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="warmstart {__version__}">
<title>{text(title)}</title>
<style>{style}</style>
</head>
<body>
{joined([head, main, foot])}
<script type="application/json" id="words">{as_json(words)}</script>
<script type="application/json" id="charts">{as_json(list(charts))}</script>
{"".join(f"<script>{script}</script>" for script in scripts)}
</body>
</html>
"""


def as_json(value: Any) -> str:
    """JSON that ends no script and begins no comment, whatever text is in it."""
    found = json.dumps(value, ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        found = found.replace(character, f"\\u{ord(character):04x}")
    return found


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
