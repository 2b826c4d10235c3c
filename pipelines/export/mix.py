"""Rows of other datasets among the pairs of an export: exact numbers, the same every time, each row with its origin."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash
from pydantic import Field, ValidationError

from blift.connectors.inside import check_inside
from blift.pipelines.recipe.mistakes import sentences
from blift.schemas.checked import Checked
from blift.schemas.counted import counted
from blift.schemas.errors import InputError, RecipeError, cut
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.schemas.split import Split
from blift.schemas.yaml_text import read_yaml

#: Name of the key that says where a row is from, and its value in pairs of the run folder.
ORIGIN, OWN = "origin", "blift"
#: Says what the folder of an export is; written first and last. `datasets` passes over names that begin with a dot.
ABOUT = ".blift-export.json"
_DIGEST = re.compile(r"[0-9a-f]{64}\.")
_MOST_BYTES = 4 << 30
_MIX_BYTES = 64 << 10
#: Keys of rows, and of parts of messages, that name files.
_NAMING = ("image", "images", "video", "videos", "path")

#: Keys of rows that hold what is said.
_TEXTS = ("conversations", "messages", "prompt", "chosen", "rejected")
_SAME = "Mix in rows in the format of the trainer; see docs/train.md."


class MixEntry(Checked):
    """One dataset to mix in."""

    path: str = Field(description="A JSON or JSONL file in the trainer's format, or the folder of an export to it.")
    weight: float = Field(gt=0, description="Rows of it for each row of the run folder, in the same split.")
    media: str | None = Field(default=None, description="Folder of its media. Null: the folder that it lies in.")


class _Mix(Checked):
    mix: list[MixEntry] = Field(min_length=1, description="The datasets, each with `path` and `weight`.")
    seed: int = Field(default=0, description="Another seed draws others.")


@dataclass(frozen=True)
class Mixed:
    """Datasets to mix in, and the seed by which their rows are drawn. ``folder``: what their paths are relative to."""

    entries: tuple[MixEntry, ...]
    seed: int
    folder: Path


def read_mix(path: Path) -> Mixed:
    """The mix in a YAML file.

    Raises:
        RecipeError: it cannot be read, or says what is no mix.
    """
    where = f"The mix {cut(str(path))}"
    try:
        text = read_regular_file(path, _MIX_BYTES).decode("utf-8")
    except (Unreadable, UnicodeDecodeError) as error:
        raise RecipeError(f"{where} cannot be read ({error}); check its path.") from error
    read = read_yaml(text, where)
    if not isinstance(read.content, dict):
        raise RecipeError(f"{where} is no mapping with the key `mix`. See docs/train.md.")
    try:
        found = _Mix.model_validate(read.content)
    except ValidationError as error:
        raise RecipeError(*sentences(error.errors(), path, read.node, _Mix)) from error
    return Mixed(tuple(found.mix), found.seed, path.parent)


@dataclass(frozen=True)
class Apart:
    """What keeps splits apart.

    Attributes:
        taken: by split, ids and files of the pairs of all other splits.
        drawn: rows and files that the splits before this one drew.
    """

    taken: Mapping[str, frozenset[str]]
    drawn: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Own:
    """Rows that the run folder gives to a split: how many, and what one of them is like."""

    rows: int
    like: Mapping[str, Any]


#: Puts a file into the export; gives its name there.
Place = Callable[[Path], str]


def mixed_rows(mixed: Mixed, split: str, own: Own, apart: Apart, place: Place) -> Iterator[dict[str, Any]]:
    """Rows of a split of all datasets, each with its origin, its files in the export.

    Of a dataset with the weight w, round(w x ``own.rows``) rows are drawn: those with the lowest hash of seed and row.
    A file belongs to the training split; of the folder of an export, splits go to the same splits.

    Args:
        own: rows that the run folder gives to the split.
        apart: what no row of this split may repeat; what is drawn is added at the end.

    Raises:
        InputError: a dataset cannot be read, has too few rows, or names a file that is not there.
    """
    drawn: set[str] = set()
    for entry in mixed.entries:
        file = _file_of(mixed.folder / entry.path, split)
        if file is None:
            continue
        media = (mixed.folder / entry.media) if entry.media else file.parent
        read = _read(file)
        _refuse_unlike(read, own.like, file)
        rows = {_hash(row, mixed.seed): row for row in read}
        free = [
            digest
            for digest, row in sorted(rows.items())
            if not apart.taken[split] & set(_names(row)) and not apart.drawn & _identity(digest, row, media)
            if digest not in drawn
        ]
        wanted = int(entry.weight * own.rows + 0.5)
        if wanted > len(free):
            raise InputError(
                f"{file} has {counted(len(free), 'different row')} in no other split, and "
                f"`weight: {entry.weight:g}` asks for {wanted:,} ({counted(own.rows, 'row')} of {split}). "
                "Lower the weight."
            )
        for digest in free[:wanted]:
            drawn |= _identity(digest, rows[digest], media)
            yield {**_placed(rows[digest], media, place, file), ORIGIN: origin_of(entry)}
    apart.drawn.update(drawn)


def origin_of(entry: MixEntry) -> str:
    """How the rows of a dataset say where they are from."""
    return posixpath.normpath(entry.path)


def check_entries(mixed: Mixed, format_: str) -> None:
    """Check that each dataset is a file, or the folder of an export to the format.

    Raises:
        InputError: one is not.
    """
    for entry in mixed.entries:
        source = mixed.folder / entry.path
        if not source.is_dir():
            continue
        made_for = format_of(source)
        if made_for not in (None, format_):
            raise InputError(f"{source} is an export for {made_for!r}, and rows for {format_!r} are mixed with it.")
        if not any(_file_of(source, split.value) for split in Split):
            raise InputError(
                f"{source} is no export that can be mixed in: it has no train.json or train.jsonl. Name the folder of "
                f"an export for {format_!r}, or a JSON file."
            )


def format_of(folder: Path) -> str | None:
    """The format of the export that a folder holds; None where it holds none."""
    try:
        content = json.loads(read_regular_file(folder / ABOUT, _MIX_BYTES))
    except (Unreadable, ValueError, RecursionError):
        return None
    found = content.get("format") if isinstance(content, dict) else None
    return found if isinstance(found, str) else None


def _file_of(source: Path, split: str) -> Path | None:
    if not source.is_dir():
        return source if split == Split.TRAIN.value else None
    files = [source / f"{split}.{ending}" for ending in ("json", "jsonl")]
    return next((file for file in files if file.is_file()), None)


def _read(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSON list or of JSON lines.

    Raises:
        InputError: it cannot be read, or holds something else.
    """
    try:
        text = read_regular_file(file, _MOST_BYTES).decode("utf-8")
        rows = (
            json.loads(text) if text.lstrip()[:1] == "[" else [json.loads(line) for line in text.splitlines() if line]
        )
    except (Unreadable, ValueError, RecursionError) as error:
        raise InputError(f"Cannot mix in {file}: {error}. It must be a JSON list, or JSON lines.") from error
    if not all(isinstance(row, dict) for row in rows):
        raise InputError(f"Cannot mix in {file}: a row of it is no JSON object.")
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def _refuse_unlike(rows: Sequence[Mapping[str, Any]], like: Mapping[str, Any], file: Path) -> None:
    """Check that rows have the texts of a format where its rows have them: a trainer would stop at them, or skip them.

    Args:
        like: a row of the format.

    Raises:
        InputError: one has not.
    """
    for key in (key for key in _TEXTS if key in like):
        parts = set(like[key][0]) if isinstance(like[key], list) else set()
        for number, row in enumerate(rows, start=1):
            value = row.get(key)
            what = f"row {number:,} of it has"
            if not value or not isinstance(value, type(like[key])):
                raise InputError(f"Cannot mix in {file}: {what} no `{key}`, as rows of this format have. {_SAME}")
            lacking = sorted(parts - set(value[0])) if parts and isinstance(value[0], dict) else sorted(parts)
            if lacking:
                names = " and ".join(f"`{name}`" for name in lacking)
                raise InputError(f"Cannot mix in {file}: {what} `{key}` without {names}. {_SAME}")


