"""The formats of trainers and other datasets. A row in ``FORMATS`` adds one: writer, command and tests follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from blift.pipelines.export.pair import ExportedPair, ExportedPreference
from blift.pipelines.export.shp import shp_leaves_out, shp_row
from blift.pipelines.export.source import (
    CHOSEN_COMMENTS,
    PAIRS,
    PREFERENCES,
    PREFERENCES_AS_TEXT,
    SAMPLES,
    Source,
)
from blift.pipelines.export.successors import (
    corpus_leaves_out,
    corpus_row,
    highlights_leave_out,
    highlights_row,
    interaction_leaves_out,
    interaction_row,
)


class Layout(StrEnum):
    """In which files rows lie."""

    JSON = "json"  # a list
    JSONL = "jsonl"  # a row per line
    PARQUET = "parquet"  # with the media in the cells
    PREFERENCES = "preferences"  # the same, of preferences
    CORPUS = "corpus"  # Parquet in the columns of the Content Behavior Corpus
    CSV = "csv"  # a row per line, below the names of the columns
    HDF5 = "hdf5"  # arrays of all splits in one file, and which of them are of which split
    TAR = "tar"  # WebDataset: the files of a row, and its JSON


@dataclass(frozen=True)
class Format:
    """What a trainer reads.

    Attributes:
        name: of the format, as `--to` takes it.
        trainer: who reads it, and what of its own command names these files.
        layout: the files of a split.
        galleries: it takes several images in a row. ``videos``: it takes videos; others get frames as images.
        row: a pair, whose files are named relative to the folder of the export, as a row.
        source: the rows of a run folder that it takes. ``shows``: it shows their media, so that they need files.
        leaves_out: why it does not take one of them, other than for its media; None where it does.
        beside: files that describe the others, as JSON by name; called with the names of the splits' files.
    """

    name: str
    trainer: str
    layout: Layout
    galleries: bool
    videos: bool
    row: Callable[[Any], dict[str, Any]]
    source: Source = PAIRS
    shows: bool = True
    leaves_out: Callable[[Any], str | None] = lambda _: None
    beside: Callable[[Sequence[str]], dict[str, Any]] = lambda _: {}


def _conversations(pair: ExportedPair, image: str, video: str) -> list[dict[str, str]]:
    """LLaVA's turns. It has none for the system text, which its `--version` sets."""
    return [{"from": "human", "value": pair.user(image, video)}, {"from": "gpt", "value": pair.assistant}]


def _llava(pair: ExportedPair) -> dict[str, Any]:
    media = {"video" if is_video else "image": name for name, is_video in pair.media}
    return {"id": pair.id, **media, "conversations": _conversations(pair, "<image>", "<image>")}


def _llava_next(pair: ExportedPair) -> dict[str, Any]:
    images = pair.images[0] if len(pair.images) == 1 else pair.images
    media = {"image": images} if images else {"video": pair.videos[0]}
    return {"id": pair.id, **media, "conversations": _conversations(pair, "<image>", "<image>")}


def _llama_factory(pair: ExportedPair) -> dict[str, Any]:
    """Both lists in every row: its converter looks for each column that dataset_info.json names."""
    return {
        "messages": pair.messages(pair.user("<image>", "<video>")),
        "images": pair.images,
        "videos": pair.videos,
    }


def _dataset_info(files: Sequence[str]) -> dict[str, Any]:
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    return {
        "dataset_info.json": {
            name.partition(".")[0]: {
                "file_name": name,
                "formatting": "sharegpt",
                "columns": {"messages": "messages", "images": "images", "videos": "videos"},
                "tags": {**tags, "system_tag": "system"},
            }
            for name in files
        }
    }


def _ms_swift(pair: ExportedPair) -> dict[str, Any]:
    media = {"images": pair.images, "videos": pair.videos}
    messages = pair.messages(pair.user("<image>", "<video>"))
    return {"messages": messages, **{key: names for key, names in media.items() if names}}


