"""The statistics that a build wrote: where they lie, how they are read, and the rows of a card that they make."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from blift.connectors.filesystem import read_bytes
from blift.connectors.inside import check_file
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.schemas.errors import InputError
from blift.schemas.statistics import ColumnDrift, ColumnStatistics, Numbers, Statistics, parse_statistics

#: The file of statistics in a run folder, up to the digest in its name.
PREFIX = "stats/statistics"
#: Values of a category that one line shows, and characters of one.
_SHOWN, _LONGEST = 3, 24
_LABELS = {"values": "", "characters": "chars ", "tokens": "tokens ", "lengths": "items "}
_BARS = "▁▂▃▄▅▆▇█"
#: Numbers of this many units and more are shown in them; from here on a number without a unit is shown whole.
_UNITS, _FIRST, _WHOLE = (("G", 1e9), ("M", 1e6), ("k", 1e3)), 10, 100


def statistics_in(folder: RunFolder, manifest: Manifest) -> Statistics | None:
    """The statistics of a dataset; None where its build wrote none.

    Raises:
        InputError: their file is missing or damaged.
    """
    record = manifest.stages.get("stats")
    shard = next((shard for shard in record.shards if shard.path.startswith(PREFIX)), None) if record else None
    return read_statistics(folder, shard) if shard else None


def read_statistics(folder: RunFolder, shard: Shard) -> Statistics:
    """The statistics in a file of a run folder.

    Raises:
        InputError: it is missing or damaged.
    """
    path = folder.file(shard.path)
    check_file(folder.path, shard.path)
    again = "Run `blift build` with the recipe again."
    try:
        content = read_bytes(path)
        if hashlib.sha256(content).hexdigest() != shard.sha256:
            raise InputError(f"{path} is not what was written: its sha256 is another. {again}")
        return parse_statistics(content)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Cannot read {path}: {str(error).rstrip('.')}. {again}") from error


def figures_of(column: ColumnStatistics) -> Iterator[str]:
    """What one line says of each distribution of a column."""
    for name, label in _LABELS.items():
        numbers: Numbers | None = getattr(column, name)
        if numbers is not None and numbers.count:
            yield f"{label}{_line(numbers)}"
    if column.words is not None:
        top = ", ".join(
            f"{_short(word.value)} {word.count / column.words.count:.0%}" for word in column.words.top[:_SHOWN]
        )
        yield f"{column.words.distinct:,} distinct: {top}"
    if column.months:
        yield f"{column.months[0].value} to {column.months[-1].value}"


def drift_figures(column: ColumnDrift) -> tuple[str, str, str, str]:
    """L-infinity, Jensen-Shannon, Kolmogorov-Smirnov and the difference of missing rates, as text."""
    measures = (column.l_infinity, column.jensen_shannon, column.kolmogorov_smirnov, column.missing)
    first, second, third, fourth = ("" if value is None else f"{value:.4f}" for value in measures)
    return first, second, third, fourth


def by_drift(columns: Sequence[ColumnDrift]) -> list[ColumnDrift]:
    """Distributions that differ, those that differ most first."""
    largest = [
        (max(value or 0.0 for value in (c.l_infinity, c.jensen_shannon, c.kolmogorov_smirnov, c.missing)), c)
        for c in columns
    ]
    found = [entry for entry in largest if entry[0] > 0]
    return [column for _, column in sorted(found, key=lambda entry: -entry[0])]


def _line(numbers: Numbers) -> str:
    """The histogram, the least, the median, the largest, and the mean."""
    least, median, most, mean = (
        _figure(value) for value in (numbers.min, numbers.quantiles["0.50"], numbers.max, numbers.mean)
    )
    return f"{_bars(numbers)} {least} .. {median} .. {most}, mean {mean}"


def _figure(value: float | None) -> str:
    """Three digits, as `0.125`, `12`, `9,999`, `36.5k` and `1.2e+12`."""
    size = abs(value or 0.0)
    unit, power = next((unit for unit in _UNITS if size >= unit[1] * _FIRST), ("", 1.0))
    if value is None or size >= _UNITS[0][1] * 1000:
        return "" if value is None else f"{value:.3g}"
    if unit:
        return f"{value / power:#.3g}".rstrip(".") + unit
    return f"{value:,.0f}" if value == int(value) or size >= _WHOLE else f"{value:.3g}"


def _bars(numbers: Numbers) -> str:
    """A histogram of one line; a bucket that holds anything is seen."""
    most = max(bucket.count for bucket in numbers.histogram)
    heights = (round((len(_BARS) - 1) * bucket.count / most) for bucket in numbers.histogram)
    return "".join(
        _BARS[height] if bucket.count else "·" for height, bucket in zip(heights, numbers.histogram, strict=True)
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
