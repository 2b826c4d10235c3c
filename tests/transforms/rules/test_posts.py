"""Every rule for posts: what it keeps, what it rejects, with which reason and detail; null breaks none."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter

from blift.schemas.parts import MediaKind
from blift.schemas.platform import REDDIT, YOUTUBE, Platform
from blift.schemas.registry import SCHEMAS
from blift.transforms.rules.options import Ids, Languages, Words
from blift.transforms.rules.registry import RecordKind, apply_rules, checks, rules_for
from blift.transforms.vocabulary import Vocabulary

_EMPTY = pl.DataFrame(SCHEMAS["post"].empty_table())


def posts(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of the post table, null in all that is not given."""
    return pl.DataFrame(list(rows), schema=_EMPTY.schema)


def words(*entries: str) -> Words:
    return Words("a list", Vocabulary.of(entries))


def judged(
    platform: Platform, name: str, option: Any, *rows: dict[str, Any]
) -> tuple[list[bool], list[tuple[str, str, str | None]]]:
    """Which rows stay; and rule, reason and detail of the others, in order."""
    numbered = posts(*rows).with_columns(native_id=pl.int_range(pl.len()).cast(pl.String))
    verdict = apply_rules(numbered, checks(RecordKind.POST, platform, {name: option}))
    kept = set(verdict.kept["native_id"])
    return [str(place) in kept for place in range(len(rows))], verdict.rejected.select(
        "rule", "reason", "detail"
    ).rows()


_IMAGE = {"media_kind": "image", "media_key": "reddit-image:a", "media_host": "reddit"}
_CLIP = {"media_kind": "video", "media_key": "youtube:a", "media_host": "youtube"}
_ENGLISH, _GERMAN = "This is the best day of my whole life", "Das ist der schönste Tag in meinem ganzen Leben"

_AT = [datetime(2021, 1, day, hour, minute, tzinfo=UTC) for day, hour, minute in ((1, 0, 0), (1, 0, 30), (2, 0, 0))]

#: Platform, rule, option, a post that stays, one that goes, its reason and its detail.
CASES: list[tuple[Platform, str, Any, dict[str, Any], dict[str, Any], str, str | None]] = [
    (REDDIT, "deleted", True, {"deleted": False}, {"deleted": True}, "deleted", None),
    (REDDIT, "removed", True, {"removed": False}, {"removed": True}, "removed", None),
    (REDDIT, "deleted_accounts", True, {"author_deleted": False}, {"author_deleted": True}, "account_deleted", None),
    (REDDIT, "unindexed", True, {"is_robot_indexable": True}, {"is_robot_indexable": False}, "not_indexable", None),
    (REDDIT, "promoted", True, {"promoted": False}, {"promoted": True}, "promoted", None),
    (REDDIT, "stickied", True, {"stickied": False}, {"stickied": True}, "stickied", None),
    (
        REDDIT,
        "min_age_hours",
        24.0,
        {"posted_at": _AT[0], "retrieved_at": _AT[2]},
        {"posted_at": _AT[0], "retrieved_at": _AT[1]},
        "too_fresh",
        "0.5",
    ),
    (YOUTUBE, "nsfw", True, {"nsfw": False}, {"nsfw": True}, "nsfw", None),
    (REDDIT, "known_bots", True, {"bot": "bot_name"}, {"bot": "known_bot"}, "known_bot", None),
    (REDDIT, "bot_names", True, {"bot": "known_bot"}, {"bot": "bot_name"}, "bot_name", None),
    (REDDIT, "media_kinds", [MediaKind.IMAGE, MediaKind.GIF], _IMAGE, _CLIP, "media_kind", "video"),
    (REDDIT, "image_hosts", ["reddit"], _IMAGE, {**_IMAGE, "media_host": "imgur"}, "media_host", "imgur"),
    (REDDIT, "video_hosts", ["youtube"], _CLIP, {**_CLIP, "media_host": "vimeo"}, "media_host", "vimeo"),
    (
        YOUTUBE,
        "channels",
        Ids("a list", ("UC1", "UC2")),
        {"channel_id": "UC2"},
        {"channel_id": "UC3"},
        "channel_not_listed",
        "UC3",
    ),
    (YOUTUBE, "live", True, {"live": False}, {"live": True}, "live", None),
    (
        YOUTUBE,
        "availabilities",
        ["public"],
        {"availability": "public"},
        {"availability": "private"},
        "unavailable",
        "private",
    ),
    (
        YOUTUBE,
        "comments_disabled",
        True,
        {"comments_disabled": False},
        {"comments_disabled": True},
        "comments_disabled",
        None,
    ),
    (YOUTUBE, "views_above", 10_000, {"views": 10_001}, {"views": 10_000}, "few_views", "10000"),
    (
        YOUTUBE,
        "categories_out",
        ["Music", "Gaming"],
        {"categories": ["Education"]},
        {"categories": ["People", "music", "GAMING"]},
        "category",
        "gaming, music",
    ),
    (
        YOUTUBE,
        "topic_words_out",
        words("anime", "news"),
        {"title": "An animal", "tags": ["newsletter"]},
        {"title": "A talk", "tags": ["books", "Anime"]},
        "topic_word",
        "anime",
    ),
    (
        REDDIT,
        "nsfw_words",
        words("rude"),
        {"title": "A crude drawing", "text": "oil"},
        {"title": "A drawing", "text": "How RUDE!"},
        "nsfw_word",
        "rude",
    ),
    (REDDIT, "languages", Languages(("en", "fr")), {"title": _ENGLISH}, {"title": _GERMAN}, "language", "de"),
    (REDDIT, "words", words("barn"), {"title": "A barn"}, {"title": "Barnacles"}, "words", None),
    (REDDIT, "words_out", words("barn"), {"title": "Barnacles"}, {"text": "The barn"}, "words", "barn"),
    (REDDIT, "pattern", "^A ", {"title": "A barn"}, {"title": "The barn"}, "words", None),
    (REDDIT, "pattern_out", "b.rn", {"title": "A cow"}, {"title": "A barn"}, "words", "barn"),
    (REDDIT, "min_score", 5, {"score": 5}, {"score": 4}, "out_of_range", "4"),
    (REDDIT, "max_score", 5, {"score": 5}, {"score": 6}, "out_of_range", "6"),
    (REDDIT, "min_upvote_ratio", 0.5, {"upvote_ratio": 0.5}, {"upvote_ratio": 0.25}, "out_of_range", "0.25"),
    (YOUTUBE, "max_views", 5, {"views": 5}, {"views": 6}, "out_of_range", "6"),
    (YOUTUBE, "min_likes", 5, {"likes": 5}, {"likes": 4}, "out_of_range", "4"),
    (REDDIT, "min_num_comments", 5, {"num_comments": 5}, {"num_comments": 4}, "out_of_range", "4"),
    (
        YOUTUBE,
        "categories",
        ["education"],
        {"categories": ["Education"]},
        {"categories": ["Music"]},
        "category",
        "Music",
    ),
    (
        YOUTUBE,
        "channels_out",
        Ids("l", ("UC1",)),
        {"channel_id": "UC2"},
        {"channel_id": "UC1"},
        "channel_not_listed",
        "UC1",
    ),
]


