"""Lists of posts that a recipe names: ids and permalinks in a text file, a column of CSV or Parquet, or a dataset."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from blift.schemas.checked import in_place
from blift.schemas.counted import counted
from blift.schemas.errors import RecipeError, cut, did_you_mean
from blift.schemas.platform import Platform, platforms
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.transforms.named_files import named_path
from blift.transforms.urls.canonical import canonical

#: Columns that may name posts, the surest first.
COLUMNS = ("permalink", "url", "post_id", "id")
#: What of the validation context reads a dataset on the Hub: the values of a column, of those named the first there is.
READ_DATASET = "read_dataset"
ReadDataset = Callable[[str, str | None, Sequence[str]], Iterable[str]]
_OF_DATASET = {"repo", "revision", "column"}
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_BYTES = 1 << 30
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SHOWN = 5


@dataclass(frozen=True)
class PostList:
    """Posts by name.

    Attributes:
        name: of the file or dataset. ``entries``: what it says, each once, in order.
        candidates: the ids, `<platform>:<native id>`, that each entry may stand for: a bare id may have the form of
            several platforms.
    """

    name: str
    entries: tuple[str, ...]
    candidates: tuple[tuple[str, ...], ...]

    @cached_property
    def post_ids(self) -> frozenset[str]:
        """All ids that entries may stand for."""
        return frozenset(post_id for found in self.candidates for post_id in found)

    @cached_property
    def sha256(self) -> str:
        """Digest of the ids."""
        return hashlib.sha256("\n".join(sorted(self.post_ids)).encode()).hexdigest()


def post_list(path: Path, name: str, column: str | None = None) -> PostList:
    """The list in a file: lines of text, or a column of CSV or Parquet.

    Args:
        column: None takes the first of ``COLUMNS`` that the file has.

    Raises:
        RecipeError: the file cannot be read, has no such column, is empty, or a line names no post.
    """
    return list_of(_texts(path, name, column), name)


def list_of(given: Iterable[str], name: str) -> PostList:
    """The list that some texts make, each an id or an address; ``name`` says where they are from.

    Raises:
        RecipeError: there is none, or one names no post.
    """
    texts = list(dict.fromkeys(text.strip() for text in given if text.strip()))
    if not texts:
        raise RecipeError(f"The list {cut(name)} names no post. Add ids or permalinks, one per line.")
    found = candidates_of(texts)
    strange = [text for text, ids in zip(texts, found, strict=True) if not ids]
    if strange:
        shown = ", ".join(cut(repr(text), 80) for text in strange[:_SHOWN])
        count = counted(len(strange), "entry that names", "entries that name")
        raise RecipeError(
            f"The list {cut(name)} has {count} no post, such as {shown}. Write ids, as "
            f"`PLATFORM:ID` ({', '.join(platforms())}), or addresses of posts."
        )
    return PostList(name, tuple(texts), tuple(found))


def candidates_of(texts: list[str]) -> list[tuple[str, ...]]:
    """The ids that each text may stand for: the id itself, one of any platform of that form, or that of an address."""
    addresses = pl.Series([_whole(text) for text in texts], dtype=pl.String)
    plain = canonical(addresses).fill_null(addresses)
    found: list[list[str]] = [[] for _ in texts]
    for platform in platforms().values():
        if platform.covers_others:
            continue
        in_address = plain.str.extract(platform.id_in_address) if platform.id_in_address else None
        for place, text in enumerate(texts):
            native = _native(text, platform) or (in_address[place] if in_address is not None else None)
            if native is not None and platform.is_id(native):
                found[place].append(f"{platform.name}:{native}")
    return [tuple(ids) for ids in found]


def _native(text: str, platform: Platform) -> str | None:
    name, colon, rest = text.partition(":")
    if colon and name == platform.name:
        return rest
    bare = text.removeprefix(platform.id_prefix)
    return bare if "/" not in bare and ":" not in bare and platform.is_id(bare) else None


def _whole(text: str) -> str | None:
    """An address with its scheme; a path is one of the platform whose posts have paths of that form."""
    if "/" not in text or re.match(r"^\w+:[^/]", text):
        return None
    if _SCHEME.match(text):
        return text
    host = text.partition("/")[0]
    if "." in host:
        return f"https://{text}"
    for platform in platforms().values():
        if platform.id_in_address and re.search(platform.id_in_address, "/" + text.lstrip("/")):
            return "/".join(platform.post_address.split("/")[:3]) + "/" + text.lstrip("/")
    return None


def _texts(path: Path, name: str, column: str | None) -> list[str]:
    try:
        content = read_regular_file(path, _MOST_BYTES)
    except Unreadable as error:
        raise RecipeError(f"The list {cut(name)} cannot be read ({error}); check its path.") from error
    if content[:4] == b"PAR1":
        return _of_parquet(content, name, column)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"The list {cut(name)} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    if path.suffix.lower() == ".csv" or column is not None:
        rows = csv.DictReader(io.StringIO(text))
        chosen = _column(list(rows.fieldnames or []), name, column)
        return [row[chosen] or "" for row in rows]
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def _of_parquet(content: bytes, name: str, column: str | None) -> list[str]:
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as parquet:
            chosen = _column(parquet.schema_arrow.names, name, column)
            values = parquet.read([chosen]).column(chosen).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise RecipeError(f"The list {cut(name)} cannot be read: {error}") from error
    return [str(value) for value in values if value is not None]


def _column(there: list[str], name: str, column: str | None) -> str:
    if column is not None and column not in there:
        hint = did_you_mean(column, there) or "."
        raise RecipeError(f"The list {cut(name)} has no column {cut(column)!r}{hint} Columns: {', '.join(there)}.")
    found = column or next((known for known in COLUMNS if known in there), None)
    if found is None:
        raise RecipeError(
            f"The list {cut(name)} has no column that names posts ({', '.join(COLUMNS)}). Name one, as `{{path: "
            f"{cut(name)}, column: ...}}`. Columns: {', '.join(there)}."
        )
    return found


@in_place
def _given(value: Any, info: ValidationInfo) -> PostList:
    if isinstance(value, PostList):
        return value
    if isinstance(value, Mapping) and "repo" in value:
        return _of_dataset(value, (info.context or {}).get(READ_DATASET))
    if isinstance(value, Mapping):
        unknown = sorted(set(map(str, value)) - {"path", "column"})
        if unknown or "path" not in value or not isinstance(value.get("column", ""), str):
            raise RecipeError(
                "A list of posts is a path, a mapping of `path` and `column`, or of `repo`, `revision` and `column`."
            )
        return post_list(named_path(value["path"], info), str(value["path"]), value.get("column"))
    return post_list(named_path(value, info), str(value))


def _of_dataset(value: Mapping[str, Any], read: ReadDataset | None) -> PostList:
    if set(map(str, value)) - _OF_DATASET or not all(isinstance(item, str) for item in value.values()):
        raise RecipeError(
            "A list of posts in a dataset is a mapping of `repo`, and `revision` and `column` if need be."
        )
    if not _REPO.fullmatch(value["repo"]):
        raise RecipeError(f"{cut(repr(value['repo']))} is no dataset on the Hub. Write it as `OWNER/NAME`.")
    if read is None:
        raise RecipeError("A list of posts in a dataset is read where the recipe is a file.")
    columns = [value["column"]] if "column" in value else COLUMNS
    return list_of(read(value["repo"], value.get("revision"), columns), value["repo"])


def _digest(listed: PostList) -> dict[str, str]:
    return {"name": listed.name, "sha256": listed.sha256}


#: The path of a file with one id or address per line, or of CSV or Parquet; with a column, as a mapping; or a dataset.
ListedPosts = Annotated[
    PostList,
    PlainValidator(_given),
    PlainSerializer(_digest),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"path": {"type": "string"}, "column": {"type": "string"}},
                    "required": ["path"],
                },
                {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in sorted(_OF_DATASET)},
                    "required": ["repo"],
                },
            ]
        }
    ),
]
