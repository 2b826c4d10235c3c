"""How far an item is, out of a state that a stranger may have written."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from blift.connectors.fetch.items import Item, progress_of
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.youtube.kinds import YoutubeItem
from blift.schemas.count import Count
from blift.schemas.errors import InputError


class Place(msgspec.Struct):
    """A form with a number, a time and texts."""

    seen: Count = 0
    at: Annotated[float, msgspec.Meta(ge=0)] | None = None
    names: list[str] = []


def test_it_is_read_and_what_is_not_said_is_the_beginning() -> None:
    assert progress_of(Item(RedditItem.LISTING, "pics/new"), Place) == Place()
    assert progress_of(Item(RedditItem.LISTING, "pics/new", '{"seen": 5, "at": 2.5, "names": ["a"]}'), Place) == Place(
        5, 2.5, ["a"]
    )


@pytest.mark.parametrize(
    "detail",
    ["", "{", "[]", "5", "null", '{"seen": -1}', '{"seen": "5"}', '{"seen": 1e400}', '{"seen": 9223372036854775808}',
     '{"seen": true}', '{"at": NaN}', '{"at": 1e999}', '{"at": -1}', '{"names": [5]}', '{"names": {}}',
     '{"seen":' + "[" * 100_000, "\x1b[31m"],
)  # fmt: skip
def test_any_other_detail_is_damage(detail: str) -> None:
    with pytest.raises(InputError) as caught:
        progress_of(Item(YoutubeItem.VIDEO, "a\x1b[31mb", detail), Place)
    said = str(caught.value)
    assert said.startswith("The state of the fetch folder is damaged: how far the video 'a\\x1b[31mb' is (")
    assert said.isprintable()
