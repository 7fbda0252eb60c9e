"""Findings on a page: what is wrong, where, how to mend it, and how much it matters if that is known."""

from collections.abc import Mapping, Sequence
from typing import Any

from warmstart.messages import N_, _, ngettext
from warmstart.reporting.html.elements import Markup, element, joined, paragraph

MOST = 500
STOPS = N_("stops training")
SEVERITIES = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}


def found(findings: Sequence[Mapping[str, Any]]) -> Markup:
    """Each finding, as `Profile.to_dict` has it; keys that it has besides are shown by their names."""
    shown = joined(map(_finding, findings[:MOST]))
    left = len(findings) - MOST
    more = ngettext("and {left:,} more", "and {left:,} more", left).format(left=left) if left > 0 else ""
    return joined([shown, paragraph(more, "rule") if more else ""])


def _finding(one: Mapping[str, Any]) -> Markup:
    severity = str(one.get("severity") or "")
    stops = bool(one.get("stops_training")) or severity == "error"
    said = _(STOPS) if one.get("stops_training") else _(SEVERITIES.get(severity, severity)) if severity else ""
    kind = "error" if stops else "note-only" if severity == "note" else "warning"
    return element(
        "div",
        element("div", said, class_="severity") if said else "",
        paragraph(element("strong", one.get("problem", ""))),
        paragraph(one["where"], "rule") if one.get("where") else "",
        paragraph(_("To mend it: {fix}").format(fix=one["fix"])) if one.get("fix") else "",
        class_=f"finding {kind}",
    )