@pytest.mark.parametrize(
    ("platform", "name", "option", "good", "bad", "reason", "detail"), CASES, ids=[case[1] for case in CASES]
)
def test_each_rule_keeps_the_one_and_rejects_the_other_with_its_reason_and_detail(
    platform: Platform,
    name: str,
    option: Any,
    good: dict[str, Any],
    bad: dict[str, Any],
    reason: str,
    detail: str | None,
) -> None:
    assert judged(platform, name, option, good, bad, good) == ([True, False, True], [(name, reason, detail)])


def test_every_rule_for_posts_has_a_case() -> None:
    assert {case[1] for case in CASES} == {rule.name for rule in rules_for(RecordKind.POST, None)}


#: Rules that ask a post to show that it is wanted: there, what is unknown is not.
_MUST_SHOW = {"media_kinds", "channels", "words", "pattern", "categories"}


@pytest.mark.parametrize(
    ("platform", "name", "option"),
    [pytest.param(*case[:3], id=case[1]) for case in CASES if case[1] not in _MUST_SHOW],
)
def test_what_is_unknown_of_a_post_breaks_no_rule(platform: Platform, name: str, option: Any) -> None:
    assert judged(platform, name, option, {}) == ([True], [])


def test_a_post_without_media_or_channel_goes_where_these_are_asked_for() -> None:
    assert judged(REDDIT, "media_kinds", list(MediaKind), {}) == ([False], [("media_kinds", "media_kind", None)])
    nameless = {"media_kind": "image"}
    assert judged(REDDIT, "media_kinds", list(MediaKind), nameless) == (
        [False],
        [("media_kinds", "media_kind", "image")],
    )
    assert judged(YOUTUBE, "channels", Ids("a list", ("UC1",)), {}) == (
        [False],
        [("channels", "channel_not_listed", None)],
    )


def test_rules_for_hosts_judge_only_their_own_kinds() -> None:
    assert judged(REDDIT, "image_hosts", ["reddit"], {**_CLIP, "media_host": "vimeo"})[0] == [True]
    assert judged(REDDIT, "video_hosts", ["youtube"], {**_IMAGE, "media_host": "imgur"})[0] == [True]
    for kind in ("image", "gif", "gallery"):
        assert judged(REDDIT, "image_hosts", ["reddit"], {"media_kind": kind, "media_host": "imgur"})[0] == [False]


def test_media_of_unknown_host_come_from_none_of_the_hosts() -> None:
    assert judged(REDDIT, "image_hosts", ["reddit"], {**_IMAGE, "media_host": None}) == (
        [False],
        [("image_hosts", "media_host", None)],
    )


_ONLY_ENGLISH = Languages(("en",))


