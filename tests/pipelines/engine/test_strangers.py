"""A run folder that a stranger hands over harms nobody: each command says in a sentence what is wrong with it.

Beside the folder lies a tree of a person's own files, which every test finds as it was.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import MANIFEST, Manifest

#: What each command says and how it ends.
Said = Callable[..., str]
_COMMANDS = {
    "verify": ("verify", "RUN"),
    "inspect": ("inspect", "RUN"),
    "build": ("build", "RECIPE", "--out", "RUN", "--quiet"),
    "publish": ("publish", "RUN", "--repo", "a/b", "--dry-run", "--quiet"),
    "diff": ("diff", "RUN", "RUN"),
}


@pytest.fixture
def own_files(tmp_path: Path) -> Iterator[Path]:
    """Files of a person, with names that a careless command would take for its own."""
    folder = tmp_path / "Documents"
    for name in ("thesis.txt", "posts-00000-of-00002.parquet", f"samples.parquet.{'0a' * 16}.partial"):
        (folder / "deep").mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("thesis")
        (folder / "deep" / name).write_text("thesis")
    before = _tree(folder)
    yield folder
    assert _tree(folder) == before


def _tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def run_folder(built: tuple[Path, Manifest], own_files: Path) -> Path:
    """A run folder of one's own, beside the files of a person."""
    return Path(shutil.copytree(built[0], own_files.parent / "run"))