def _hash(row: Mapping[str, Any], seed: int) -> str:
    content = json.dumps({key: value for key, value in row.items() if key != ORIGIN}, sort_keys=True)
    return xxhash.xxh3_128_hexdigest(f"mix {seed} {content}".encode())


def _identity(digest: str, row: Mapping[str, Any], media: Path) -> set[str]:
    """The row, and its files: by their names where these are digests, else by where they lie."""
    named = ((posixpath.basename(name), name) for name in files_of(row))
    return {digest, *(base if _DIGEST.match(base) else str((media / name).resolve()) for base, name in named)}


def _names(row: Mapping[str, Any]) -> list[str]:
    """The id of a row, and the names of its files without their folders."""
    return [str(row.get("id", "")), *(posixpath.basename(name) for name in files_of(row))]


def taken_by(rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Ids and files of rows, as ``mixed_rows`` takes them."""
    return frozenset(name for row in rows for name in _names(row) if name)


def files_of(value: Any) -> list[str]:
    """Files that a row names."""
    if isinstance(value, list):
        return [name for item in value for name in files_of(item)]
    if not isinstance(value, Mapping):
        return []
    found = []
    for key, item in value.items():
        if key in _NAMING:
            found += [name for name in (item if isinstance(item, list) else [item]) if isinstance(name, str)]
        else:
            found += files_of(item)
    return found


def _placed(value: Any, media: Path, place: Place, source: Path) -> Any:
    """A row whose files are in the export."""

    def moved(item: Any) -> Any:
        if isinstance(item, list):
            return [moved(each) for each in item]
        if not isinstance(item, str):
            return item
        check_inside(str(media), item)
        path = media / item
        if not path.is_file():
            raise InputError(f"{source} names the file {item!r}, which is not in {media}. Set `media` to its folder.")
        return place(path)

    if isinstance(value, list):
        return [_placed(item, media, place, source) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {key: moved(item) if key in _NAMING else _placed(item, media, place, source) for key, item in value.items()}
