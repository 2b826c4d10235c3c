"""`blift report`: a folder with a page and its data, which any browser opens without a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blift.connectors.parquet import replace_file
from blift.pipelines.engine.run_folder import CARD, RECIPE, RunFolder
from blift.pipelines.recipe.file import recipe_of_result
from blift.pipelines.report.about import about
from blift.pipelines.report.clusters import clusters
from blift.pipelines.report.comparison import comparison
from blift.pipelines.report.datasets import Datasets
from blift.pipelines.report.distributions import Distributions
from blift.pipelines.report.found import Fates
from blift.pipelines.report.funnel import funnel
from blift.pipelines.report.page_folder import claim, write_data, write_page
from blift.pipelines.report.pairs import pairs
from blift.pipelines.report.pictures import Pictures
from blift.pipelines.report.privacy import privacy
from blift.pipelines.report.rejects import LIGHT, Rejects
from blift.pipelines.report.samples import COLUMNS, DRAWN, Draw, drawn_rows, listed, plain
from blift.pipelines.report.space import space_card
from blift.schemas.errors import InputError
from blift.transforms.tables import frame

#: Samples of one file of data.
_SAMPLES_OF_A_FILE = 20


@dataclass(frozen=True)
class Written:
    """What a report shows: samples, of how many, and how many pictures lie beside it."""

    samples: int
    of: int
    pictures: int


def report(
    folder: RunFolder, out: Path, *, against: RunFolder | None = None, samples: int = DRAWN, released: bool = False
) -> Written:
    """Write the report of a run folder, or of its release. The same run folder gives the same bytes.

    Args:
        against: an earlier run, or one of another recipe, to compare with.
        samples: how many samples are drawn.
        released: show the release, without personal data.

    Raises:
        InputError: one of them is no run folder, holds no samples, or is damaged.
        SchemaError: a table is of a version that cannot be read.
        OutputError: ``out`` cannot be written, or holds files of others.
    """
    datasets = _opened(folder, released=released)
    other = _opened(against, released=released) if against else None
    claim(out, folder)
    writer = _Writer(datasets, out)
    for name, content in writer.pieces(samples, compared=other is not None):
        writer.write(name, content)
    if other:
        texts = (folder.recipe_text(), other.folder.recipe_text())
        writer.write("comparison", plain(comparison(datasets, other, texts)))
    if released:
        writer.write_space_card()
    write_page(out, {*writer.files, *writer.pictures})
    return Written(writer.shown, datasets.rows("samples"), len(writer.pictures))


def _opened(folder: RunFolder, *, released: bool) -> Datasets:
    datasets = Datasets(folder, folder.require_manifest())
    if released:
        datasets = datasets.as_released()
    if not datasets.shards("samples"):
        raise InputError(f"{folder.path} holds no samples to report on. Run `blift build` to its end first.")
    return datasets


class _Writer:
    """One report on its way: what is written of it."""

    def __init__(self, datasets: Datasets, out: Path) -> None:
        folder = datasets.folder
        self._datasets, self._out = datasets, out
        self._recipe_text = folder.recipe_text()
        self._card = recipe_of_result(self._recipe_text, Path(folder.file(RECIPE))).recipe.card
        self.files: list[str] = []
        self.pictures: set[str] = set()
        self.shown = 0

    def write(self, name: str, content: Any) -> None:
        """Write one piece of data, of values as the page reads them."""
        self.files.append(write_data(self._out, name, content))

    def write_space_card(self) -> None:
        """Write the file by which the Hub takes the folder for a static Space."""
        replace_file(str(self._out / CARD), space_card(self._card).encode())
        self.files.append(CARD)

    def pieces(self, count: int, *, compared: bool) -> Iterator[tuple[str, Any]]:
        """The data of the page, by name."""
        fates = Fates()
        for name, content in self._views(count, fates, compared=compared):
            yield name, plain(content)
        yield from fates.told()

    def _views(self, count: int, fates: Fates, *, compared: bool) -> Iterator[tuple[str, Any]]:
        """The data of the views; what became of each id is gathered on the way."""
        datasets = self._datasets
        yield "about", about(datasets, self._card, self._recipe_text, compared=compared)
        yield "funnel", funnel(datasets.manifest)
        yield "privacy", privacy(datasets.manifest)
        spread, drawn, rejects = Distributions(), Draw(count), Rejects()
        for part in datasets.parts("rejects"):
            rows = frame(part.read(LIGHT))
            rejects.add(rows)
            fates.add_rejects(rows)
        for part in datasets.parts("samples"):
            spread.add(part)
            drawn.add(part)
            fates.add_samples(part)
        yield "distributions", spread.told()
        yield from self._samples(drawn)
        groups = rejects.told(datasets)
        yield "rejects", [{key: value for key, value in group.items() if key != "records"} for group in groups]
        for place, group in enumerate(groups):
            yield f"rejects-{place}", group["records"]

    def _samples(self, drawn: Draw) -> Iterator[tuple[str, Any]]:
        datasets = self._datasets
        rows = drawn_rows(datasets, drawn.ids)
        merged = clusters(datasets.pick, rows)
        files = {member["sha256"]: member["file"] for one in merged for member in one["members"] if member["sha256"]}
        pictures = Pictures(datasets, self._out, drawn.ids, files)
        for member in (member for one in merged for member in one["members"]):
            member["picture"] = pictures.file(member["sha256"]) if member["sha256"] else None
        yield (
            "samples",
            {
                "columns": COLUMNS,
                "rows": [listed(row) for row in rows],
                "of": datasets.rows("samples"),
                "at_random": drawn.at_random,
                "chunk": _SAMPLES_OF_A_FILE,
            },
        )
        yield "merged", merged
        told = pairs(datasets.pick, drawn.ids)
        for place in range(0, len(rows), _SAMPLES_OF_A_FILE):
            part = rows[place : place + _SAMPLES_OF_A_FILE]
            yield (
                f"samples-{place // _SAMPLES_OF_A_FILE}",
                [{**row, "pictures": pictures.of_sample(row), "pairs": told.get(row["sample_id"], [])} for row in part],
            )
        self.shown, self.pictures = len(rows), pictures.names
