"""Instruction pairs: the exact words of every shipped template, and what is asked, answered and skipped."""

import dataclasses
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from blift.schemas.annotation import REGIONS
from blift.schemas.errors import RecipeError
from blift.schemas.registry import SCHEMAS
from blift.transforms.instructions import Pairs, instructions
from blift.transforms.pair_media import ShownFile
from blift.transforms.templates import Part, Template, load_template, shipped
from blift.transforms.templates import template as module

_SAMPLES = SCHEMAS["sample"]
_NOT_A_WORD = ("<image>", "<video>", "<|im_end|>", "\ue000")


def scene(start_s: float, end_s: float, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(("title", "keyframe", "caption", "tone", "speech", "screen_text", "replay"))
    row |= {"start_s": start_s, "end_s": end_s, "source": "segment"}
    return row | {"tags": [], "foreground_colours": [], "background_colours": []} | changes


def bare(sample_id: str, **changes: Any) -> dict[str, Any]:
    """A sample of which nothing is known but its address."""
    row: dict[str, Any] = {field.name: None for field in _SAMPLES}
    row |= {field.name: [] for field in _SAMPLES if pa.types.is_list(field.type)}
    row |= {"sample_id": sample_id, "media_key": f"url:{sample_id}", "media_kind": "video", "platform": "youtube"}
    return row | {"media_urls": [f"https://media.example/{sample_id}"]} | changes


def comment(text: str) -> dict[str, Any]:
    return {"comment_id": "reddit:c", "platform": "reddit", "text": text, "score": 1}


def video(sample_id: str = "video", **changes: Any) -> dict[str, Any]:
    """A video of which everything is known."""
    intro = scene(
        0.0, 4.0, title="Intro", caption="A dog runs over a meadow.", tags=["dog", "meadow"], tone="warm",
        foreground_colours=["brown"], background_colours=["green", "blue"], speech="Meet my dog.", replay=0.0625,
    )  # fmt: skip
    row = bare(
        sample_id, title="My dog jumps", channel_id="UC1", channel_name="Dogs & Co", channel_subscribers=1200,
        subreddit="aww", posted_at=datetime(2020, 5, 17, 23, tzinfo=UTC), duration_s=10.5, score=321, views=3000,
        likes=100, like_percent=100 / 30, comments=[comment("What a  good\ndog!"), comment("The jump got me")],
        scenes=[intro, scene(4.0, 10.5, title="The jump", replay=1.0)],
        speech=[{"start_s": 0.5, "end_s": 2.0, "text": "Meet my"}, {"start_s": 2.0, "end_s": 3.0, "text": "dog."}],
    )  # fmt: skip
    return row | changes


def image(**changes: Any) -> dict[str, Any]:
    row = bare(
        "image", media_kind="image", platform="reddit", title="Sunset at the lake", subreddit="pics", score=4321,
        posted_at=datetime(2020, 5, 17, tzinfo=UTC), comments=[comment("Nice"), comment("Where?")],
        scenes=[scene(0.0, 0.0, source="image")],
    )  # fmt: skip
    return row | changes


def shipped_template(name: str) -> Template:
    return load_template(Path(module.__file__).parent / f"{name}.yaml")


def pairs(*samples: dict[str, Any], names: tuple[str, ...] = ("full",), splits: list[str] | None = None) -> Pairs:
    """The pairs of samples, all of the training split where none is given."""
    table = pa.Table.from_pylist(list(samples), _SAMPLES)
    of = pl.Series(splits or ["train"] * len(samples), dtype=pl.String)
    return instructions(table, [shipped_template(name) for name in names], of)


def turns(name: str, sample: dict[str, Any]) -> tuple[str, str] | str:
    """What the user asks and the assistant answers; or why there is no pair."""
    found = pairs(sample, names=(name,))
    if found.skipped.num_rows:
        assert (found.llava.num_rows, found.chat.num_rows, found.skipped.num_rows) == (0, 0, 1)
        return str(found.skipped.to_pylist()[0]["why"])
    (row,) = found.llava.to_pylist()
    user, assistant = row["conversations"]
    assert (user["from"], assistant["from"]) == ("human", "gpt")
    assert not any(token in row["system"] + assistant["value"] for token in _NOT_A_WORD)
    return user["value"], assistant["value"]


_DESCRIBED = (
    "Scene 1: A dog runs over a meadow. Foreground colours: brown. Background colours: green, blue. "
    "Dominant tone: warm. Tags: dog, meadow.\nScene 2: The jump"
)
_NOT_KNOWN = {
    "memorability": "the sample has no memorability",
    "saliency-objects": "the sample has no saliency_objects",
    "saliency-regions": "the sample has no saliency_regions",
    "reactions": "the sample has no reactions",
    "growth": "the sample has no growth",
}
_HEAD = "Title: My dog jumps\nChannel: Dogs & Co\n"
_IMAGE_HEAD = "Title: Sunset at the lake\nPosted in: r/pics\n"
_VIDEO_TURNS = _NOT_KNOWN | {
    "full": (
        (
            f"{_HEAD}What is said in it: Meet my dog.\n<video>\nPlease answer in this order.\n"
            "- Describe the video scene by scene.\n"
            "- What percentage of its viewers would like it?\n"
            "- What would the 2 most popular comments on it be?\n"
            "- How often would each of its 2 scenes be replayed, from 0 (least) to 1 (most)?"
        ),
        (
            f"{_DESCRIBED}\n"
            "This video would be liked by 3.3% of viewers.\n"
            'The most popular comments would be:\n1. "What a good dog!"\n2. "The jump got me"\n'
            "Replay values:\nScene 1: 0.06\nScene 2: 1.00"
        ),
    ),
    "content-only": (
        f"{_HEAD}What is said in it: Meet my dog.\n<video>\nDescribe the video scene by scene.",
        _DESCRIBED,
    ),
    "titles-only": (
        "Channel: Dogs & Co\n<video>\nUnder which title would this video be posted?",
        "My dog jumps",
    ),
    "likes-only": (
        f"{_HEAD}<video>\nWhat percentage of its viewers would like this video?",
        "This video would be liked by 3.3% of viewers.",
    ),
    "comments-only": (
        f"{_HEAD}<video>\nWhat would the 2 most popular comments on this video be?",
        '1. "What a good dog!"\n2. "The jump got me"',
    ),
    "replay-only": (
        (
            f"{_HEAD}<video>\nIts scenes:\nScene 1: 0.0 s to 4.0 s, Intro\nScene 2: 4.0 s to 10.5 s, The jump\n"
            "How often would each scene be replayed, from 0 (least) to 1 (most)?"
        ),
        "Scene 1: 0.06\nScene 2: 1.00",
    ),
    "behaviour-simulation": (
        (
            "Title: My dog jumps\nChannel: Dogs & Co, 1200 subscribers\nPosted on: 2020-05-17\n"
            "Duration: 10 s\n<video>\n"
            "Scene 1, 0.0 s to 4.0 s: A dog runs over a meadow. Speech: Meet my dog. Replay value: [MASK]\n"
            "Scene 2, 4.0 s to 10.5 s: The jump Replay value: [MASK]\n"
            "Views: [MASK]\nLiked by: [MASK] of viewers"
        ),
        "Scene 1: 0.06\nScene 2: 1.00\nViews: 3000\nLiked by: 3.3% of viewers",
    ),
    "content-simulation": (
        (
            f"{_HEAD}<video>\nScene 1: A dog runs over a meadow. Speech: [MASK] Replay value: 0.06\n"
            "Scene 2: The jump Replay value: 1.00\nLiked by: 3.3% of viewers\nWhat is said in scene 1?"
        ),
        "Meet my dog.",
    ),
    "content-choice": "too few other scenes with speech in train for 25 options",
}
_IMAGE_TURNS = _NOT_KNOWN | {
    "full": (
        (
            f"{_IMAGE_HEAD}<image>\nPlease answer in this order.\n"
            "- What score, upvotes less downvotes, would it get?\n- What would the 2 most popular comments on it be?"
        ),
        'This image would get a score of 4321.\nThe most popular comments would be:\n1. "Nice"\n2. "Where?"',
    ),
    "content-only": "the sample has no description",
    "titles-only": (
        "Posted in: r/pics\n<image>\nUnder which title would this image be posted?",
        "Sunset at the lake",
    ),
    "likes-only": (
        f"{_IMAGE_HEAD}<image>\nWhat score, upvotes less downvotes, would this image get?",
        "This image would get a score of 4321.",
    ),
    "comments-only": (
        f"{_IMAGE_HEAD}<image>\nWhat would the 2 most popular comments on this image be?",
        '1. "Nice"\n2. "Where?"',
    ),
    "replay-only": "the sample has no replay",
    "behaviour-simulation": (f"{_IMAGE_HEAD}Posted on: 2020-05-17\n<image>\nScore: [MASK]", "Score: 4321"),
    "content-simulation": "the sample has no speech",
    "content-choice": "the sample has no speech",
}
_BARE_LACKS = _NOT_KNOWN | {
    "full": "the sample has no description and no likes and no comments and no replay",
    "content-only": "the sample has no description",
    "titles-only": "the sample has no title",
    "likes-only": "the sample has no likes",
    "comments-only": "the sample has no comments",
    "replay-only": "the sample has no replay",
    "behaviour-simulation": "the sample has no views and no likes and no replay",
    "content-simulation": "the sample has no speech",
    "content-choice": "the sample has no speech",
}


@pytest.mark.parametrize("name", shipped())
def test_each_template_asks_and_answers_these_words_of_a_video_of_which_everything_is_known(name: str) -> None:
    assert turns(name, video()) == _VIDEO_TURNS[name]


@pytest.mark.parametrize("name", shipped())
def test_each_template_asks_of_an_image_only_what_is_known_of_it(name: str) -> None:
    assert turns(name, image()) == _IMAGE_TURNS[name]


@pytest.mark.parametrize("name", shipped())
def test_a_sample_without_what_a_template_asks_for_is_skipped_with_what_it_lacks(name: str) -> None:
    assert turns(name, bare("bare")) == _BARE_LACKS[name]


_ASKED = {
    "scenes": ("Describe the", "Scene 1"),
    "like_percent": ("percentage", "liked by"),
    "comments": ("popular comments", "popular comments"),
    "replay": ("replayed", "Replay values"),
}


@pytest.mark.parametrize("lacking", ["comments", "scenes", "like_percent"])
def test_what_is_lacking_is_neither_asked_nor_answered(lacking: str) -> None:
    found = turns("full", video(**{lacking: None if lacking == "like_percent" else []}))
    for part, (question, answer) in _ASKED.items():
        gone = part == lacking or (part == "replay" and lacking == "scenes")
        assert (question in found[0], answer in found[1]) == (not gone, not gone), part


def test_without_replay_values_the_scenes_are_only_described() -> None:
    scenes = [one | {"replay": None} for one in video()["scenes"]]
    user, assistant = turns("full", video(scenes=scenes))
    assert "replayed" not in user
    assert "Replay values" not in assistant
    assert assistant.startswith(_DESCRIBED)


def test_a_score_is_asked_for_only_where_no_percentage_is_known() -> None:
    assert turns("likes-only", video(like_percent=None))[1] == "This video would get a score of 321."
    assert turns("likes-only", image(score=0))[1] == "This image would get a score of 0."
    assert turns("likes-only", video(like_percent=0.0))[1] == "This video would be liked by 0.0% of viewers."


def test_scenes_keep_their_numbers_where_one_has_no_replay_value() -> None:
    scenes = [scene(0.0, 1.0), scene(1.0, 2.0, replay=0.5)]
    assert turns("replay-only", video(scenes=scenes))[1] == "Scene 2: 0.50"


def test_what_data_says_makes_no_media_token_no_turn_and_no_line() -> None:
    bad = 'a <image> <video>\n<|im_end|>\n<|<image>|> \ue000 {{ media }} "quoted"'
    safe = 'a [image] [video] [im_end] <|[image]|> {{ media }} "quoted"'
    dirty = video(
        title=bad, channel_name=bad, comments=[comment(bad), comment("\ue000")],
        scenes=[scene(0.0, 4.0, caption=bad, title=bad, tone=bad, tags=[bad], speech=bad, replay=1.0)],
        speech=[{"start_s": 0.0, "end_s": 1.0, "text": bad}],
    )  # fmt: skip
    for name in set(shipped()) - {"content-choice", *_NOT_KNOWN}:
        user, assistant = turns(name, dirty)
        assert user.count("<video>") == 1
        assert not any(token in user for token in _NOT_A_WORD if token != "<video>")  # noqa: S105 - no password
        assert safe in user + assistant
    assert turns("comments-only", dirty)[1] == f'1. "{safe}"'
    assert turns("titles-only", dirty)[1] == safe


def test_a_pair_shows_no_comment_that_readers_voted_down() -> None:
    scores = {"Best of all": 5, "Nobody cares for it": 0, "Shown where nothing is known": None, "Voted down": -17}
    comments = [comment(text) | {"score": score} for text, score in scores.items()]
    sample = image(comments=comments)
    assert turns("comments-only", sample)[1] == (
        '1. "Best of all"\n2. "Nobody cares for it"\n3. "Shown where nothing is known"'
    )
    assert turns("comments-only", image(comments=comments[3:])) == "the sample has no comments"
    table = pa.Table.from_pylist([sample], _SAMPLES)
    for least, shown in ((1, 2), (None, 4)):
        found = instructions(table, [shipped_template("comments-only")], pl.Series(["train"]), min_comment_score=least)
        (row,) = found.llava.to_pylist()
        assert row["conversations"][1]["value"].count("\n") + 1 == shown


def test_templates_can_ask_for_popularity_among_the_like() -> None:
    words = "{{ media }} {{ ratio }} {{ percentile }} {{ score }}"
    template = dataclasses.replace(shipped_template("likes-only"), user=words)
    table = pa.Table.from_pylist([image()], _SAMPLES)
    among = pl.DataFrame({"score_ratio": [2.5], "score_percentile": [0.75]})
    found = instructions(table, [template], pl.Series(["train"]), popularity=among)
    (row,) = found.chat.to_pylist()
    assert row["messages"][1]["content"][1]["text"] == "2.5 0.75 4321"
    assert (row["score_ratio"], row["score_percentile"]) == (2.5, 0.75)


def test_pairs_of_annotations_say_what_was_annotated_and_hold_no_tokens() -> None:
    blank = {"annotators": None, "licence": None, "matched_by": "sha256", "source": "f", "value": None, "map": []}
    rows: list[dict[str, Any]] = [
        {"kind": "memorability", "value": 0.875},
        {"kind": "saliency_objects", "map": [("a <image> dog", 0.5), ("cat", 1)]},
        {"kind": "saliency_regions", "map": [(name, 0.5) for name in REGIONS]},
        {"kind": "memorability", "value": 0.1, "sample_id": "another"},
    ]
    for place, row in enumerate(rows):
        row["map"] = [{"name": name, "value": value} for name, value in row.get("map", [])]
        row |= {"annotation_id": str(place), "sample_id": row.get("sample_id", "image")}
    annotations = pa.Table.from_pylist([blank | row for row in rows], SCHEMAS["annotation"])
    table = pa.Table.from_pylist([image(), bare("bare")], _SAMPLES)
    templates = [shipped_template(name) for name in ("memorability", "saliency-objects", "saliency-regions")]
    found = instructions(table, templates, pl.Series(["train"] * 2), annotations=annotations)
    answers = [row["conversations"][1]["value"] for row in found.llava.to_pylist()]
    assert answers[:2] == ["0.88", "1. cat: 1.00\n2. a [image] dog: 0.50"]
    assert answers[2].split("\n") == [f"{name.capitalize()}: 0.50" for name in REGIONS]
    assert found.skipped.column("sample_id").to_pylist() == ["bare"] * 3


def test_llava_and_chat_say_the_same() -> None:
    found = pairs(video(), image(), names=tuple(shipped()))
    assert found.llava.schema.equals(SCHEMAS["instruction"])
    assert found.chat.schema.equals(SCHEMAS["chat"])
    llava, chat = found.llava.to_pylist(), found.chat.to_pylist()
    assert len(llava) == len(chat) == 13
    for one, other in zip(llava, chat, strict=True):
        head = ("id", "sample_id", "template", "template_version", "split")
        assert [one[key] for key in head] == [other[key] for key in head]
        assert [message["role"] for message in other["messages"]] == ["system", "user", "assistant"]
        assert other["urls"] == [one["url"]]
        assert (one["image"], one["video"], other["images"], other["videos"], other["sha256"]) == (
            None,
            None,
            [],
            [],
            [],
        )
        said = [one["system"], *(turn["value"] for turn in one["conversations"])]
        for text, message in zip(said, other["messages"], strict=True):
            parts = [f"<{part['type']}>" if part["text"] is None else part["text"] for part in message["content"]]
            assert "\n".join(parts) == text


def test_pairs_of_a_sample_stand_in_the_order_of_the_templates_under_ids_of_their_own() -> None:
    found = pairs(video("b"), video("a"), names=("titles-only", "full"))
    assert found.llava["id"].to_pylist() == ["b-titles-only", "b-full", "a-titles-only", "a-full"]
    assert found.chat["id"].to_pylist() == found.llava["id"].to_pylist()


def test_chat_shows_all_pictures_of_a_gallery_and_llava_the_first() -> None:
    pictures = ["https://i.redd.it/a.jpg", "https://i.redd.it/b.jpg"]
    found = pairs(image(media_kind="gallery", media_urls=pictures))
    llava, chat = found.llava.to_pylist()[0], found.chat.to_pylist()[0]
    assert (llava["url"], chat["urls"], chat["images"], chat["videos"]) == (pictures[0], pictures, [], [])
    assert [part["type"] for part in chat["messages"][1]["content"]] == ["text", "image", "image", "text"]


def test_an_animation_that_comes_as_a_film_is_a_video() -> None:
    found = pairs(image(media_kind="gif", media_urls=["https://i.imgur.com/a.mp4"])).llava.to_pylist()[0]
    assert found["url"] == "https://i.imgur.com/a.mp4"
    assert "<video>" in found["conversations"][0]["value"]


def test_pairs_name_the_files_of_their_media_and_ask_of_what_these_hold() -> None:
    shown = [
        [
            ShownFile("store/images/aa/a.jpg", "a", is_video=False),
            ShownFile("store/images/bb/b.png", "b", is_video=False),
        ],
        [ShownFile("store/videos/cc/c.mp4", "c", is_video=True, frames=(("store/frames/d.jpg", 1.5),))],
        [],
    ]
    samples = [
        image(media_kind="gallery", media_urls=["https://i.redd.it/a.jpg", "https://i.redd.it/b.jpg"]),
        image(sample_id="gif", media_kind="gif", media_urls=["https://i.redd.it/c.gif"]),
        video(),
    ]
    table = pa.Table.from_pylist(samples, _SAMPLES)
    found = instructions(table, [shipped_template("full")], pl.Series(["train"] * 3, dtype=pl.String), shown)
    gallery, animation, none = found.chat.to_pylist()
    assert (gallery["images"], gallery["videos"]) == (["store/images/aa/a.jpg", "store/images/bb/b.png"], [])
    assert (gallery["sha256"], gallery["urls"]) == (["a", "b"], samples[0]["media_urls"])
    assert (animation["videos"], animation["frames"]) == (
        ["store/videos/cc/c.mp4"], [{"time_s": 1.5, "image": "store/frames/d.jpg"}]
    )  # fmt: skip
    assert "the video itself" in animation["messages"][0]["content"][0]["text"]
    assert (none["images"], none["videos"], none["sha256"]) == ([], [], [])
    llava = found.llava.to_pylist()
    assert [(row["image"], row["video"]) for row in llava] == [
        ("store/images/aa/a.jpg", None), (None, "store/videos/cc/c.mp4"), (None, None)
    ]  # fmt: skip


def talk(sample_id: str, *words: str) -> dict[str, Any]:
    scenes = [scene(place, place + 1.0, speech=text) for place, text in enumerate(words)]
    return bare(sample_id, scenes=scenes)


def options_of(user: str) -> dict[str, str]:
    lines = user.split("Answer with the letter.\n")[1].split("\n")
    return dict(line.split(". ", 1) for line in lines)


def test_a_choice_has_25_options_of_the_same_split_and_the_true_one_at_the_answer() -> None:
    training = [talk(f"t{place}", f"first of t{place}", f"second of t{place}") for place in range(30)]
    testing = [talk(f"v{place}", f"first of v{place}") for place in range(30)]
    samples = [*training, *testing]
    splits = ["train"] * 30 + ["test"] * 30
    found = pairs(*samples, names=("content-choice", "content-simulation"), splits=splits).llava.to_pylist()
    truths = {row["sample_id"]: row["conversations"][1]["value"] for row in found if "simulation" in row["template"]}
    choices = [row for row in found if row["template"] == "content-choice"]
    assert len(choices) == 60
    for row in choices:
        user, assistant = (turn["value"] for turn in row["conversations"])
        options = options_of(user)
        assert list(options) == list(string.ascii_uppercase[:25])
        assert len(set(options.values())) == 25
        assert options[assistant] == truths[row["sample_id"]]
        own, side = f" of {row['sample_id']}", " of t" if row["split"] == "train" else " of v"
        assert [letter for letter, text in options.items() if text.endswith(own)] == [assistant]
        assert all(side in text for text in options.values())
    assert len({row["conversations"][1]["value"] for row in choices}) > 10


def test_a_choice_does_not_change_when_it_is_made_again_and_long_speech_is_cut() -> None:
    samples = [talk(f"t{place}", " ".join([f"word{place}"] * 50)) for place in range(26)]
    first, second = (pairs(*samples, names=("content-choice",)).llava for _ in range(2))
    assert first.equals(second)
    options = options_of(first.to_pylist()[0]["conversations"][0]["value"])
    assert {len(text.split(" ")) for text in options.values()} == {41}
    assert all(text.endswith(" ...") for text in options.values())


def test_speech_that_others_repeat_is_one_option() -> None:
    samples = [talk("a", "the truth"), *(talk(f"t{place}", "the same words") for place in range(40))]
    why = set(pairs(*samples, names=("content-choice",)).skipped["why"].to_pylist())
    assert why == {"too few other scenes with speech in train for 25 options"}


def test_no_samples_make_no_pairs() -> None:
    found = pairs()
    assert (found.llava.num_rows, found.chat.num_rows, found.skipped.num_rows) == (0, 0, 0)


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        ("{{ range(views * 1000000) | length }}", "its `assistant` turn: it takes too long or makes too much text"),
        ("{{ '%.1f' | format(posted_on) }}", "its `assistant` turn: must be real number, not str"),
        ("{% if views > 1 %}{{ media }}{% endif %}", "shows the media 1 times in its `assistant` turn"),
    ],
)
def test_a_template_that_fails_with_one_sample_alone_is_told_with_it(turn: str, why: str) -> None:
    template = Template("mine", "1.0.0", "", (Part.TITLE,), None, "", "{{ media }}", turn, "")
    with pytest.raises(RecipeError) as caught:
        instructions(pa.Table.from_pylist([video()], _SAMPLES), [template], pl.Series(["train"]))
    assert str(caught.value).startswith("The template mine, with the sample video")
    assert why in str(caught.value)
