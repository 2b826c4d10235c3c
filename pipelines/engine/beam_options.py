"""Beam's options, whose views are made once."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from apache_beam.options.pipeline_options import PipelineOptions

_View = TypeVar("_View", bound=PipelineOptions)


class KeptOptions(PipelineOptions):
    """Beam's options that keep their views.

    Beam asks for a view at each of the hundreds of steps of a pipeline, and makes a parser of arguments each time,
    which small builds feel. Views of one object share their values, so one view of a class does for all.
    """

    def view_as(self, cls: type[_View]) -> _View:
        """The view of a class, the same each time."""
        # A value that is set as an attribute has to be an option.
        views = self.__dict__.setdefault("kept_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return cast("_View", views[cls])

    def __getstate__(self) -> dict[str, Any]:
        """All but the views, which are made again."""
        return {name: value for name, value in super().__getstate__().items() if name != "kept_views"}
