"""The section `preferences` of a recipe: which preferences are made of what people did."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from blift.schemas.preference import Measure
from blift.schemas.section import Count, Section
from blift.transforms.preferences.options import (
    CommentOptions,
    Margins,
    PostOptions,
    PreferenceOptions,
    TitleOptions,
)

_Hours = Annotated[float, Field(ge=0.0, le=1_000_000.0)]
_Days = Annotated[float, Field(gt=0.0, le=10_000.0)]


class Compare(Section):
    """What every kind of preference has: by how much the preferred number must be higher, and what must be alike."""

    min_ratio: float = Field(
        default=1.0,
        ge=1.0,
        description="The preferred number over the other, at least. Above 1, the other number must be above 0.",
    )
    min_difference: Count = Field(default=1, description="The preferred number less the other, at least.")
    min_age_hours: _Hours | None = Field(
        default=None,
        description="Both numbers were read at least so many hours after posting. Null: whenever, also unknown.",
    )
    max_read_apart_hours: _Hours | None = Field(
        default=None,
        description="Both numbers were read within so many hours of each other. Null: whenever, also unknown.",
    )
    max_pairs: Count | None = Field(
        default=10,
        description="At most so many pairs of one group (a post, one media in a subreddit, a channel), drawn by a hash "
        "of their ids. Null: all.",
    )

    def margins(self) -> Margins:
        """These options as the transform takes them."""
        return Margins(
            self.min_ratio, self.min_difference, self.min_age_hours, self.max_read_apart_hours, self.max_pairs
        )


class ComparedComments(Compare):
    """Two comments on one post: the one that has the higher score, and was not written earlier, is preferred."""

    min_score: int | None = Field(default=2, description="Lowest score of both comments. Null: any.")
    min_post_score: int | None = Field(default=10, description="Lowest score of the post. Null: any, also unknown.")
    top_level: bool = Field(default=True, description="Only comments on the post itself, no replies.")
    by_poster_out: bool = Field(
        default=True, description="No comments by who posted the post, and none by moderators who speak as such."
    )
    max_comments: Annotated[int, Field(ge=2, le=1000)] = Field(
        default=50, description="Of one post, so many comments with the highest scores are compared."
    )
    max_apart_hours: _Hours | None = Field(
        default=None, description="Both comments were written within so many hours. Null: whenever."
    )

    def options(self) -> CommentOptions:
        """The section as the transform takes it."""
        return CommentOptions(
            self.margins(),
            self.min_score,
            self.min_post_score,
            self.top_level,
            self.by_poster_out,
            self.max_comments,
            self.max_apart_hours,
        )


class ComparedTitles(Compare):
    """Two posts of one media in one subreddit under different titles: the title with the higher score is preferred."""

    days: _Days = Field(default=30.0, description="Both were posted within so many days.")
    later: bool = Field(
        default=False, description="The preferred one must be the later one: it does not owe its score to being first."
    )

    def options(self) -> TitleOptions:
        """The section as the transform takes it."""
        return TitleOptions(self.margins(), self.days, self.later)


class ComparedPosts(Compare):
    """Two posts of one channel, of different media: the one with the higher number is preferred."""

    measure: Measure = Field(default=Measure.VIEWS, description="The number by which they are compared.")
    days: _Days = Field(default=7.0, description="Both were posted within so many days.")
    later: bool = Field(
        default=False,
        description="The preferred one must be the later one: it does not owe its number to being there longer.",
    )

    def options(self) -> PostOptions:
        """The section as the transform takes it."""
        return PostOptions(self.margins(), self.measure, self.days, self.later)


class Prefer(Section):
    """The prefer stage: comments, titles and posts to preference pairs. At least one kind."""

    comments: ComparedComments | None = Field(
        default=None, description="Compare comments on one post, by the rule of SHP. Null: not."
    )
    titles: ComparedTitles | None = Field(
        default=None, description="Compare titles of one media in one subreddit. Null: not."
    )
    posts: ComparedPosts | None = Field(default=None, description="Compare posts of one channel. Null: not.")

    @model_validator(mode="after")
    def _compare_something(self) -> Prefer:
        if self.comments is None and self.titles is None and self.posts is None:
            raise ValueError("it compares nothing; add `comments: {}`, `titles: {}` or `posts: {}`")
        return self

    def options(self) -> PreferenceOptions:
        """The section as the transform takes it."""
        return PreferenceOptions(
            self.comments.options() if self.comments else None,
            self.titles.options() if self.titles else None,
            self.posts.options() if self.posts else None,
        )
