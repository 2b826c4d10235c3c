"""Publishing to a Hub on loopback: time against `upload_folder`, kills, rivals, workers, and bytes sent again.

`python -m benchmarks.publish time|kills|workers|rivals|resend|again`
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.hub_corpus import samples, write_run
from blift.connectors.parquet import write_shard
from tests.hub_server import TOKEN, HubServer

REPO = "owner/benchmark"
_UPLOAD_FOLDER = "import sys; from huggingface_hub import HfApi; api = HfApi(); \
api.create_repo(sys.argv[2], repo_type='dataset'); \
api.upload_folder(repo_id=sys.argv[2], repo_type='dataset', folder_path=sys.argv[1])"


def _environment(hub: HubServer, home: Path) -> dict[str, str]:
    """What a client of the Hub's finds; it sends by Xet where the Hub has its storage."""
    return {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(home),
        "HF_XET_CACHE": str(home / "xet"),
        **({} if hub.state.xet else {"HF_HUB_DISABLE_XET": "1"}),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }


@contextmanager
def hub_at(folder: Path, name: str, *, xet: bool = False) -> Iterator[tuple[HubServer, dict[str, str]]]:
    """A Hub, and the environment of its clients, who remember nothing of another."""
    with HubServer(folder / name, xet=xet) as hub:
        yield hub, _environment(hub, folder / f"home-{name}")
    shutil.rmtree(folder / name)
    shutil.rmtree(folder / f"home-{name}", ignore_errors=True)


def publishing(run: Path, *more: str) -> list[str]:
    """The command that publishes a run folder."""
    return [sys.executable, "-m", "blift.pipelines.cli", "publish", str(run), "--repo", REPO, "--quiet", *more]


