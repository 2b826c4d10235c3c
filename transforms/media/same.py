"""Whether two files are one media: the second, closer look at files that their hashes bring together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from blift.schemas.media import MediaForm
from blift.transforms.media.agreement import like_picture, same_picture
from blift.transforms.media.films import Film, film_of, in_common
from blift.transforms.media.looks import DuplicateOptions
from blift.transforms.media.sketches import Plane, Sketch

#: Two videos of few pictures that both have sound are one if they are as long, within this part and so many seconds,
#: and as loud, within so many LUFS: albums show their cover to every song.
_LENGTH, _LENGTH_S, _LOUDNESS = 0.02, 0.3, 1.0
#: What a still video shows fits at many shifts: by so many seconds the one that was found may be wrong.
_SHIFT_S = 0.5


class Drawn(NamedTuple):
    """A sketch of a file, and when its picture is shown, seconds; 0 for an image."""

    time_s: float
    sketch: Sketch


@dataclass(frozen=True)
class Evidence:
    """What of a file is compared with another.

    Attributes:
        film: its samples; None for an image.
        drawn: sketches of its first pictures that differ, or of the image.
        loudness_lufs: of its audio; None where it has none, or is not measured.
    """

    film: Film | None
    drawn: Sequence[Drawn]
    loudness_lufs: float | None


def evidence_of(row: Mapping[str, Any], drawn: Sequence[tuple[float, Plane]], options: DuplicateOptions) -> Evidence:
    """The evidence of a row of the media table, with its sketches as (seconds, picture)."""
    still = row["form"] == MediaForm.IMAGE.value
    sketches = [Drawn(time_s, Sketch(luma)) for time_s, luma in drawn]
    return Evidence(None if still else film_of(row, options), sketches, row["loudness_lufs"])


def same_media(one: Evidence, other: Evidence, options: DuplicateOptions) -> bool:
    """Two files are one media. In doubt they are not.

    Images are one where their sketches are. Videos are one where they match over most of both; where that are fewer
    than ``min_matches`` different pictures, their sketches must be the same too, and their sound as long and as loud;
    where that are as many, half of their sketches of one moment must resemble each other.
    """
    if one.film is None or other.film is None:
        return one.film is other.film and same_picture(one.drawn[0].sketch, other.drawn[0].sketch)
    common = in_common(one.film, other.film, options)
    if common is None:
        return False
    if common.pictures < options.min_matches:
        return _same_stills(one, other, common.shift_s)
    return _resemble(one, other, common.shift_s)


def _resemble(one: Evidence, other: Evidence, shift_s: float) -> bool:
    """Half of the sketches of one moment, where there are any, are alike: hashes see neither levels nor details."""
    moments = [
        (ours, min(other.drawn, key=lambda drawn: abs(drawn.time_s + shift_s - ours.time_s))) for ours in one.drawn
    ]
    near = [(ours, theirs) for ours, theirs in moments if abs(theirs.time_s + shift_s - ours.time_s) <= _SHIFT_S]
    alike = sum(like_picture(ours.sketch, theirs.sketch) for ours, theirs in near)
    return 2 * alike >= len(near)


def _same_stills(one: Evidence, other: Evidence, shift_s: float) -> bool:
    """Every sketch that lies in both videos has its like in the other."""
    assert one.film is not None
    assert other.film is not None
    if one.loudness_lufs is not None and other.loudness_lufs is not None:
        most_s = _LENGTH_S + _LENGTH * max(one.film.duration_s, other.film.duration_s)
        if abs(one.film.duration_s - other.film.duration_s) > most_s:
            return False
        if abs(one.loudness_lufs - other.loudness_lufs) > _LOUDNESS:
            return False
    ours = [drawn.sketch for drawn in one.drawn if _within(drawn.time_s - shift_s, other.film)]
    theirs = [drawn.sketch for drawn in other.drawn if _within(drawn.time_s + shift_s, one.film)]
    return bool(ours and theirs) and _each_has_its_like(ours, theirs) and _each_has_its_like(theirs, ours)


def _within(time_s: float, film: Film) -> bool:
    return -_SHIFT_S <= time_s <= film.duration_s + _SHIFT_S


def _each_has_its_like(ours: Sequence[Sketch], theirs: Sequence[Sketch]) -> bool:
    return all(any(same_picture(one, other) for other in theirs) for one in ours)
