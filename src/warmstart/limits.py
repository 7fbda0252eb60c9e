"""What a setting's value must be, in the user's language: pydantic's complaints."""

from typing import TYPE_CHECKING

from warmstart.messages import N_, _

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Pydantic's own sentences, by its name of the complaint; the braces are filled from its context.
SENTENCES = {
    "greater_than": N_("Input should be greater than {gt}"),
    "greater_than_equal": N_("Input should be greater than or equal to {ge}"),
    "less_than": N_("Input should be less than {lt}"),
    "less_than_equal": N_("Input should be less than or equal to {le}"),
    "finite_number": N_("Input should be a finite number"),
    "literal_error": N_("Input should be {expected}"),
    "float_parsing": N_("Input should be a valid number, unable to parse string as a number"),
    "float_type": N_("Input should be a valid number"),
    "int_parsing": N_("Input should be a valid integer, unable to parse string as an integer"),
    "int_parsing_size": N_("Unable to parse input string as an integer, exceeded maximum size"),
    "int_type": N_("Input should be a valid integer"),
    "int_from_float": N_("Input should be a valid integer, got a number with a fractional part"),
    "bool_parsing": N_("Input should be a valid boolean, unable to interpret input"),
    "bool_type": N_("Input should be a valid boolean"),
    "string_type": N_("Input should be a valid string"),
    "tuple_type": N_("Input should be a valid tuple"),
}


def what_is_wrong(complaint: "ErrorDetails") -> str:
    """One complaint of a pydantic `ValidationError`, as a phrase about the value."""
    english = SENTENCES.get(complaint["type"])
    if english is None or _(english) == english:
        return complaint["msg"]
    return _(english).format(**complaint.get("ctx", {})).replace(" or ", _(" or "))
