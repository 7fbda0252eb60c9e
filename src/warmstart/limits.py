"""What a setting's value must be, in the user's language: pydantic's complaints, which are in English only."""

from typing import TYPE_CHECKING

from warmstart.errors import text

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_NUMBER, _WHOLE, _SWITCH = "必须是数字", "必须是整数", "必须是 true 或 false"
# By pydantic's name of the complaint; the braces are filled from its context.
CHINESE = {
    "greater_than": "必须大于 {gt}",
    "greater_than_equal": "必须不小于 {ge}",
    "less_than": "必须小于 {lt}",
    "less_than_equal": "必须不大于 {le}",
    "finite_number": "必须是有限的数",
    "literal_error": "只能是 {expected}",
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_parsing": _SWITCH,
    "bool_type": _SWITCH,
    "string_type": "必须是文本",
    "tuple_type": "必须是列表",
}


def what_is_wrong(complaint: "ErrorDetails") -> str:
    """One complaint of a pydantic `ValidationError`, as a phrase about the value."""
    template = CHINESE.get(complaint["type"])
    if template is None:
        return complaint["msg"]
    return text(complaint["msg"], template.format(**complaint.get("ctx", {})).replace(" or ", " 或 "))