def test_a_title_of_which_nobody_can_tell_the_language_stays() -> None:
    for title in ("!!! 2024 :)", "Sunset", "Homemade ramen", "Funny truth", "Neuschwanstein castle", "Textures"):
        assert judged(REDDIT, "languages", _ONLY_ENGLISH, {"title": title})[0] == [True], title


def test_a_title_in_letters_that_no_wanted_language_has_goes() -> None:
    cat = {"title": "\u732b"}
    assert judged(REDDIT, "languages", _ONLY_ENGLISH, cat) == ([False], [("languages", "language", "not en")])
    assert judged(REDDIT, "languages", Languages(("en", "zh")), cat)[0] == [True]


def test_the_language_rule_leaves_the_language_that_it_found() -> None:
    verdict = apply_rules(posts({"title": _ENGLISH}), checks(RecordKind.POST, REDDIT, {"languages": _ONLY_ENGLISH}))
    assert verdict.kept["identified_language"].to_list() == ["en"]
    assert verdict.kept["language_confidence"].is_between(0.9, 1).all()


def test_the_confidence_that_counts_is_an_option() -> None:
    for confidence, kept in ((0.9, False), (0.9999, True)):
        assert judged(REDDIT, "languages", Languages(("en",), confidence), {"title": _GERMAN})[0] == [kept]


def test_the_confidence_decides_which_language_is_known() -> None:
    title = {"title": "Une belle maison"}
    for confidence, known in ((0.5, "fr"), (0.9, None)):
        options = {"languages": Languages(("en", "fr"), confidence)}
        verdict = apply_rules(posts(title), checks(RecordKind.POST, REDDIT, options))
        assert verdict.kept["identified_language"].to_list() == [known]


def test_a_post_that_is_outside_with_just_that_confidence_goes() -> None:
    rows = posts({"title": "a", "native_id": "1"}, {"title": "b", "native_id": "2"})
    known = rows.with_columns(outside_languages=pl.Series([0.9, 0.8999]), identified_language=pl.lit(None, pl.String))
    verdict = apply_rules(known, checks(RecordKind.POST, REDDIT, {"languages": Languages(("de", "en"), 0.9)}))
    assert verdict.rejected.select("native_id", "detail").rows() == [("1", "not de or en")]


def test_an_age_is_told_in_hours_with_two_decimals_and_ends_with_the_second() -> None:
    def read_after(seconds: int) -> dict[str, Any]:
        return {"posted_at": _AT[0], "retrieved_at": _AT[0] + timedelta(seconds=seconds)}

    rows = [read_after(seconds) for seconds in (86_400, 86_399, 4_054)]
    kept, lost = judged(REDDIT, "min_age_hours", 24.0, *rows)
    assert (kept, [detail for *_, detail in lost]) == ([True, False, False], ["24.0", "1.13"])


def test_one_category_is_enough_and_media_of_unknown_kind_are_of_none() -> None:
    assert judged(YOUTUBE, "categories_out", ["Music"], {"categories": ["music"]})[1] == [
        ("categories_out", "category", "music")
    ]
    unknown = {"media_kind": None, "media_key": "other:1"}
    assert judged(REDDIT, "media_kinds", [MediaKind.IMAGE], unknown)[0] == [False]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("topic_words_out", {"title": "A cat", "tags": ["dog", "cow"]}),
        ("topic_words_out", {"title": "A hen", "tags": ["cat", "cow"]}),
        ("topic_words_out", {"title": "A hen", "tags": ["cow", "cat"]}),
        ("topic_words_out", {"title": "A cat"}),
        ("nsfw_words", {"title": "A cat", "text": "It sleeps"}),
        ("nsfw_words", {"title": "A hen", "text": "Cat and hen"}),
        ("nsfw_words", {"title": "A cat"}),
        ("nsfw_words", {"text": "A cat"}),
    ],
)
def test_a_word_is_found_wherever_it_stands(name: str, row: dict[str, Any]) -> None:
    assert judged(YOUTUBE, name, words("cat"), row)[1] == [(name, name.removesuffix("s_out").removesuffix("s"), "cat")]


def test_topic_words_do_not_run_over_from_the_title_into_a_tag() -> None:
    phrase = words("world cup")
    assert judged(YOUTUBE, "topic_words_out", phrase, {"title": "World Cup final"})[0] == [False]
    assert judged(YOUTUBE, "topic_words_out", phrase, {"title": "My view of the", "tags": ["world", "cake"]})[0] == [
        True
    ]


def test_the_builtin_vocabulary_and_a_file_of_ids_are_what_options_become(tmp_path: Path) -> None:
    listed = tmp_path / "channels.txt"
    listed.write_text("# of Wikidata\nUC2 # a name\nUC1\nUC2\n", encoding="utf-8")
    options = {rule.name: rule.option for rule in rules_for(RecordKind.POST, YOUTUBE)}
    assert TypeAdapter(options["channels"]).validate_python(str(listed)) == Ids(str(listed), ("UC1", "UC2"))
    assert TypeAdapter(options["nsfw_words"]).validate_python("builtin") == Words("builtin", Vocabulary.builtin())
