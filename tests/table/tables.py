"""Small tables for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from warmstart.errors import UserError

Make = Callable[..., Any]


GOOD = "text,label\nfine,pos\nbad,neg\n"


FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused(make: Make, name: str, content: str | bytes, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        make(name, content, **options)
    return caught.value
