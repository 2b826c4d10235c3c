"""Programs are told by their account, by its name and by what they say; people are not taken for them."""

import json
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.files import open_bytes
from blift.schemas.errors import RecipeError
from blift.transforms.bots import bot_name, known_bot, load_names, says_bot


def told(predicate: pl.Expr, *texts: str | None) -> dict[str | None, bool]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    found = frame.select(predicate).to_series()
    assert found.dtype == pl.Boolean
    assert found.null_count() == 0
    return dict(zip(texts, found.to_list(), strict=True))


TEXT = pl.col("text")


def test_known_accounts_are_programs_in_any_case() -> None:
    names = ("AutoModerator", "automoderator", "AUTOTLDR", "RemindMeBot", "B0tRank")
    assert told(known_bot(TEXT), *names) == dict.fromkeys(names, True)


def test_people_and_deleted_accounts_are_not_known_programs() -> None:
    names = ("spez", "AutoModerator2", "Not_AutoModerator", "u/AutoModerator", "[deleted]", "", None)
    assert told(known_bot(TEXT), *names) == dict.fromkeys(names, False)


def test_a_list_of_ones_own_takes_the_place_of_the_packaged_one() -> None:
    own = known_bot(TEXT, ["MyProgram"])
    assert told(own, "myprogram", "AutoModerator", None) == {"myprogram": True, "AutoModerator": False, None: False}
    assert told(known_bot(TEXT, []), "AutoModerator") == {"AutoModerator": False}


def test_a_list_of_accounts_is_read_lower_case_sorted_and_without_prefix(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("# programs\nu/Zed\n/u/Alpha\n\n  zed \nupper\n")
    assert load_names(path) == ("alpha", "upper", "zed")


def test_a_missing_list_of_accounts_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone\.txt cannot be read .*check its path"):
        load_names(tmp_path / "gone.txt")


def test_names_that_end_in_bot_are_programs_whatever_digits_follow() -> None:
    names = ("haikubot-1337", "RemindMeBot", "AssistantBOT1", "some_bot", "some-bot_2", "bot", "Robot", "Abbot")
    assert told(bot_name(TEXT), *names) == dict.fromkeys(names, True)


def test_names_with_bot_elsewhere_are_people() -> None:
    names = ("botanist", "bottle", "bot_fan", "robots", "BotBust", "bot1a", "bot--1", "boat", "", None)
    assert told(bot_name(TEXT), *names) == dict.fromkeys(names, False)


def test_texts_that_say_that_a_program_wrote_them() -> None:
    texts = (
        "I am a bot",
        "I'm a bot, beep",
        "I\u2019m just a bot",
        "im a bot",
        "I AM A BOT",
        "I'm a new bot. [suggestions?](https://example.com)",
        "*I am a bot, and this action was performed automatically. Please [contact the moderators](/message).*",
        "This comment was made by a bot.",
        "This message was automatically generated",
        "This is an automated reminder",
        "Hello.\n\n^HelperBot_\u2122 ^v1.0 ^I ^am ^a ^bot. ^Please ^message",
        "*^(I am a bot.) ^\\([*Info*](/r/SnapshillBot))*",
        "^(I&#32;am&#32;a&#32;bot)",
        "I&nbsp;am a\u00a0bot",
        "^(beep boop)",
        "*bleep*, *bloop*",
        "Do you think I'm a bot? Well, I am a bot.",
    )
    assert told(says_bot(TEXT), *texts) == dict.fromkeys(texts, True)


def test_people_who_speak_of_bots_are_not_programs() -> None:
    texts = (
        "If I'm a bot, so are you",
        "You think that I am a bot",
        "he said I'm a bot",
        "I'm a bot?",
        "I'm a bot lane main",
        "I'm a bot laner",
        "I am not a bot",
        "I'm a botanist",
        "I am a robot",
        "Hi, am a bot",
        "good bot",
        "This comment was made by a human",
        "This happens automatically",
        "sheep booper",
        "",
        None,
    )
    assert told(says_bot(TEXT), *texts) == dict.fromkeys(texts, False)


@given(st.lists(st.text(max_size=30) | st.sampled_from(["I am a bot", "beep boop", "if I'm a bot", None]), max_size=8))
def test_what_is_told_of_a_row_is_told_of_it_alone(texts: list[str | None]) -> None:
    for predicate in (known_bot(TEXT), bot_name(TEXT), says_bot(TEXT)):
        assert told(predicate, *texts) == {text: told(predicate, text)[text] for text in texts}


@given(st.sampled_from(["AutoModerator", "I'm a bot", "beep boop", "Haiku_Bot-7"]), st.randoms(use_true_random=False))
def test_case_does_not_matter(text: str, random: Random) -> None:
    other = "".join(random.choice([char.lower(), char.upper()]) for char in text)
    for predicate in (known_bot(TEXT), bot_name(TEXT), says_bot(TEXT)):
        assert told(predicate, other)[other] == told(predicate, text)[text]


@given(st.text(alphabet=" .,!\n*^~()", max_size=6), st.text(alphabet=" .,!\n*^~()", max_size=6))
def test_punctuation_and_marks_around_it_hide_nothing(before: str, after: str) -> None:
    text = f"{before}I am a bot{after}"
    assert told(says_bot(TEXT), text)[text]


@pytest.mark.shared
def test_in_a_true_archive_what_says_so_is_nearly_always_by_an_account_told_too(shared_data: Path) -> None:
    with open_bytes(str(shared_data / "reddit" / "RC_recorded.zst")) as stream:
        lines = [json.loads(line) for line in stream.read(1 << 30).splitlines()]
    comments = pl.DataFrame(
        [(line.get("author"), line.get("body")) for line in lines], ["author", "body"], orient="row"
    )
    seen = comments.unique().select(
        says=says_bot(pl.col("body")), known=known_bot(pl.col("author")), named=bot_name(pl.col("author"))
    )
    assert seen.filter("known").height == seen.filter(pl.col("known") & pl.col("says")).height == 105
    assert seen.filter(pl.col("says") & (pl.col("known") | pl.col("named"))).height == 116
    # Four are programs whose names were replaced; the fifth is a person who wishes to "beep bloop".
    assert seen.filter(pl.col("says") & ~pl.col("known") & ~pl.col("named")).height == 5
