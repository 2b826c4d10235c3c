"""Instruction pairs: templates, and rendering them with samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from blift.schemas.split import Split
from blift.transforms.instructions import Pairs, instructions
from blift.transforms.templates import Template, shipped
from blift.transforms.templates import load_template as load
from blift.transforms.templates.template import shipped_path


def template_names() -> list[str]:
    """The names of the templates that come with the package."""
    return shipped()


def load_template(name: str | Path) -> Template:
    """A template that comes with the package, by its name, or a file of your own, by its path.

    Raises:
        RecipeError: says what is wrong with the file, and where.
    """
    return load(shipped_path(str(name)) if name in shipped() else Path(name))


def render_pairs(samples: pa.Table, templates: Sequence[Template], splits: Sequence[str] | None = None) -> Pairs:
    """The pairs of every sample and template, in both shapes, and the pairs that have nothing to ask.

    Args:
        samples: rows of the sample table.
        templates: in the order in which the pairs of a sample stand.
        splits: `train`, `validation` or `test` for every sample; None puts all into `train`.

    Raises:
        RecipeError: a template cannot be rendered with a sample.
    """
    assigned = [Split.TRAIN.value] * samples.num_rows if splits is None else [Split(split).value for split in splits]
    return instructions(samples, templates, pl.Series(assigned, dtype=pl.String))
