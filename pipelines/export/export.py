"""`blift export`: the pairs of a run folder in the files that a trainer reads, with their media beside them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from blift.connectors.inside import check_paths
from blift.connectors.kept_files import FileGone, keep_file
from blift.connectors.parquet import file_sha256, read_shard, replace_file
from blift.connectors.shard import Shard
from blift.pipelines.engine.out_folder import check_apart, check_ours, files_in
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.export.formats import Format, Layout
from blift.pipelines.export.layouts import PARTIAL, WRITERS, ExportedRow
from blift.pipelines.export.mix import (
    ABOUT,
    ORIGIN,
    OWN,
    Apart,
    Mixed,
    Own,
    check_entries,
    files_of,
    format_of,
    mixed_rows,
    origin_of,
    taken_by,
)
from blift.pipelines.export.pair import digest_of
from blift.pipelines.export.source import PAIRS, Source
from blift.schemas.errors import InputError, OutputError, RecipeError
from blift.schemas.split import Split

MEDIA = "media"
_NO_FILE = "that name no file"
_RELEASE = "release/"
#: Files that an export writes, apart from those that a format puts beside them.
_SPLITS = "|".join(split.value for split in Split)
_OURS = re.compile(
    rf"(?:(?:{_SPLITS})\.(?:jsonl?|csv)|(?:{_SPLITS})-[0-9]{{5}}(?:-[0-9a-f]{{16}})?\.parquet|mr_hisum(?:\.h5|_split\.json)|(?:{_SPLITS})-(?:image|gallery|video)-[0-9a-z]+-[0-9]{{5}}\.tar"
    rf"|{MEDIA}/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.[a-z0-9]+)(?:\.[0-9a-f]{{32}})?(?:{re.escape(PARTIAL)})?"
)


@dataclass
class Exported:
    """What came of it.

    Attributes:
        rows: of the run folder, by split. ``files``: of media. ``left_out``: pairs that the format does not take, by
            the reason. ``mixed``: rows of other datasets, by their origin.
    """

    rows: Counter[str] = field(default_factory=Counter)
    files: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    mixed: Counter[str] = field(default_factory=Counter)


def export(
    folder: RunFolder, chosen: Format, out: Path, *, released: bool = False, mixed: Mixed | None = None
) -> Exported:
    """Write the pairs of a run folder, or of its release, for a trainer.

    The same run folder gives the same bytes, also after an interruption.

    Args:
        mixed: rows of other datasets in the same format, for formats of JSON.

    Raises:
        InputError: it has no pair that names a file and that the format takes, or a file is no longer what it was.
        OutputError: ``out`` holds files that no export to this format wrote, or cannot be written.
    """
    shards = _shards(folder, chosen, released=released)
    if mixed and chosen.source is not PAIRS:
        raise RecipeError(f"--mix takes formats of instruction pairs, and {chosen.name} has {chosen.source.what}s.")
    done, names = Exported(), []
    if mixed:
        _check_mix(mixed, chosen)
        done.mixed.update({origin_of(entry): 0 for entry in mixed.entries})
    _check_out(out, folder, chosen)
    apart = Apart(_taken(shards, folder) if mixed else {})
    context = chosen.source.context(folder)

    def splits() -> Iterator[tuple[str, Iterator[ExportedRow]]]:
        for split in Split:
            own = [shard for shard in shards if not chosen.source.in_splits or _split_of(shard) == split.value]
            read = _read(own, folder, chosen.source, context, split.value)
            rows = _rows(read, folder, chosen, out, done, released=released)
            first = next(rows, None)
            if first is not None:
                counted = _counted(first, rows, done, split.value)
                yield (
                    split.value,
                    _with_mixed(counted, mixed, split.value, apart, out, done) if mixed else counted,
                )

    names += list(_written(splits(), chosen, out))
    if set(done.left_out) == {_NO_FILE} and not done.rows:
        raise _without_rows(folder, chosen, released=released)
    if not done.rows:
        why = "; ".join(f"{count:,} {reason}" for reason, count in done.left_out.items())
        raise InputError(f"{folder.path} has no {chosen.source.what} that {chosen.name} takes: {why}.")
    beside = chosen.beside(names)
    for name, content in beside.items():
        replace_file(str(out / name), _as_text(content))
    media = set() if chosen.layout in (Layout.PARQUET, Layout.PREFERENCES, Layout.TAR) else done.files
    _sweep(out, {*names, *beside, *media})
    about = {
        **_about(chosen),
        "complete": True,
        "rows": dict(done.rows),
        "mixed": dict(sorted(done.mixed.items())),
        "left_out": dict(sorted(done.left_out.items())),
        "files": {name: file_sha256(str(out / name)) for name in sorted((*names, *beside))},
    }
    replace_file(str(out / ABOUT), _as_text(about))
    return done


def _written(splits: Iterator[tuple[str, Iterator[ExportedRow]]], chosen: Format, out: Path) -> Iterator[str]:
    """Write the rows of all splits; names of the files.

    Raises:
        InputError: the library for this format is not installed.
    """
    if chosen.layout is not Layout.HDF5:
        for split, rows in splits:
            yield from WRITERS[chosen.layout](rows, out, split)
        return
    try:
        from blift.pipelines.export.hdf5 import write_hdf5  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        raise InputError(f"--to {chosen.name} needs the extra `hdf5` ({error.name} is not installed).") from error
    first = next(splits, None)  # with which the folder is there
    if first is not None:
        yield from write_hdf5(chain([first], splits), out)


def _check_mix(mixed: Mixed, chosen: Format) -> None:
    """Check that rows of other datasets can be mixed with those of a format.

    Raises:
        RecipeError: the format is none of JSON.
        InputError: a dataset is not in the format.
    """
    if chosen.layout not in (Layout.JSON, Layout.JSONL):
        raise RecipeError(
            f"--mix takes formats of JSON, and {chosen.name} is {chosen.layout.value}. Mix while you load it, such as "
            "with `datasets.concatenate_datasets`."
        )
    check_entries(mixed, chosen.name)


def _shards(folder: RunFolder, chosen: Format, *, released: bool) -> list[Shard]:
    """Shards of the rows that a format takes, in order.

    Raises:
        InputError: there are none; says what to do.
    """
    manifest = folder.require_manifest()
    prefixes = tuple(f"{_RELEASE if released else ''}{place}" for place in chosen.source.folders)
    every = sorted(shard for record in manifest.stages.values() for shard in record.shards)
    found = [shard for shard in every if shard.path.startswith(prefixes)]
    if not found and released and not any(shard.path.startswith(_RELEASE) for shard in every):
        raise InputError(f"{folder.path} has no release. Run `blift publish --dry-run`, which makes one.")
    if not found:
        raise _without_rows(folder, chosen, released=released)
    return found


def _without_rows(folder: RunFolder, chosen: Format, *, released: bool) -> InputError:
    """What to do where there is no row of which a format can be made."""
    source, names_file = chosen.source, " that names a file" if chosen.shows else ""
    if released:
        return InputError(f"The release of {folder.path} has no {source.what}{names_file}. {source.unreleased}")
    return InputError(f"{folder.path} has no {source.what}{names_file}. {source.absent}")


def _split_of(shard: Shard) -> str:
    return shard.name.rpartition("/")[2].partition("-")[0]


def _check_out(out: Path, folder: RunFolder, chosen: Format) -> None:
    """Check that an export may write to the folder.

    Raises:
        OutputError: it holds files of others or of another format, is itself a file, or is inside the run folder.
    """
    check_apart(out, folder, "an export")
    there = files_in(out)
    if there and format_of(out) != chosen.name:
        other = format_of(out)
        what = f"an export for {other!r}" if other else f"files that blift did not write, such as {there[0]!r}"
        raise OutputError(f"{out} holds {what}. Choose an empty or new folder as --out.")
    own = {ABOUT, *chosen.beside([])}
    check_ours(out, there, lambda name: name in own or _is_ours(name, own))
    check_paths(str(out), [name for name in there if not name.startswith(ABOUT) and not name.endswith(PARTIAL)])


def _claim(out: Path, chosen: Format) -> None:
    """Make the folder, and note whose it is, before the first file comes."""
    out.mkdir(parents=True, exist_ok=True)
    replace_file(str(out / ABOUT), _as_text({**_about(chosen), "complete": False}))


def _is_ours(name: str, own: set[str]) -> bool:
    half = re.sub(rf"\.[0-9a-f]{{32}}{re.escape(PARTIAL)}$", "", name)
    return half in own or _OURS.fullmatch(name) is not None


def _about(chosen: Format) -> dict[str, Any]:
    return {"format": chosen.name, "trainer": chosen.trainer, "blift": version("blift")}


def _read(shards: list[Shard], folder: RunFolder, source: Source, context: Any, split: str) -> Iterator[Any]:
    """The rows of a split."""
    for shard in shards:
        for row in read_shard(folder.path, shard, source.table, source.columns).to_pylist():
            found = source.read(row, context)
            if found is not None and found.split == split:
                yield found


def _rows(
    read: Iterator[Any], folder: RunFolder, chosen: Format, out: Path, done: Exported, *, released: bool
) -> Iterator[ExportedRow]:
    """Rows of the format, whose files lie in the folder of the export when they come."""
    # A file is of many pairs, and its digest is taken once.
    place = cache(partial(_place, folder=folder, out=out, done=done, prefix=_RELEASE if released else ""))
    claim = cache(partial(_claim, out, chosen))
    for found in read:
        if why := _refused(found, chosen):
            done.left_out[why] += 1
            continue
        claim()
        if not chosen.shows:
            yield ExportedRow(chosen.row(found), [], "")
            continue
        pair = found.as_frames() if found.videos and not chosen.videos else found
        kind = "video" if pair.videos else "gallery" if len(pair.media) > 1 else "image"
        frames = [name for name, *_ in pair.frames]
        shown = [*(name for name, _ in pair.media), *(frames if not chosen.videos else ())]
        names = {name: place(name) for name in shown}
        placed = pair.placed(names | {name: name for name in frames if name not in names})
        yield ExportedRow(chosen.row(placed), [name for name, _ in placed.media], kind)


def _refused(pair: Any, chosen: Format) -> str | None:
    """Why a format does not take a row."""
    if why := chosen.leaves_out(pair):
        return why
    if not chosen.shows:
        return None
    if not pair.media:
        return _NO_FILE
    why = None if chosen.videos else pair.lacks_frames()
    if why is not None:
        return str(why)
    several = len(pair.media) > 1 or (pair.videos and not chosen.videos and len(pair.frames) > 1)
    if several and not chosen.galleries:
        return "of several images or frames (it takes one image per row)"
    return None


def _place(name: str, folder: RunFolder, out: Path, done: Exported, prefix: str) -> str:
    """A file of the run folder in the folder of the export; its name there.

    Raises:
        InputError: it is gone, or is another now.
    """
    check_paths(folder.path, [prefix + name])
    try:
        placed = keep_file([folder.file(prefix + name)], digest_of(name), str(out), MEDIA)
    except FileGone as why:
        again = (
            "delete its folder `release` and publish it again" if prefix else "build it again with `--force instruct`"
        )
        raise InputError(f"{folder.path} is damaged: {why}. To repair it, {again}.") from why
    done.files.add(placed)
    return placed


def _counted(first: ExportedRow, rows: Iterator[ExportedRow], done: Exported, split: str) -> Iterator[ExportedRow]:
    done.rows[split] += 1
    yield first
    for row in rows:
        done.rows[split] += 1
        yield row


def _taken(shards: list[Shard], folder: RunFolder) -> dict[str, frozenset[str]]:
    """By split, ids and files of the pairs of all other splits."""
    own: dict[str, set[str]] = {split.value: set() for split in Split}
    for shard in shards:
        rows = read_shard(folder.path, shard, "chat", ["id", "images", "videos"])
        own[_split_of(shard)] |= taken_by(rows.to_pylist())
    return {split: frozenset(name for other, names in own.items() if other != split for name in names) for split in own}


def _with_mixed(
    rows: Iterator[ExportedRow],
    mixed: Mixed,
    split: str,
    apart: Apart,
    out: Path,
    done: Exported,
) -> Iterator[ExportedRow]:
    """Rows of the run folder, and after them those of other datasets; each with its origin."""

    def place(path: Path) -> str:
        placed = keep_file([str(path)], file_sha256(str(path)), str(out), MEDIA)
        done.files.add(placed)
        return placed

    own, like = 0, dict[str, Any]()
    for each in rows:
        own, like = own + 1, like or each.row
        yield each._replace(row={**each.row, ORIGIN: OWN})
    for row in mixed_rows(mixed, split, Own(own, like), apart, place):
        done.mixed[row[ORIGIN]] += 1
        yield ExportedRow(row, files_of(row), "")


def _sweep(out: Path, wanted: set[str]) -> None:
    """Delete what an earlier or interrupted export wrote, and this one did not."""
    for path in sorted(out.rglob("*"), reverse=True):
        name = str(path.relative_to(out))
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in wanted and name != ABOUT:
            path.unlink()


def _as_text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
