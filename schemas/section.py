"""What every part of a recipe is, and the types that several of them use."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from blift.schemas.checked import Checked, clash
from blift.schemas.errors import RecipeError


class Section(Checked):
    """A part of a recipe; an unknown key is an error."""


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
        # It may be the credential itself: as a RecipeError, unlike a ValueError, it is not shown.
        raise RecipeError(
            "A key that ends in `_env` takes the name of an environment variable (A-Z, 0-9, _). Put the value itself "
            "into the environment, never into a recipe."
        )
    return name


EnvironmentVariable = Annotated[str, AfterValidator(_variable)]


def check_days(posted_from: date | None, posted_before: date | None) -> None:
    """Check two options of these names: some day lies between them.

    Raises:
        PydanticCustomError: none does.
    """
    if posted_from is not None and posted_before is not None and posted_from >= posted_before:
        raise clash(
            "posted_from",
            f"is {posted_from}, and `posted_before` is {posted_before}: no day lies between them; correct one of them",
        )
