"""Which preferences are made, and what two records must have in common before one counts as preferred."""

from __future__ import annotations

from dataclasses import dataclass, field

from blift.schemas.preference import Measure


@dataclass(frozen=True)
class Margins:
    """What a preference needs, beyond a higher number.

    Attributes:
        min_ratio: the preferred number over the other, at least; above 1 the other number must be above 0.
        min_difference: the preferred number less the other, at least.
        min_age_hours: both numbers were read at least so long after their record was posted. None: whenever.
        max_read_apart_hours: both numbers were read within so long. None: whenever.
        max_pairs: of one group at most so many pairs, drawn by a hash of their ids. None: all.
    """

    min_ratio: float = 1.0
    min_difference: int = 1
    min_age_hours: float | None = None
    max_read_apart_hours: float | None = None
    max_pairs: int | None = 10


@dataclass(frozen=True)
class CommentOptions:
    """Comments on one post: of two, the later one with the higher score is preferred, as in SHP.

    Attributes:
        min_score: of both comments. ``min_post_score``: of the post. None: any, or none that is known.
        top_level: only comments on the post itself. ``by_poster_out``: none of who posted it, and none by moderators.
        max_comments: of one post, so many with the highest scores are compared.
        max_apart_hours: both were posted within so long. None: whenever.
    """

    margins: Margins = field(default_factory=Margins)
    min_score: int | None = 2
    min_post_score: int | None = 10
    top_level: bool = True
    by_poster_out: bool = True
    max_comments: int = 50
    max_apart_hours: float | None = None


@dataclass(frozen=True)
class TitleOptions:
    """Posts of one media in one subreddit under different titles.

    Attributes:
        days: within which both were posted. ``later``: the preferred one must be the later one.
    """

    margins: Margins = field(default_factory=Margins)
    days: float = 30.0
    later: bool = False


@dataclass(frozen=True)
class PostOptions:
    """Posts of one channel.

    Attributes:
        measure: the number by which they are compared.
        days: within which both were posted. ``later``: the preferred one must be the later one.
    """

    margins: Margins = field(default_factory=Margins)
    measure: Measure = Measure.VIEWS
    days: float = 7.0
    later: bool = False


@dataclass(frozen=True)
class PreferenceOptions:
    """The kinds of preferences that are made; None leaves a kind out."""

    comments: CommentOptions | None = None
    titles: TitleOptions | None = None
    posts: PostOptions | None = None
