"""`blift explore`: looks at a dataset in a browser, served on this machine alone."""

from __future__ import annotations

import argparse
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

from blift.connectors.hub.extra import require_hub
from blift.connectors.hub.named import Named, named_on_hub
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.versions import is_run_folder, run_folder
from blift.pipelines.explore.api import Dataset, Explorer
from blift.pipelines.explore.connection import require_duckdb
from blift.pipelines.explore.kept_media import KeptMedia
from blift.pipelines.explore.listed_media import ListedMedia
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.server import ExploreServer
from blift.pipelines.explore.tables import copied, require_tables
from blift.pipelines.report.funnel import funnel
from blift.pipelines.stages.media.lists import FOLDER
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `explore`."""
    parser.description = (
        "Look at a dataset in a browser: search, filters, sorting, random samples, rows by id, rejects included. It is "
        "served on this machine alone, under an address with a secret, until Ctrl-C. Needs the extra `explore`."
    )
    parser.add_argument(
        "dataset", metavar="RUN", help="a run folder, RUN@previous, or OWNER/NAME[@REVISION] for a dataset on the Hub"
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="the port (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift explore`."""
    require_duckdb()
    with _opened(args.dataset) as dataset:
        server = ExploreServer(Explorer(dataset), dataset.media, args.port)
        with server:
            print(f"{printable(dataset.name)} is at {server.url}\nCtrl-C ends it.", flush=True)
            if not args.no_browser:
                webbrowser.open(server.url)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print("\nStopped. The dataset is as it was.")
    return 0


@contextmanager
def _opened(name: str) -> Iterator[Dataset]:
    """The dataset that a person names: a run folder, or one on the Hub."""
    with tempfile.TemporaryDirectory(prefix="blift-explore-") as scratch:
        on_hub = None if is_run_folder(name) else named_on_hub(name)
        dataset = _of_hub(name, on_hub, scratch) if on_hub else _of_folder(run_folder(name), scratch)
        try:
            yield dataset
        finally:
            dataset.database.close()


def _of_folder(folder: RunFolder, scratch: str) -> Dataset:
    manifest = folder.require_manifest()
    tables = require_tables(folder, manifest)
    database = Database(tables if folder.is_local else copied(tables, scratch))
    lists = [shard for shard in manifest.shards if shard.path.startswith(FOLDER)]
    media = KeptMedia(folder.path, ListedMedia(folder.path, lists, scratch)) if folder.is_local else None
    return Dataset(manifest.recipe, folder.path, database, funnel(manifest), media)


def _of_hub(name: str, named: Named, scratch: str) -> Dataset:
    require_hub()
    from blift.pipelines.explore.hub import download  # noqa: PLC0415 - an extra, needed by who reads from the Hub alone

    found = download(named.repo, named.revision, scratch, print)
    return Dataset(name, f"on the Hub, at commit {found.commit[:10]}", Database(found.tables))
