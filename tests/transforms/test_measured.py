"""What was measured of files goes to the samples that show them: before what is stated, in order, from who stays."""

import random
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.measured import (
    MEASURED,
    UNITED,
    media_by_key,
    off_records,
    united_keys,
    with_measured,
    without_cuts,
)

_MEDIA = SCHEMAS["media"]
_TYPES = pl.DataFrame(_MEDIA.empty_table()).schema
_POSTS = pl.DataFrame(SCHEMAS["post"].empty_table()).schema
_STATED = pl.Schema(
    {
        "media_key": pl.String(),
        "media_file": pl.String(),
        "width": pl.Int64(),
        "height": pl.Int64(),
        "duration_s": pl.Float64(),
        "speech": _TYPES["speech"],
        **{name: _POSTS[name] for name in ("replay", "chapters", "replay_absent")},
    }
)
_REPLAY = [{"start_s": 0.0, "end_s": 2.0, "value": 0.5}, {"start_s": 2.0, "end_s": 4.0, "value": 1.0}]
_CHAPTERS = [{"start_s": 0.0, "end_s": 3.5, "title": "one"}]
_SUBTITLES = [{"start_s": 0.0, "end_s": 1.0, "text": "subtitles"}]
_HEARD = [{"start_s": 0.0, "end_s": 2.0, "text": "heard"}]


def scene(start_s: float, end_s: float) -> dict[str, Any]:
    row: dict[str, Any] = {"start_s": start_s, "end_s": end_s, "first_frame": 0, "frames": 1, "keyframe": None}
    row |= {"keyframe_s": None, "foreground_colours": [], "background_colours": [], "tone": None}
    return row | {"caption": None, "tags": [], "screen_text": None}


