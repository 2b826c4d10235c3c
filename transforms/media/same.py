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
    where that are as many, half of their sketches of one moment must resemble each other. Videos that match only
    roughly are one where all sketches of one moment do, and there are as many as ``min_matches``.
    """
    if one.film is None or other.film is None:
        return one.film is other.film and same_picture(one.drawn[0].sketch, other.drawn[0].sketch)
    for roughly in (False, True):
        common = in_common(one.film, other.film, options, roughly=roughly)
        if common is None:
            continue
        if common.pictures < options.min_matches:
            found = _same_stills(one, other, common.shift_s)
        else:
            alike, near = _resembling(one, other, common.shift_s)
            found = alike == near >= options.min_matches if roughly else 2 * alike >= near
        if found:
            return True
    return False


def _resembling(one: Evidence, other: Evidence, shift_s: float) -> tuple[int, int]:
    """How many sketches of one moment resemble each other, of how many: hashes see neither levels nor details."""
    moments = [
        (ours, min(other.drawn, key=lambda drawn: abs(drawn.time_s + shift_s - ours.time_s))) for ours in one.drawn
    ]
    near = [(ours, theirs) for ours, theirs in moments if abs(theirs.time_s + shift_s - ours.time_s) <= _SHIFT_S]
    return sum(like_picture(ours.sketch, theirs.sketch) for ours, theirs in near), len(near)


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
    ours, theirs = _shown_during(one, other.film, -shift_s), _shown_during(other, one.film, shift_s)
    return bool(ours and theirs) and _each_has_its_like(ours, theirs) and _each_has_its_like(theirs, ours)


def _shown_during(one: Evidence, film: Film, later_s: float) -> list[Sketch]:
    """The sketches of what begins while another video runs, or is shown when that begins and for a while after it."""
    begins = [drawn.time_s + later_s for drawn in one.drawn]
    ends = [*begins[1:], film.duration_s + 2 * _SHIFT_S]
    return [
        drawn.sketch
        for drawn, begin, end in zip(one.drawn, begins, ends, strict=False)
        if begin <= film.duration_s + _SHIFT_S and (begin >= -_SHIFT_S or end > _SHIFT_S)
    ]


def _each_has_its_like(ours: Sequence[Sketch], theirs: Sequence[Sketch]) -> bool:
    return all(any(same_picture(one, other) for other in theirs) for one in ours)