@pytest.fixture
def said(
    run_folder: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Said]:
    """Run a command on the folder; what it says when it refuses it."""
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    places = {"RUN": str(run_folder), "RECIPE": str(corpus / "demo.yaml")}

    def do(command: str, *more: str, code: int = 2) -> str:
        assert main([places.get(argument, argument) for argument in [*_COMMANDS[command], *more]]) == code
        captured = capsys.readouterr()
        return captured.err if code == 2 else captured.out

    return do


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit the manifest of a run folder."""
    path = folder / MANIFEST
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def with_shard(path: str, stage: str = "curate") -> Callable[[dict[str, Any]], None]:
    """Add a shard of that path to a manifest."""

    def change(manifest: dict[str, Any]) -> None:
        shards = manifest["stages"][stage]["shards"]
        shards.append({**shards[0], "path": path})

    return change


@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("samples/../../../Documents/x.parquet", "leads out of the folder"),
        ("/etc/shadow", "is absolute"),
        ("samples/./samples-00000-of-00002.parquet", "is not normalised"),
        ("samples\\..\\x.parquet", "is no name that blift gives"),
        ("samples/x\n.parquet", "is no name that blift gives"),
    ],
)
def test_a_manifest_that_names_a_file_elsewhere_is_refused_before_anything_is_read_or_deleted(
    run_folder: Path, said: Said, command: str, path: str, why: str
) -> None:
    changed(run_folder, with_shard(path))
    assert f"names the file {path!r}, which {why}. blift did not write that" in said(command)


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_release_that_names_a_file_elsewhere_is_refused(run_folder: Path, said: Said, command: str) -> None:
    def forge(manifest: dict[str, Any]) -> None:
        record = manifest["stages"]["curate"]
        manifest["stages"]["release"] = {**record, "shards": [{**record["shards"][0], "path": "release/../../x"}]}

    changed(run_folder, forge)
    assert "names the file 'release/../../x', which leads out of the folder" in said(command)


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_manifest_that_lists_a_shard_twice_is_refused(run_folder: Path, said: Said, command: str) -> None:
    path = json.loads((run_folder / MANIFEST).read_text())["stages"]["curate"]["shards"][0]["path"]
    changed(run_folder, with_shard(path))
    assert f"manifest.json is damaged (it lists {path} 2 times). Delete it and build again." in said(command)


@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize("name", ["posts", "samples"])
def test_a_dataset_s_folder_that_is_a_link_is_refused(
    run_folder: Path, own_files: Path, said: Said, command: str, name: str
) -> None:
    shutil.rmtree(run_folder / name)
    (run_folder / name).symlink_to(f"../{own_files.name}")
    assert f"lies behind '{name}', which is a symbolic link. blift did not write that" in said(command)


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_dataset_s_folder_that_is_a_file_is_refused(run_folder: Path, said: Said, command: str) -> None:
    shutil.rmtree(run_folder / "posts")
    (run_folder / "posts").write_text("")
    assert "lies behind 'posts', which is a file" in said(command)


@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_shard_that_is_no_plain_file_is_refused(run_folder: Path, said: Said, command: str, kind: str) -> None:
    shard = next((run_folder / "samples").iterdir())
    shard.unlink()
    if kind == "link":
        shard.symlink_to("/etc/shadow")
    else:
        os.mkfifo(shard)
    what = {"link": "a symbolic link", "pipe": "a named pipe"}[kind]
    assert f"names the file 'samples/{shard.name}', which is {what}" in said(command)


@pytest.mark.parametrize("name", ["posts", "comments", "rejects"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_build_does_not_clear_behind_a_link(
    run_folder: Path, own_files: Path, said: Said, name: str, kind: str
) -> None:
    (run_folder / MANIFEST).unlink()
    shutil.rmtree(run_folder / name)
    if kind == "link":
        (run_folder / name).symlink_to(f"../{own_files.name}")
    else:
        (run_folder / name).write_text("")
    what = "a symbolic link" if kind == "link" else "a file"
    assert f"{name} is {what}, and blift neither writes nor deletes behind it. Remove it, and run again." in said(
        "build"
    )


@pytest.mark.parametrize("place", ["release", "release/samples", "release/images", "release/images/ab"])
def test_a_publication_does_not_clear_behind_a_link(run_folder: Path, own_files: Path, said: Said, place: str) -> None:
    (run_folder / place).parent.mkdir(parents=True, exist_ok=True)
    (run_folder / place).symlink_to(own_files)
    assert f"{place} is a symbolic link, and blift neither writes nor deletes behind it" in said("publish")


@pytest.mark.parametrize("command", ["build", "publish"])
@pytest.mark.parametrize("kind", ["a symbolic link", "a folder", "a named pipe"])
def test_a_lock_that_is_no_plain_file_is_refused(
    run_folder: Path, own_files: Path, said: Said, command: str, kind: str
) -> None:
    lock = run_folder / ".lock"
    lock.unlink()
    match kind:
        case "a symbolic link":
            lock.symlink_to(f"../{own_files.name}/thesis.txt")
        case "a folder":
            lock.mkdir()
        case _:
            os.mkfifo(lock)
    assert f".lock is {kind}, and no file that blift can lock. Remove it, and run again." in said(command)


@pytest.mark.parametrize("name", [MANIFEST, "recipe.yaml"])
@pytest.mark.parametrize("kind", ["a symbolic link", "a named pipe"])
def test_the_text_of_another_file_is_not_read(
    run_folder: Path, own_files: Path, said: Said, name: str, kind: str
) -> None:
    (run_folder / name).unlink()
    if kind == "a symbolic link":
        (run_folder / name).symlink_to(f"../{own_files.name}/thesis.txt")
    else:
        os.mkfifo(run_folder / name)
    commands = _COMMANDS if name == MANIFEST else ["publish"]
    for command in commands:
        assert f"{name} is {kind}. blift did not write that: remove it." in said(command)


def test_a_bit_of_a_measured_row_that_changed_does_not_change_the_dataset(
    run_folder: Path, said: Said, built: tuple[Path, Manifest]
) -> None:
    rows = sorted((run_folder / "store" / "measured").rglob("*.arrow"))
    whole = [row.read_bytes() for row in rows]
    for row, content, place in zip(rows, whole, [8205, 40, 5000, 0], strict=False):
        flipped = bytearray(content)
        flipped[min(place, len(content) - 1)] ^= 1 << 3
        row.write_bytes(flipped)
    changed(run_folder, lambda manifest: [manifest["stages"].pop(name) for name in ("media", "curate", "instruct")])
    assert said("build", code=0) == ""
    assert json.loads((run_folder / MANIFEST).read_text())["fingerprint"] == built[1].fingerprint
    assert "files are as they were written" in said("verify", code=0)
    assert [row.read_bytes() for row in rows] == whole


#: Parts of the manifest of a build, and what they hold in its place.
_OF_ANOTHER_TYPE: list[tuple[str, Any]] = [
    ("stages", []),
    ("stages", None),
    ("recipe", {}),
    ("fingerprint", 3),
    ("fingerprint", "not hexadecimal"),
    ("stages.ingest", 3),
    ("stages.ingest.fingerprint", 3),
    ("stages.ingest.inputs", []),
    ("stages.ingest.inputs.shards", "many"),
    ("stages.ingest.inputs.shards", 0),
    ("stages.ingest.inputs.files", {}),
    ("stages.ingest.inputs.files.0", ["RS_2021-01.zst"]),
    ("stages.ingest.inputs.files.0.1", "4467"),
    ("stages.ingest.shards", {}),
    ("stages.ingest.shards.0", "posts/posts-00000-of-00002.parquet"),
    ("stages.ingest.shards.0.path", 3),
    ("stages.ingest.shards.0.path", ["posts"]),
    ("stages.ingest.shards.0.rows", {}),
    ("stages.ingest.shards.0.rows", -1),
    ("stages.ingest.shards.0.rows", 2**63),
    ("stages.ingest.shards.0.sha256", 3),
    ("stages.ingest.shards.0.sha256", "\x1b[2J"),
    ("stages.ingest.funnel", None),
    ("stages.ingest.funnel.0.rejected", 3),
    ("stages.ingest.funnel.0.rejected", None),
    ("stages.ingest.funnel.0.rejected", ["duplicate"]),
    ("stages.ingest.funnel.0.rejected", {"duplicate": {}}),
    ("stages.ingest.funnel.0.place", "first"),
    ("stages.ingest.funnel.0.rows_in", "3"),
    ("stages.ingest.funnel.0.rows_out", {}),
    ("stages.ingest.funnel.0.step", {}),
    ("stages.ingest.funnel.0.merged", 1.5),
    ("stages.ingest.seconds", "long"),
    ("stages.ingest.versions", []),
    ("stages.ingest.notes", "a note"),
    ("stages.ingest.findings", [1]),
]


@pytest.mark.parametrize(("place", "value"), _OF_ANOTHER_TYPE)
def test_a_manifest_with_a_value_of_another_type_is_damaged(
    run_folder: Path, said: Said, place: str, value: Any
) -> None:
    def change(manifest: dict[str, Any]) -> None:
        *above, last = [int(key) if key.isdigit() else key for key in place.split(".")]
        for key in above:
            manifest = manifest[key]
        manifest[last] = value

    changed(run_folder, change)
    for command in _COMMANDS:
        sentence = said(command)
        assert "manifest.json is damaged (" in sentence
        assert sentence.endswith("). Delete it and build again.\n")


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"\xff\xfe", b"\0", b"[" * 100_000, b'{"format": 1, "x": ' + b"[" * 100_000, b"1" * 5_000],
)
def test_a_manifest_that_is_no_object_is_damaged(run_folder: Path, said: Said, content: bytes) -> None:
    (run_folder / MANIFEST).write_bytes(content)
    for command in _COMMANDS:
        assert "manifest.json is damaged (" in said(command)


def test_a_recipe_that_is_not_utf8_is_damaged(run_folder: Path, said: Said) -> None:
    path = run_folder / "recipe.yaml"
    path.write_bytes(path.read_bytes().replace(b"name: demo", b"name: d\xacmo"))
    assert "recipe.yaml is damaged ('utf-8' codec can't decode byte 0xac" in said("publish")


@pytest.mark.parametrize("folder", ["posts", "comments", "samples", "instructions/llava", "rejects"])
def test_rows_of_a_shard_in_which_a_bit_is_another_are_not_shown(run_folder: Path, said: Said, folder: str) -> None:
    for shard in (run_folder / folder).iterdir():
        content = bytearray(shard.read_bytes())
        content[len(content) // 3] ^= 4
        shard.write_bytes(content)
    expected = "is not what was written: its sha256 is another. Run `blift build` with the recipe again."
    assert expected in said("inspect", "--rows", "1", "--table", folder)
    assert "Run `blift build` with the recipe again: it writes what is missing or has changed" in said("verify", code=1)


def test_a_shard_that_has_changed_is_not_built_on_but_made_again(run_folder: Path, said: Said) -> None:
    changed(run_folder, lambda manifest: manifest["stages"].pop("instruct"))
    for shard in (run_folder / "samples").iterdir():
        content = bytearray(shard.read_bytes())
        content[-20] ^= 4
        shard.write_bytes(content)
    said("build", code=0)
    assert "files are as they were written" in said("verify", code=0)


@pytest.mark.shared
def test_the_manifests_of_the_fault_campaign_are_damaged(run_folder: Path, said: Said, shared_data: Path) -> None:
    cases = sorted((shared_data / "cases" / "faults" / "13-manifest-tracebacks").glob("*/manifest.json"))
    assert len(cases) > 20
    for case in cases:
        shutil.copy(case, run_folder / MANIFEST)
        for command in ("verify", "inspect", "diff", "publish"):
            assert "damaged" in said(command)


def test_a_run_folder_may_be_reached_through_a_link(run_folder: Path, said: Said, tmp_path: Path) -> None:
    moved = run_folder.rename(tmp_path / "elsewhere")
    run_folder.symlink_to(moved.name)
    assert "files are as they were written" in said("verify", code=0)