def seconds_of(command: list[str], env: dict[str, str]) -> float:
    """How long a command takes."""
    started = time.perf_counter()
    subprocess.run(command, env=env, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def release_of(folder: Path, run: Path) -> float:
    """Make the release, as the first publication does; seconds."""
    with hub_at(folder, "dry") as (_, env):
        return seconds_of(publishing(run, "--dry-run"), env)


def measure_time(folder: Path, rows: int, words: int, rounds: int, line: tuple[float, float], *, xet: bool) -> None:
    """Time of publishing over that of `upload_folder` of the same files, each a process, in turns.

    ``line`` makes the line slow: seconds for 64 KiB of each upload, and seconds before any request is served.
    """
    run = folder / "run"
    size = write_run(run, rows, shards=48, words=words)
    print(f"{rows:,} samples, {size:,} bytes in 48 shards; release in {release_of(folder, run):.1f} s")
    times: dict[str, list[float]] = {"blift publish": [], "upload_folder": []}
    for turn in range(rounds):
        with hub_at(folder, f"p{turn}", xet=xet) as (hub, env):
            hub.state.piece_s, hub.state.answer_s = line
            times["blift publish"].append(seconds_of(publishing(run), env))
            tree = hub.state.repos[REPO].resolve("main").tree
            plain = folder / "plain"
            if not plain.exists():
                shutil.copytree(run / "release", plain)
                for path, blob in tree.items():
                    if blob.sha256 is None and path != ".gitattributes":
                        (plain / path).parent.mkdir(exist_ok=True)
                        (plain / path).write_bytes(blob.content)
            counted = hub.counted()
        with hub_at(folder, f"u{turn}", xet=xet) as (hub, env):
            hub.state.piece_s, hub.state.answer_s = line
            command = [sys.executable, "-c", _UPLOAD_FOLDER, str(plain), REPO]
            times["upload_folder"].append(seconds_of(command, env))
            plainly = hub.counted()
            assert plainly["uploads"] == counted["uploads"]
    for name, taken in times.items():
        print(f"{name:<14} {statistics.median(taken):6.2f} s ({', '.join(f'{each:.2f}' for each in taken)})")
    ratio = statistics.median(times["blift publish"]) / statistics.median(times["upload_folder"])
    for name, done in zip(times, (counted, plainly), strict=True):
        print(f"{name:<14} {done['bytes_put']:,} bytes sent, {done['commits']} commits, {done['requests']} requests")
    print(f"ratio {ratio:.2f}")


def measure_kills(folder: Path, kills: int, *, xet: bool) -> None:
    """SIGKILL at random moments after the first request, then the same command again."""
    run = folder / "run"
    write_run(run, *((144_000, 160, 400) if xet else (64_000, 160, 120)))
    release_of(folder, run)
    rng = random.Random(1)
    with hub_at(folder, "whole", xet=xet) as (hub, env):
        hub.state.piece_s = 0.01
        whole = killed_after(hub, env, run, None)
        unique, tree = hub.counted()["bytes_put"], hub.state.repos[REPO].resolve("main").tree
    twice: list[float] = []
    for turn in range(kills):
        with hub_at(folder, f"k{turn}", xet=xet) as (hub, env):
            hub.state.piece_s = 0.01
            moment = rng.uniform(0, whole)
            killed_after(hub, env, run, moment)
            there = hub.counted()
            seconds_of(publishing(run), env)
            repo, counted = hub.state.repos[REPO], hub.counted()
            assert counted["commits"] == 1, counted
            assert len(repo.history("main")) == 2
            assert repo.resolve("v1.0.0").tree == tree
            twice.append((counted["bytes_put"] - unique) / unique)
            had = f"{there.get('uploads', 0)} of {len(tree)} files, {there.get('commits', 0)} commits"
            print(f"killed {moment:5.2f} s in, with {had}; then whole, {twice[-1]:.2%} sent twice", flush=True)
    most, mean = max(twice), statistics.mean(twice)
    print(f"{kills} kills within {whole:.1f} s, {unique:,} bytes: sent twice at most {most:.2%}, mean {mean:.2%}")


def killed_after(hub: HubServer, env: dict[str, str], run: Path, seconds: float | None) -> float:
    """Publish, and kill it so many seconds after its first request; how long it lived from then on."""
    process = subprocess.Popen(publishing(run), env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not hub.counted() and process.poll() is None:
        time.sleep(0.005)
    started = time.perf_counter()
    if seconds is None:
        process.wait()
    else:
        time.sleep(seconds)
        process.kill()
        process.wait()
    return time.perf_counter() - started


def measure_workers(folder: Path, *, xet: bool) -> None:
    """One worker and two make the same commit."""
    run = folder / "run"
    write_run(run, 20_000, shards=16, words=120)
    trees = []
    for name, more in (("one", ()), ("two", ("--direct_num_workers=2", "--direct_running_mode=multi_processing"))):
        own = Path(shutil.copytree(run, folder / f"run-{name}"))
        with hub_at(folder, name, xet=xet) as (hub, env):
            took = seconds_of(publishing(own, *more), env)
            commit = hub.state.repos[REPO].resolve("v1.0.0")
            trees.append((commit.title, commit.description, commit.tree))
            print(f"{name} worker(s): {took:.1f} s, commit {commit.oid[:10]}, {len(commit.tree)} files")
    assert trees[0] == trees[1]
    print("The commits are the same.")


def measure_rivals(folder: Path, rounds: int) -> None:
    """Two publishers of different content at once: one wins, the other says so and changes nothing."""
    runs = [folder / "a", folder / "b"]
    for place, run in enumerate(runs):
        write_run(run, 4_000 + 400 * place, shards=8, words=120)
        release_of(folder, run)
    for turn in range(rounds):
        with hub_at(folder, f"r{turn}") as (hub, env):
            hub.state.piece_s = 0.02
            both = [
                subprocess.Popen(publishing(run), env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                for run in runs
            ]
            said = [process.communicate() for process in both]
            codes = [process.returncode for process in both]
            repo = hub.state.repos[REPO]
            lost = codes.index(2) if 2 in codes else None
            sentence = "" if lost is None else next(x for x in said[lost][1].splitlines() if x.startswith("blift: "))
            print(f"exit codes {codes}, commits {hub.counted()['commits']}, tags {list(repo.tags)}: {sentence}")
            if lost is not None:
                assert hub.counted()["commits"] == 1
                assert list(repo.tags.values()) == [repo.branches["main"]]


def _places(rows: int) -> list[int]:
    return [rows // 7, rows // 2, rows - 99]


def _changed(table: pa.Table) -> pa.Table:
    titles = table["title"].to_pylist()
    for place in _places(len(titles)):
        titles[place] = "Another title"
    where = table.schema.get_field_index("title")
    return table.set_column(where, "title", pa.array(titles, table.schema.field("title").type))


def _removed(table: pa.Table) -> pa.Table:
    gone = set(_places(table.num_rows))
    return table.take([place for place in range(table.num_rows) if place not in gone])


def _added(table: pa.Table) -> pa.Table:
    few = table.take(_places(table.num_rows))
    ids = [f"{name[:-1]}{'f' if name[-1] != 'f' else 'e'}" for name in few["sample_id"].to_pylist()]
    new = few.set_column(few.schema.get_field_index("sample_id"), "sample_id", pa.array(ids, pa.string()))
    return pa.concat_tables([table, new.cast(table.schema)]).sort_by("sample_id")


_CHANGES = {"3 rows changed": _changed, "3 rows removed": _removed, "3 rows added": _added}


def measure_again(folder: Path, rows: int) -> None:
    """What the whole of `blift publish` sends by Xet of a version in which three rows of one shard differ."""
    print(f"{'of ' + format(rows, ',') + ' rows':<20} {'files, bytes':>14} {'sent again':>14} {'share':>7}")
    for what, change in _CHANGES.items():
        run = folder / "run"
        with hub_at(folder, "again", xet=True) as (hub, env):
            write_run(run, rows, shards=1, words=40)
            seconds_of(publishing(run), env)
            before = hub.state.repos[REPO].resolve("main").tree
            hub.forget_counts()
            shutil.rmtree(run)
            write_run(run, rows, shards=1, words=40, change=change)
            seconds_of(publishing(run), env)
            after = hub.state.repos[REPO].resolve("v1.1.0").tree
            size = sum(blob.size for path, blob in after.items() if blob.sha256 and blob != before.get(path))
            sent = hub.counted()["bytes_put"]
            print(f"{what:<20} {size:>14,} {sent:>14,} {sent / size:>7.1%}", flush=True)
        shutil.rmtree(run)


def measure_resend(folder: Path, rows: int) -> None:
    """What Xet's own client sends of a file in which three rows differ, the storage holding the file before."""
    os.environ["HF_XET_CACHE"] = str(folder / "xet-cache")
    table = samples(rows, words=40)
    print(
        f"{'of ' + format(rows, ',') + ' rows':<20} {'writer':<24} {'file, bytes':>14} {'sent again':>14} {'share':>7}"
    )
    for what, change in _CHANGES.items():
        after = change(table)
        for writer in ("ours, content-defined", "plain zstd"):
            paths = [folder / "before.parquet", folder / "after.parquet"]
            for path, content in zip(paths, (table, after), strict=True):
                if writer == "plain zstd":
                    pq.write_table(content, path, compression="zstd")
                else:
                    write_shard(content, "sample", str(folder), path.name)
            size, sent = _sent_again(folder, paths)
            print(f"{what:<20} {writer:<24} {size:>14,} {sent:>14,} {sent / size:>7.1%}")


def _sent_again(folder: Path, paths: list[Path]) -> tuple[int, int]:
    """Bytes of the second file, and those of them that Xet's client sends after the first."""
    import hf_xet  # noqa: PLC0415 - reads its settings when it is imported

    store = Path(tempfile.mkdtemp(dir=folder))
    session = hf_xet.XetSession()
    sent = 0
    for path in paths:
        commit = session.new_upload_commit(endpoint=f"local://{store}", token="none", token_expiry_unix_secs=2**33)  # noqa: S106
        commit.start_upload_file(str(path))
        sent = int(commit.wait_to_finish().dedup_metrics.new_bytes)
    shutil.rmtree(store)
    return paths[1].stat().st_size, sent


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("time", "kills", "workers", "rivals", "resend", "again"))
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--words", type=int, default=400, help="of each sample, for `time`")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--piece-s", type=float, default=0.0, help="seconds for 64 KiB, for `time`")
    parser.add_argument("--answer-s", type=float, default=0.0, help="seconds before a request is served, for `time`")
    parser.add_argument("--xet", action="store_true", help="send by Xet, for `time`, `kills` and `workers`")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="blift-publish-", dir=args.folder))
    try:
        match args.what:
            case "time":
                measure_time(folder, args.rows, args.words, args.rounds, (args.piece_s, args.answer_s), xet=args.xet)
            case "kills":
                measure_kills(folder, args.kills, xet=args.xet)
            case "workers":
                measure_workers(folder, xet=args.xet)
            case "rivals":
                measure_rivals(folder, args.rounds)
            case "again":
                measure_again(folder, args.rows)
            case _:
                measure_resend(folder, args.rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