def _trl(pair: ExportedPair) -> dict[str, Any]:
    return {
        "id": pair.id,
        "images": pair.images,
        "frame_times_s": [time_s for _, time_s in pair.frames],
        "messages": pair.messages(pair.parts(paths=False), _as_parts),
    }


def _axolotl(pair: ExportedPair) -> dict[str, Any]:
    return {"messages": pair.messages(pair.parts(paths=True), _as_parts)}


def _webdataset(pair: ExportedPair) -> dict[str, Any]:
    return {"id": pair.id, "messages": pair.messages(pair.parts(paths=False), _as_parts)}


def _trl_preferences(preference: ExportedPreference) -> dict[str, Any]:
    return {
        "id": preference.row["id"],
        "images": preference.images,
        "prompt": [{"role": "user", "content": list(preference.prompt)}],
        "chosen": preference.answer("chosen"),
        "rejected": preference.answer("rejected"),
    }


def _as_parts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            "llava", "LLaVA 1.5: --data_path DIR/train.json --image_folder DIR",
            Layout.JSON, galleries=False, videos=False, row=_llava,
        ),
        Format(
            "llava-next", "LLaVA-NeXT: --data_path DIR/train.json --image_folder DIR --video_folder DIR",
            Layout.JSON, galleries=True, videos=True, row=_llava_next,
        ),
        Format(
            "llama-vid", "LLaMA-VID: --data_path DIR/train.json --image_folder DIR --video_folder DIR",
            Layout.JSON, galleries=False, videos=True, row=_llava,
        ),
        Format(
            "llama-factory", "LLaMA-Factory: dataset: train, dataset_dir: DIR, media_dir: DIR",
            Layout.JSON, galleries=True, videos=True, row=_llama_factory, beside=_dataset_info,
        ),
        Format(
            "ms-swift", "ms-swift, in DIR: --dataset train.jsonl",
            Layout.JSONL, galleries=True, videos=True, row=_ms_swift,
        ),
        Format(
            "trl", "TRL: load_dataset(DIR), with the images in the cells",
            Layout.PARQUET, galleries=True, videos=False, row=_trl,
        ),
        Format(
            "trl-preferences", "TRL, DPOTrainer: load_dataset(DIR), with the images in the cells",
            Layout.PREFERENCES, galleries=True, videos=False, row=_trl_preferences, source=PREFERENCES,
        ),
        Format(
            "shp", "readers of the Stanford Human Preferences dataset: load_dataset('json', data_dir=DIR)",
            Layout.JSONL, galleries=True, videos=True, row=shp_row, source=PREFERENCES_AS_TEXT, shows=False,
            leaves_out=shp_leaves_out,
        ),
        Format(
            "content-behavior-corpus", "readers of the Content Behavior Corpus: load_dataset(DIR)",
            Layout.CORPUS, galleries=True, videos=True, row=corpus_row, source=SAMPLES, shows=False,
            leaves_out=corpus_leaves_out,
        ),
        Format(
            "mr-hisum", "readers of Mr. HiSum: DIR/mr_hisum.h5, DIR/mr_hisum_split.json; add `features` of your own",
            Layout.HDF5, galleries=True, videos=True, row=highlights_row, source=SAMPLES, shows=False,
            leaves_out=highlights_leave_out,
        ),
        Format(
            "microlens", "readers of the pairs of MicroLens: pandas.read_csv('DIR/train.csv')",
            Layout.CSV, galleries=True, videos=True, row=interaction_row, source=CHOSEN_COMMENTS, shows=False,
            leaves_out=interaction_leaves_out,
        ),
        Format(
            "axolotl", "Axolotl, in DIR: datasets: [{path: train.jsonl, ds_type: json, type: chat_template}]",
            Layout.JSONL, galleries=True, videos=True, row=_axolotl,
        ),
        Format(
            "webdataset", "WebDataset: wds.WebDataset(sorted(glob.glob('DIR/train-*.tar')))",
            Layout.TAR, galleries=True, videos=True, row=_webdataset,
        ),
    )
}  # fmt: skip
