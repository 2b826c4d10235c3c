"""What a template can name: the facts of one sample, made safe to stand in a turn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from blift.schemas.parts import MediaKind
from blift.transforms.templates.moments import growth_of, moments_of

#: Stands for the media in a rendered turn; each output shape puts its own token there.
MEDIA = "\ue000"

#: What a tokenizer or a trainer would take for a token of its own, of any model: `<image>`, `</s>`, `<start_of_turn>`,
#: `<|im_end|>`, and DeepSeek's with its own bars. Gemma has tags of HTML among its tokens.
_ANGLE = re.compile(r"<(/?\w[\w:.-]*/?)>|<[|\uff5c]([^\s<>|\uff5c\[\]]*)[|\uff5c]>")
#: Tokens of Mistral, BERT and GLM, which stand in square brackets, and of Falcon.
_SQUARE = re.compile(
    r"\[(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|CALL_ID|ARGS|THINK|IMG|IMG_BREAK|IMG_END"
    r"|AUDIO|BEGIN_AUDIO|TRANSCRIBE|PREFIX|MIDDLE|SUFFIX|REF|CLS|SEP|PAD|MASK|UNK|BOS|EOS|[gs]?MASK|UNUSED_TOKEN_\d+"
    r"|control_\d+|unused\d+))\]"
)
_FALCON = re.compile(
    r">>(TITLE|ABSTRACT|INTRODUCTION|SUMMARY|COMMENT|ANSWER|QUESTION|DOMAIN|EMAIL_ADDRESS|IP_ADDRESS|PREFIX|SUFFIX|MIDDLE)<<"
)

#: Endings of addresses that a trainer loads as a picture; what else an animation lies at is loaded as a video.
_PICTURE = (".gif", ".webp", ".png", ".apng", ".avif", ".jpg", ".jpeg")


def plain(text: str | None) -> str:
    """One line, without what a tokenizer would read as a token of its own.

    `<image>` becomes `[image]`, `>>QUESTION<<` becomes `[QUESTION]`, and `[INST]` becomes `(INST)`.
    """
    without = (text or "").replace(MEDIA, "")
    if "<" in without:  # most texts have none of the characters with which such a token begins
        without = _ANGLE.sub(lambda found: f"[{_name(found)}]", without)
    if ">>" in without:
        without = _FALCON.sub(r"[\1]", without)
    if "[" in without:
        without = _SQUARE.sub(r"(\1)", without)
    return " ".join(without.split())


def _name(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)


def is_film(kind: str, urls: Sequence[str]) -> bool:
    """Whether a trainer loads the media as a video: a video, or an animation that comes as one."""
    if kind == MediaKind.GIF.value:
        return bool(urls) and not urls[0].lower().endswith(_PICTURE)
    return kind == MediaKind.VIDEO.value


def context_of(
    sample: Mapping[str, Any], *, film: bool | None = None, min_comment_score: int | None = 0
) -> dict[str, Any]:
    """The names that a template can use, out of a row of the sample table.

    - ``kind``: ``image`` or ``video``; ``a_kind`` with its article; ``media``: the media itself.
    - ``title``, ``channel``, ``subreddit``, ``speech``: text, empty where unknown.
    - ``subscribers``, ``views``, ``score`` (upvotes less downvotes), ``likes`` (percentage of the views),
      ``like_count``, ``duration_s``, ``posted_on`` (a day): none where unknown. ``likes`` needs views, which some
      platforms do not state. ``upvotes`` is an old name of ``score``.
    - ``ratio`` and ``percentile``: popularity within subreddit or channel, month, and age when read (see
      ``blift.transforms.popularity``); none where unknown.
    - ``comments``: texts, best first.
    - ``scenes``: each with ``number``, ``start_s``, ``end_s``, ``title``, ``caption``, ``tags``, ``foreground``,
      ``background``, ``tone``, ``speech``, ``screen_text``, ``replay``; ``described`` and ``replayed`` are those
      that have a description, and a replay value.
    - ``memorability`` (0 to 1, none where unknown), ``salient_objects`` (the most salient first) and
      ``salient_regions`` (nine, in reading order), each with ``name`` and ``value``: of annotations, empty where there
      are none.
    - ``moments``: up to three seconds to which people react most, each with ``second``, ``time`` (``2:31``) and
      ``reactions``; empty where there are none.
    - ``growth``: ``measure``, ``early`` (a list) and ``later``, each of these with ``days`` and ``value``; none where
      unknown.
    - ``masked``: the scene whose speech is masked; ``options`` (``letter``, ``speech``) and ``answer``, a letter.

    Args:
        film: whether the media is loaded as a video, where its file is known; None reads it from the address.
        min_comment_score: comments with a lower score are left out; None takes all.
    """
    if film is None:
        film = is_film(sample["media_kind"], sample["media_urls"])
    scenes = [_scene(number, scene) for number, scene in enumerate(sample["scenes"], start=1)]
    kind = "video" if film else "image"
    return {
        "kind": kind,
        "a_kind": "an image" if kind == "image" else "a video",
        "media": MEDIA,
        "title": plain(sample["title"]),
        "channel": plain(sample["channel_name"]),
        "subreddit": plain(sample["subreddit"]),
        "speech": plain(" ".join(spoken["text"] for spoken in sample["speech"])),
        "subscribers": sample["channel_subscribers"],
        "views": sample["views"],
        "score": sample["score"],
        "upvotes": sample["score"],
        "ratio": sample.get("score_ratio"),
        "percentile": sample.get("score_percentile"),
        "likes": sample["like_percent"],
        "like_count": sample["likes"],
        "duration_s": sample["duration_s"],
        "posted_on": sample["posted_at"].date().isoformat() if sample["posted_at"] else None,
        "comments": [text for text in map(plain, _popular(sample["comments"], min_comment_score)) if text],
        "scenes": scenes,
        "described": [scene for scene in scenes if _is_described(scene)],
        "replayed": [scene for scene in scenes if scene["replay"] is not None],
        "memorability": sample.get("memorability"),
        "salient_objects": _named_parts(sample.get("salient_objects", ())),
        "salient_regions": _named_parts(sample.get("salient_regions", ())),
        "moments": moments_of(sample["reactions"]),
        "growth": growth_of(sample["growth"], _first_post(sample)),
        "masked": None,
        "options": [],
        "answer": None,
    }


def _first_post(sample: Mapping[str, Any]) -> str | None:
    """The post that speaks for a sample."""
    return next((post["post_id"] for post in sample["audiences"] if post["permalink"] == sample["permalink"]), None)


def _named_parts(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": plain(part["name"]), "value": part["value"]} for part in parts]


def _popular(comments: Sequence[Mapping[str, Any]], least: int | None) -> list[str]:
    """Texts of comments whose score is known to be no lower than that, or is not known."""
    return [
        comment["text"]
        for comment in comments
        if least is None or comment["score"] is None or comment["score"] >= least
    ]


def _scene(number: int, scene: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: plain(scene[name]) for name in ("title", "caption", "tone", "speech", "screen_text")}
    words = {
        "tags": scene["tags"],
        "foreground": scene["foreground_colours"],
        "background": scene["background_colours"],
    }
    return {
        "number": number,
        **{name: scene[name] for name in ("start_s", "end_s", "replay")},
        **texts,
        **{name: [plain(word) for word in found] for name, found in words.items()},
    }


def _is_described(scene: Mapping[str, Any]) -> bool:
    return any(scene[name] for name in ("caption", "title", "tags", "foreground", "background", "tone"))
