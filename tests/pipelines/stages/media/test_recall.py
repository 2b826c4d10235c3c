"""A small part of the benchmark of near-duplicates: variants are found, strangers are not joined."""

from pathlib import Path

import pytest

from benchmarks.media_duplicates import Corpus, image_corpus, recall, seen_file
from benchmarks.media_films import FILM_VARIANTS, cut_film, ffmpeg, panned, series, short_film, still_film
from benchmarks.media_variants import IMAGE_VARIANTS

#: Of films of each kind, the variants that their kind makes hard.
_VARIANTS = {
    panned: ("quarter turn", "start cut by 0.25 s", "end cut by 40 %", "GIF"),
    cut_film: ("quarter turn",),
    still_film: ("GIF", "start cut by 2.1 s"),
    short_film: ("recompressed, crf 36", "GIF"),
}


@pytest.mark.long
def test_variants_of_images_are_found_among_strangers(tmp_path: Path) -> None:
    found = recall(image_corpus(tmp_path, tmp_path, originals=2, strangers=30))
    missed = [name for names in found.missed.values() for name in names]
    assert len(missed) <= 0.05 * 2 * len(IMAGE_VARIANTS), missed
    assert found.wrong == set()


@pytest.mark.long
def test_variants_of_videos_are_found_among_strangers(tmp_path: Path) -> None:
    corpus: Corpus = {}
    for make, variants in _VARIANTS.items():
        film = make(tmp_path, 1)
        corpus[f"{film.stem}/original"] = seen_file(film)
        for variant in variants:
            arguments, ending = FILM_VARIANTS[variant]
            target = tmp_path / f"variant.{ending}"
            ffmpeg("-i", str(film), *arguments, str(target))
            corpus[f"{film.stem}/{variant}"] = seen_file(target)
    for place, episode in enumerate(series(tmp_path, 1)):
        corpus[f"stranger{place}/alone"] = seen_file(episode)
    found = recall(corpus)
    assert ([name for names in found.missed.values() for name in names], found.wrong) == ([], set())
