"""Samples to instruction pairs: every template asks what a sample can answer, in LLaVA's shape and as chat messages."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import polars as pl
import pyarrow as pa
import xxhash

from blift.schemas.arrow import from_rows
from blift.schemas.registry import SCHEMAS
from blift.transforms.annotations import told_of
from blift.transforms.pair_media import ShownFile
from blift.transforms.templates.context import MEDIA, context_of, is_film
from blift.transforms.templates.template import Part, Template, rendered

#: Columns of the sample table that a pair can use.
SAMPLE_COLUMNS = [
    "sample_id",
    "media_kind",
    "media_urls",
    "media_file",
    "title",
    "channel_name",
    "channel_subscribers",
    "subreddit",
    "posted_at",
    "duration_s",
    "score",
    "views",
    "likes",
    "like_percent",
    "comments",
    "scenes",
    "speech",
    "permalink",
    "audiences",
    "reactions",
    "growth",
]

#: Turns of a template, and who speaks them in LLaVA's shape.
_SPEAKERS = (("user", "human"), ("assistant", "gpt"))
_ROLES = ("system", "user", "assistant")
#: Words of an option that are shown; a chapter can hold minutes of speech.
_OPTION_WORDS = 40

_SKIPPED = pa.schema([("sample_id", pa.string()), ("template", pa.string()), ("why", pa.string())])


@dataclass(frozen=True)
class Pairs:
    """Instruction pairs of some samples.

    Attributes:
        llava: rows of the instruction table. ``chat``: the same pairs as rows of the chat table.
        skipped: ``sample_id``, ``template`` and ``why`` of every pair that has nothing to ask.
    """

    llava: pa.Table
    chat: pa.Table
    skipped: pa.Table


@dataclass(frozen=True)
class ShownMedia:
    """The media of a sample as its pairs show it: files, or their web addresses where there are none.

    Attributes:
        film: it is shown as a video. ``films``: the same for each part of the message.
    """

    files: Sequence[ShownFile]
    urls: Sequence[str]
    film: bool
    films: Sequence[bool]

    def column(self) -> dict[str, Any]:
        """Columns of the chat table."""
        return {
            "images": [file.name for file in self.files if not file.is_video],
            "videos": [file.name for file in self.files if file.is_video],
            "frames": [{"image": name, "time_s": time} for file in self.files for name, time in file.frames],
            "sha256": [file.sha256 for file in self.files],
            "urls": list(self.urls),
        }


@dataclass(frozen=True)
class _Speech:
    """The speech of one scene, as an option in a pair of another sample."""

    sample_id: str
    text: str


def instructions(
    samples: pa.Table,
    templates: Sequence[Template],
    splits: pl.Series,
    files: Sequence[Sequence[ShownFile]] | None = None,
    *,
    popularity: pl.DataFrame | None = None,
    annotations: pa.Table | None = None,
    min_comment_score: int | None = 0,
) -> Pairs:
    """The pairs of every sample and template; each is made or skipped with its reason.

    Args:
        samples: rows of the sample table.
        templates: in the order in which the pairs of a sample stand.
        splits: the split of every sample. Options of a choice come from samples of the same split, and of this table.
        files: those of the media of every sample, in order; none where the sample has none. None: no sample has any.
        popularity: ``score_ratio`` and ``score_percentile`` of every sample. None: they are not known.
        annotations: rows of the annotation table; those of other samples are passed over. None: there are none.
        min_comment_score: pairs show no comment with a lower score; None shows all.

    Raises:
        RecipeError: a template cannot be rendered with a sample.
    """
    rows = samples.select(SAMPLE_COLUMNS).to_pylist()
    media = [shown_media(row, shown) for row, shown in zip(rows, files or [()] * len(rows), strict=True)]
    among = popularity.to_dicts() if popularity is not None else [{}] * len(rows)
    told = _annotated(annotations)
    contexts = [
        context_of(
            row | of_group | told.get(row["sample_id"], {}), film=shown.film, min_comment_score=min_comment_score
        )
        for row, of_group, shown in zip(rows, among, media, strict=True)
    ]
    speeches: dict[str, list[_Speech]] = {}
    for row, context, split in zip(rows, contexts, splits, strict=True):
        speeches.setdefault(split, []).extend(_Speech(row["sample_id"], text) for text in _spoken(context))
    llava, chat, skipped = [], [], []
    for row, shown, context, split in zip(rows, media, contexts, splits, strict=True):
        for template in templates:
            why = _lacks(context, template) or _shows_nothing(row)
            names = context if why else _masked(row["sample_id"], context, template, speeches[split])
            if why or names is None:
                why = why or f"too few other scenes with speech in {split} for {template.options} options"
                skipped.append({"sample_id": row["sample_id"], "template": template.name, "why": why})
                continue
            where = f"The template {template.name}, with the sample {row['sample_id']}"
            turns = {turn: text.strip() for turn, text in rendered(template, names, where).items()}
            head = {
                "id": f"{row['sample_id']}-{template.name}",
                "sample_id": row["sample_id"],
                "template": template.name,
                "template_version": template.version,
                "split": split,
                "score_ratio": context["ratio"],
                "score_percentile": context["percentile"],
            }
            llava.append(head | _llava(shown, turns))
            chat.append(head | _chat(shown, turns))
    return Pairs(
        from_rows(llava, SCHEMAS["instruction"]),
        from_rows(chat, SCHEMAS["chat"]),
        pa.Table.from_pylist(skipped, _SKIPPED),
    )


def _annotated(annotations: pa.Table | None) -> dict[str, dict[str, Any]]:
    """What templates see of annotations, by sample."""
    by_sample: dict[str, list[dict[str, Any]]] = {}
    for row in annotations.to_pylist() if annotations is not None else ():
        by_sample.setdefault(row["sample_id"], []).append(row)
    return {sample: told_of(rows) for sample, rows in by_sample.items()}


def _lacks(context: Mapping[str, Any], template: Template) -> str | None:
    """Why a sample makes no pair of a template: it has none of the parts that are asked for."""
    if any(_HAS[part](context) for part in template.asks):
        return None
    return "the sample has no " + " and no ".join(part.value for part in template.asks)


def _shows_nothing(sample: Mapping[str, Any]) -> str | None:
    """Why a sample makes no pair at all: nobody knows where its media is."""
    if sample["media_urls"] or sample["media_file"]:
        return None
    return "neither an address nor a file of its media is known"


def _spoken(context: Mapping[str, Any]) -> list[str]:
    return [scene["speech"] for scene in context["scenes"] if scene["speech"]]


_HAS = {
    Part.TITLE: lambda context: bool(context["title"]),
    Part.DESCRIPTION: lambda context: bool(context["described"]),
    Part.VIEWS: lambda context: context["views"] is not None,
    Part.LIKES: lambda context: any(context[name] is not None for name in ("likes", "upvotes", "like_count")),
    Part.COMMENTS: lambda context: bool(context["comments"]),
    Part.REPLAY: lambda context: bool(context["replayed"]),
    Part.SPEECH: lambda context: bool(_spoken(context)),
    Part.REACTIONS: lambda context: bool(context["moments"]),
    Part.GROWTH: lambda context: context["growth"] is not None,
    Part.MEMORABILITY: lambda context: context["memorability"] is not None,
    Part.SALIENCY_OBJECTS: lambda context: bool(context["salient_objects"]),
    Part.SALIENCY_REGIONS: lambda context: bool(context["salient_regions"]),
}


def _masked(
    sample_id: str, context: dict[str, Any], template: Template, speeches: Sequence[_Speech]
) -> dict[str, Any] | None:
    """The context with a scene masked, and the options, where the template asks for speech; None for too few options.

    Which scene, which options and where the true one stands follow from a hash of the sample's id.
    """
    if Part.SPEECH not in template.asks or not _spoken(context):
        return context
    scenes = [scene for scene in context["scenes"] if scene["speech"]]
    number = xxhash.xxh3_64_intdigest(f"masked scene of {sample_id}".encode())
    masked = scenes[number % len(scenes)]
    if template.options is None:
        return {**context, "masked": masked}
    truth = _shortened(masked["speech"])
    start = number % len(speeches)
    others = dict.fromkeys(
        _shortened(other.text)
        for other in [*speeches[start:], *speeches[:start]]
        if other.sample_id != sample_id and _shortened(other.text) != truth
    )
    options = list(islice(others, template.options - 1))
    if len(options) < template.options - 1:
        return None
    place = number // len(scenes) % template.options
    options.insert(place, truth)
    letters = string.ascii_uppercase
    lettered = [{"letter": letters[at], "speech": speech} for at, speech in enumerate(options)]
    return {**context, "masked": masked, "options": lettered, "answer": letters[place]}


def _shortened(text: str) -> str:
    words = text.split(" ")
    return text if len(words) <= _OPTION_WORDS else " ".join([*words[:_OPTION_WORDS], "..."])


def shown_media(sample: Mapping[str, Any], files: Sequence[ShownFile]) -> ShownMedia:
    """The media of a sample as its pairs show it.

    Args:
        sample: ``media_kind`` and ``media_urls``.
        files: of its media, in order; none where it has none.
    """
    urls = sample["media_urls"]
    if files:
        films = [file.is_video for file in files]
        return ShownMedia(files, urls, all(films), films)
    film = is_film(sample["media_kind"], urls)
    shown = urls[:1] if film else urls
    return ShownMedia((), shown, film, [film] * len(shown))


def _llava(media: ShownMedia, turns: Mapping[str, str]) -> dict[str, Any]:
    """LLaVA's shape: one media, its token in the human turn."""
    token = "<video>" if media.film else "<image>"
    file = media.files[0].name if media.files else None
    return {
        "image": None if media.film else file,
        "video": file if media.film else None,
        "url": media.urls[0] if media.urls else None,
        "system": turns["system"] or None,
        "conversations": [{"from": speaker, "value": turns[turn].replace(MEDIA, token)} for turn, speaker in _SPEAKERS],
    }


def _chat(media: ShownMedia, turns: Mapping[str, str]) -> dict[str, Any]:
    """Chat messages: all pictures of a gallery, each a part of its own."""
    parts = [{"type": "video" if film else "image", "text": None} for film in media.films]
    return media.column() | {"messages": [{"role": role, "content": _parts(turns[role], parts)} for role in _ROLES]}


def _parts(text: str, media: Sequence[Mapping[str, str | None]]) -> list[Mapping[str, str | None]]:
    """Text parts with the media between them, where the turn shows it."""
    before, mark, after = text.partition(MEDIA)
    texts = [[{"type": "text", "text": words.strip()}] if words.strip() else [] for words in (before, after)]
    return [*texts[0], *(media if mark else ()), *texts[1]]
