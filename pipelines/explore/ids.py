"""Rows by an id, as people write one: whole, without its platform, or as the address of a post."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from blift.pipelines.explore.choice import KEYS, Found, Place
from blift.pipelines.explore.query import Database
from blift.schemas.platform import platforms

#: How like an id another one must be to be proposed, from 0 to 1.
_NEAR = 0.9
#: The table that knows the addresses of posts.
POSTS = "posts"


def rows_with_id(database: Database, wanted: str, tables: Iterable[str], limit: int) -> dict[str, Found]:
    """Where the rows lie that an id names, by table; tables without any are left out.

    A sample is also found by its media and its posts, and a reject by the address of its post.

    Args:
        tables: those that are looked through. An address is looked up in `posts`, if the database has them.
        limit: places of each table at most.

    Raises:
        InputError: a file cannot be read.
    """
    known = {wanted, *_posts_called(database, wanted)}
    guessed = {f"{platform}:{wanted}" for platform in platforms()} if ":" not in wanted else set()
    places = {table: _places(database, table, known, guessed) for table in tables}
    return {table: Found(sorted(found)[:limit], len(found)) for table, found in places.items() if found}


def _posts_called(database: Database, wanted: str) -> list[str]:
    """The ids of the posts with an address, or with an id that lacks its platform."""
    there = {column.name for column in database.columns(POSTS)} if POSTS in database.tables else set()
    key = "permalink" if "/" in wanted else "native_id"
    if not {key, "post_id"} <= there:
        return []
    rows = database.rows(POSTS, database.where_is(POSTS, key, [wanted]), ["post_id"])
    return [row["post_id"] for row in rows]


def _places(database: Database, table: str, known: Collection[str], guessed: Collection[str]) -> set[Place]:
    """The places of the rows of a table with an id; for members of lists, which take long, guesses are not tried."""
    there = {column.name for column in database.columns(table)}
    keys = KEYS.get(database.tables[table].table, ("id", "sample_id", "post_id", "permalink"))
    found: set[Place] = set()
    # One by one: row groups are left out by the least and the largest value of one column, not of several.
    for key in (key for key in keys if key.partition(".")[0] in there):
        values = [each for each in known if ":" in each] if "." in key else [*known, *guessed]
        found.update(database.where_is(table, key, values))
    return found


def hint_of_id(database: Database, wanted: str) -> str:
    """The end of a sentence that says that no row has an id: which one may be meant, or a full stop."""
    near = next(filter(None, (nearest_id(database, table, wanted) for table in database.tables)), "")
    return f", did you mean {near!r}?" if near else "."


def nearest_id(database: Database, table: str, wanted: str) -> str:
    """The id of a table that is most like a text; empty where none is near."""
    key = KEYS.get(database.tables[table].table, ("id",))[0]
    if key not in {column.name for column in database.columns(table)}:
        return ""
    best, like = database.most_like(table, key, wanted)
    return best if like > _NEAR else ""