def file(sha256: str, *uses: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A row of the media table; an image whose hash is its name."""
    row: dict[str, Any] = {field.name: [] if pa.types.is_list(field.type) else None for field in _MEDIA}
    row |= {"sha256": sha256, "uses": [{"media_key": key, "place": place} for key, place in uses]}
    row |= {"file": f"{sha256}.jpg", "size_bytes": 1, "form": "image", "container": "jpeg", "width": 100}
    row |= {"height": 50, "rotation": 0, "mirrored": False, "frames": 1, "decoder": "pillow"}
    return row | {"phash": f"of {sha256}", "scenes": [scene(0.0, 0.0)], "unite_as": uses[0][0]} | changes


def clip(sha256: str, *uses: tuple[str, int], **changes: Any) -> dict[str, Any]:
    frames = [
        {"time_s": float(place), "phash": f"{sha256}{place}", "phash_unboxed": None, "detail": 9.0}
        for place in range(3)
    ]
    moving = {"form": "video", "phash": None, "frame_hashes": frames, "duration_s": 3.0, "file": f"{sha256}.mp4"}
    return file(sha256, *uses, **(moving | {"scenes": [scene(0.0, 1.0), scene(1.0, 3.0)]} | changes))


def media(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), _MEDIA)


def stated(key: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "media_key": key,
        "media_file": None,
        "width": None,
        "height": None,
        "duration_s": None,
        "speech": [],
        "replay": [],
        "chapters": [],
        "replay_absent": None,
    }
    return row | changes


def measured(samples: list[dict[str, Any]], *rows: dict[str, Any]) -> list[dict[str, Any]]:
    by_key = media_by_key(media(*rows))
    assert by_key.schema == MEASURED
    return with_measured(pl.DataFrame(samples, schema=_STATED), pl.DataFrame(by_key)).to_dicts()


def united(*rows: dict[str, Any]) -> set[tuple[str, str]]:
    table = united_keys(media(*rows))
    assert table.schema == UNITED
    return {(row["media_key"], row["unite_as"]) for row in table.to_pylist()}


def keyed(*rows: dict[str, Any]) -> list[tuple[str, int, str, bool]]:
    """Key, place, file and whether it stays, of every row by key."""
    found = media_by_key(media(*rows)).to_pylist()
    return sorted((row["media_key"], row["place"], row["sha256"], row["stays"]) for row in found)


def test_keys_of_equal_and_near_files_give_way_to_the_one_under_which_they_unite() -> None:
    equal = file("a", ("one", 0), ("two", 0), unite_as="one")
    near = file("b", ("three", 0), unite_as="one", cluster="a")
    assert united(equal, near) == {("two", "one"), ("three", "one")}


def test_a_file_used_under_its_own_key_alone_gives_way_to_none() -> None:
    assert united(file("a", ("one", 0))) == set()
    assert united_keys(_MEDIA.empty_table()).equals(UNITED.empty_table())


def test_pictures_inside_a_gallery_do_not_unite_it() -> None:
    assert united(file("a", ("single", 0), ("gallery", 1), ("gallery", 4), unite_as="single")) == set()


def test_a_key_that_several_files_give_way_with_is_told_once() -> None:
    rows = [file(name, ("two", 0), unite_as="one") for name in "ab"]
    assert united_keys(media(*rows)).to_pylist() == [{"media_key": "two", "unite_as": "one"}]


def test_rows_are_found_by_their_own_keys_and_by_the_one_that_unites_them() -> None:
    best = file("a", ("one", 0), unite_as="one", cluster="a")
    other = file("b", ("two", 0), ("gallery", 3), unite_as="one", cluster="a")
    assert keyed(best, other, file("c", ("alone", 0))) == [
        ("alone", 0, "c", True),
        ("gallery", 3, "b", False),
        ("one", 0, "a", True),
        ("one", 0, "b", False),
        ("two", 0, "b", False),
    ]


def test_hashes_are_those_of_an_image_or_of_the_sampled_frames_in_order() -> None:
    rows = media_by_key(media(file("a", ("i", 0)), clip("v", ("v", 0)), clip("w", ("w", 0), form="animation")))
    hashes = {row["media_key"]: row["hashes"] for row in rows.to_pylist()}
    assert hashes == {"i": ["of a"], "v": ["v0", "v1", "v2"], "w": ["w0", "w1", "w2"]}


def test_what_is_measured_goes_before_what_is_stated() -> None:
    told = stated("v", media_file="stated.mp4", width=1, height=2, duration_s=99.0)
    (sample,) = measured([told], clip("c", ("v", 0), cluster="c"))
    assert (sample["media_file"], sample["width"], sample["height"], sample["duration_s"]) == ("c.mp4", 100, 50, 3.0)
    assert (sample["sha256"], sample["cluster"], sample["phash"]) == ("c", "c", ["c0", "c1", "c2"])
    assert [(one["start_s"], one["end_s"]) for one in sample["measured"]] == [(0.0, 1.0), (1.0, 3.0)]


def test_what_is_stated_stays_where_nothing_was_measured() -> None:
    told = stated("gone", media_file="stated.mp4", width=1, height=2, duration_s=99.0, speech=_SUBTITLES)
    for rows in ([], [file("a", ("other", 0))]):
        (sample,) = measured([told], *rows)
        assert {name: sample[name] for name in told} == told
        assert (sample["sha256"], sample["cluster"], sample["phash"], sample["measured"]) == (None, None, [], [])


def test_a_duration_that_is_stated_stays_where_the_file_has_none() -> None:
    assert measured([stated("i", duration_s=4.0)], file("a", ("i", 0)))[0]["duration_s"] == 4.0


def test_of_files_at_one_place_the_one_that_stays_speaks_whatever_its_digest() -> None:
    small = file("a", ("two", 0), unite_as="one", cluster="z", width=10)
    large = file("z", ("one", 0), unite_as="one", cluster="z", width=900)
    (sample,) = measured([stated("one")], small, large)
    assert (sample["sha256"], sample["width"], sample["phash"]) == ("z", 900, ["of z"])
    assert len(sample["measured"]) == 1


def test_of_files_that_all_stay_the_first_by_digest_speaks() -> None:
    rows = [file("b", ("one", 0)), file("a", ("one", 0))]
    assert measured([stated("one")], *rows)[0]["sha256"] == "a"


@pytest.mark.parametrize(
    ("subtitles", "heard", "speech"),
    [
        (_SUBTITLES, _HEARD, _SUBTITLES),
        ([], _HEARD, _HEARD),
        (None, _HEARD, _HEARD),
        (_SUBTITLES, [], _SUBTITLES),
        ([], [], []),
        (None, None, []),
    ],
)
def test_subtitles_go_before_speech_that_a_model_heard(
    subtitles: list[Any] | None, heard: list[Any] | None, speech: list[Any]
) -> None:
    rows = [] if heard is None else [clip("c", ("v", 0), speech=heard)]
    assert measured([stated("v", speech=subtitles)], *rows)[0]["speech"] == speech


@settings(max_examples=30)
@given(st.permutations(range(12)))
def test_a_gallery_keeps_the_order_of_its_places(places: list[int]) -> None:
    rows = [file(f"s{place:02}", ("g", place), width=place + 1) for place in places]
    (sample,) = measured([stated("g")], *rows)
    assert sample["phash"] == [f"of s{place:02}" for place in range(12)]
    assert len(sample["measured"]) == 12
    assert (sample["media_file"], sample["width"], sample["sha256"]) == ("s00.jpg", 1, "s00")


def test_a_gallery_whose_first_picture_is_gone_begins_with_the_next() -> None:
    (sample,) = measured([stated("g")], file("c", ("g", 2)), file("b", ("g", 1)))
    assert (sample["phash"], sample["sha256"]) == (["of b", "of c"], "b")


def test_a_picture_that_a_gallery_shows_twice_counts_twice() -> None:
    assert measured([stated("g")], file("a", ("g", 0), ("g", 1)))[0]["phash"] == ["of a", "of a"]


_FILES = [
    clip("c1", ("v", 0), cluster="c2", unite_as="v"),
    clip("c2", ("w", 0), cluster="c2", unite_as="v", speech=_HEARD),
    file("i1", ("g", 1), ("i", 0), unite_as="i"),
    file("i2", ("g", 0)),
    file("i3", ("j", 0), unite_as="i", cluster="i3"),
]


@settings(max_examples=30)
@given(st.permutations(_FILES), st.randoms(use_true_random=False))
def test_samples_keep_their_order_and_what_is_measured_does_not_depend_on_that_of_files(
    rows: list[dict[str, Any]], rng: random.Random
) -> None:
    keys = ["w", "g", "nothing", "v", "i"]
    expected = {sample["media_key"]: sample for sample in measured([stated(key) for key in sorted(keys)], *_FILES)}
    rng.shuffle(keys)
    samples = measured([stated(key) for key in keys], *rows)
    assert samples == [expected[key] for key in keys]


def test_nothing_of_the_record_is_laid_over_a_file_of_another_length() -> None:
    told = stated("v", duration_s=60.0, replay=_REPLAY, chapters=_CHAPTERS, speech=_SUBTITLES)
    (sample,) = measured([told], clip("c", ("v", 0), speech=_HEARD))
    lists = [sample[name] for name in ("replay", "chapters", "speech")]
    assert (sample["duration_s"], sample["off_record"], lists) == (3.0, True, [[], [], _HEARD])
    assert sample["replay_absent"] == "malformed"
    (told_of,) = off_records(pl.DataFrame([sample])).to_dicts()
    assert (told_of["reason"], told_of["detail"]) == (
        "other_media",
        "the record says 60.0 s, and the file lasts 3.0 s: replay graph, chapters and subtitles are left out",
    )


def test_intervals_end_with_the_media() -> None:
    told = stated("v", duration_s=4.0, replay=_REPLAY, chapters=_CHAPTERS, speech=_SUBTITLES)
    (sample,) = measured([told], clip("c", ("v", 0)))
    assert (sample["off_record"], sample["replay"][1], sample["chapters"][0]["end_s"]) == (
        False,
        {"start_s": 2.0, "end_s": 3.0, "value": 1.0},
        3.0,
    )


def test_of_several_files_the_one_as_long_as_the_record_says_speaks() -> None:
    rows = [clip("a", ("v", 0), duration_s=30.0), clip("b", ("v", 0), duration_s=60.4)]
    assert measured([stated("v", duration_s=60.0)], *rows)[0]["sha256"] == "b"


def test_without_cuts_what_moves_has_no_scenes_and_all_else_stays() -> None:
    rows = media(file("a", ("i", 0)), clip("c", ("v", 0)), clip("d", ("w", 0), form="animation"))
    cut = without_cuts(rows)
    assert [len(row["scenes"]) for row in cut.to_pylist()] == [1, 0, 0]
    assert cut.drop_columns("scenes").equals(rows.drop_columns("scenes"))
    assert cut.schema == _MEDIA


def test_without_cuts_of_nothing_is_nothing() -> None:
    assert without_cuts(_MEDIA.empty_table()).equals(_MEDIA.empty_table())
