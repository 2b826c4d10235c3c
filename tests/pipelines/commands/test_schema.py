"""`blift schema` shows every table in every form, writes baselines, and finds what must not be merged."""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from blift.pipelines.commands import schema as schema_command
from blift.schemas.baseline import BASELINES
from blift.schemas.comment import Comment
from blift.schemas.errors import InputError, SchemaError
from blift.schemas.records import RECORDS

GIT = shutil.which("git") or ""
POST = RECORDS["post"].version
COMMENT = Path(sys.modules[Comment.__module__].__file__ or "").resolve()


def run(*arguments: str) -> int:
    """Run `blift schema` and return its exit code."""
    parser = argparse.ArgumentParser(prog="blift schema")
    schema_command.add_arguments(parser)
    args = parser.parse_args(arguments)
    return int(args.run(args))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the baselines."""
    return Path(shutil.copytree(BASELINES, tmp_path / "schemas" / "baselines"))


@pytest.fixture
def repository(folder: Path) -> Callable[..., None]:
    """A git repository with a copy of the baselines at its tag `released`; what runs git in it."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run([GIT, "-C", folder, *who, *arguments], check=True, capture_output=True)

    git("init", "--quiet", str(folder.parents[1]))
    git("add", ".")
    git("commit", "--quiet", "--message", "Release")
    git("tag", "released")
    return git


def rename_rank(folder: Path) -> None:
    """Let the baseline of `comment` say `place` where code says `rank`."""
    path = folder / f"comment-{Comment.version}.json"
    path.write_text(path.read_text().replace('"name": "rank"', '"name": "place"'))


def test_list_has_a_line_for_each_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[name, record.version] for name, record in RECORDS.items()]
    assert lines[0].endswith("One post, at its latest observation.")


@pytest.mark.parametrize("table", RECORDS)
def test_show_prints_each_form(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", table) == 0
    arrow = capsys.readouterr().out
    assert arrow.startswith(f"{table} {RECORDS[table].version}\n")
    assert run("show", table, "--format", "arrow") == 0
    assert capsys.readouterr().out == arrow
    assert run("show", table, "--format", "json-schema") == 0
    assert json.loads(capsys.readouterr().out)["$id"] == f"urn:blift:{table}:{RECORDS[table].version}"
    assert run("show", table, "--format", "markdown") == 0
    assert capsys.readouterr().out.startswith("| column | type | nullable | meaning |\n")


def test_show_of_an_unknown_table_suggests_one() -> None:
    with pytest.raises(SchemaError, match=r"There is no table 'coment', did you mean 'comment'\? Tables: post, "):
        run("show", "coment")


def test_an_unknown_table_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    cli = pytest.importorskip("blift.pipelines.cli")
    assert cli.main(["schema", "show", "coment"]) == 2
    assert capsys.readouterr().err.startswith("blift: There is no table 'coment', did you mean 'comment'? Tables: ")


def test_check_of_the_shipped_tables_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    assert capsys.readouterr().out == f"{len(RECORDS)} tables of blift: no findings against baselines.\n"


def line_of(text: str) -> int:
    return 1 + COMMENT.read_text().splitlines().index(next(x for x in COMMENT.read_text().splitlines() if text in x))


def test_a_difference_is_told_with_its_rule_its_file_and_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(COMMENT.parents[1])
    rename_rank(folder)
    assert run("check", "--baselines", str(folder)) == 1
    renamed, raised = capsys.readouterr().out.splitlines()
    assert renamed == (
        f"schemas/comment.py:{line_of('rank: int')}: COLUMN_SAME_NAME: `place` was renamed to `rank`. "
        f"Code that was written for {Comment.version} may fail."
    )
    assert raised == (
        f"schemas/comment.py:{line_of('version: ClassVar')}: VERSION_RAISED: "
        f"comment {Comment.version} differs from its baseline: "
        "`place` was renamed to `rank` (breaking). "
        "Raise the version to 2.0.0 and run `blift schema baseline`, or undo the change."
    )


def test_check_has_one_line_for_each_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / f"post-{POST}.json").unlink()
    (folder / "chat-1.0.0.json").write_text("{")
    (folder / "video-1.0.0.json").write_text("{}")
    assert run("check", "--baselines", str(folder)) == 1
    lines = [line.split(": ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 3
    assert lines[0].startswith("BASELINE_READABLE: The baseline chat-1.0.0.json is no definition of a table")
    assert lines[1] == f"BASELINE_EXISTS: post {POST} has no baseline. Run `blift schema baseline`."
    assert lines[2].startswith("BASELINE_OF_TABLE: The baseline video-1.0.0.json belongs to no table.")


def test_check_against_a_git_ref(
    folder: Path, repository: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    check = ["check", "--baselines", str(folder), "--against"]
    assert run(*check, "released") == 0
    assert capsys.readouterr().out == f"{len(RECORDS)} tables of blift: no findings against released.\n"
    rename_rank(folder)
    repository("commit", "--all", "--quiet", "--message", "Rename")
    assert run(*check, "HEAD") == 1
    assert "COLUMN_SAME_NAME" in capsys.readouterr().out
    assert run(*check, "HEAD~1") == 1
    assert f"BASELINE_IMMUTABLE: The baseline comment-{Comment.version}.json was edited." in capsys.readouterr().out


def test_a_breaking_change_does_not_pass_with_its_baseline_written_anew(
    folder: Path, repository: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    rename_rank(folder)
    repository("commit", "--all", "--quiet", "--message", "The release that code has renamed a column of")
    (folder / f"comment-{Comment.version}.json").unlink()
    assert run("baseline", "--baselines", str(folder)) == 0
    assert run("check", "--baselines", str(folder)) == 0
    assert run("check", "--baselines", str(folder), "--against", "HEAD") == 1
    out = capsys.readouterr().out
    assert all(rule in out for rule in ("BASELINE_IMMUTABLE", "COLUMN_SAME_NAME", "VERSION_RAISED"))


def test_a_table_that_is_gone_is_a_finding(
    folder: Path, repository: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "chat-1.0.0.json").read_text().replace('"table": "chat"', '"table": "talk"')
    (folder / "talk-1.0.0.json").write_text(text)
    repository("add", ".")
    repository("commit", "--quiet", "--message", "A table more")
    (folder / "talk-1.0.0.json").unlink()
    assert run("check", "--baselines", str(folder), "--against", "HEAD") == 1
    assert "talk: TABLE_NO_DELETE: The table talk was removed." in capsys.readouterr().out


def test_check_against_a_folder_of_baselines_or_a_checkout(folder: Path) -> None:
    assert run("check", "--against", str(folder)) == 0
    assert run("check", "--against", str(folder.parents[1])) == 0
    rename_rank(folder)
    assert run("check", "--against", str(folder.parents[1])) == 1


@pytest.mark.usefixtures("repository")
def test_a_folder_that_is_a_git_ref_too_must_be_told_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parents[1])
    Path("released").mkdir()
    with pytest.raises(InputError, match=r"'released' is a folder and a git ref. Write ./released for the folder"):
        run("check", "--baselines", str(folder), "--against", "released")
    assert run("check", "--baselines", str(folder), "--against", "refs/tags/released") == 0


@pytest.mark.parametrize(
    ("against", "sentence"),
    [
        ("no-such-ref", "'no-such-ref' is no git ref, no folder and no OWNER/NAME@REVISION of the Hub."),
        ("--version", "'--version' is no git ref"),
        ("./nowhere", "'./nowhere' is no git ref"),
    ],
)
def test_what_cannot_be_compared_with_is_a_usage_error(against: str, sentence: str, folder: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        run("check", "--baselines", str(folder), f"--against={against}")


def test_a_folder_without_tables_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no baselines and no Parquet files"):
        run("check", "--against", str(tmp_path))


def test_a_ref_without_baselines_is_told(folder: Path, repository: Callable[..., None]) -> None:
    repository("rm", "--quiet", "-r", "--cached", ".")
    repository("commit", "--quiet", "--message", "Nothing")
    with pytest.raises(InputError, match=r"'HEAD' has no baselines in .*schemas/baselines\. Name a later ref"):
        run("check", "--baselines", str(folder), "--against", "HEAD")


def test_baseline_writes_what_is_missing_and_check_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = Comment.version
    path = folder / f"post-{POST}.json"
    path.unlink()
    assert run("baseline", "--baselines", str(folder)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"post {POST} has a new baseline: {path}",
        f"comment {now} has its baseline: {folder / f'comment-{now}.json'}",
    ]
    assert run("check", "--baselines", str(folder)) == 0


def test_baseline_refuses_another_definition_of_a_version_that_has_one(folder: Path) -> None:
    rename_rank(folder)
    with pytest.raises(
        SchemaError, match=rf"comment {Comment.version} differs from its baseline: .* Raise the version to 2.0.0"
    ):
        run("baseline", "--baselines", str(folder))


def test_nothing_is_written_where_a_version_is_too_low(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename_rank(folder)
    (folder / f"post-{POST}.json").unlink()
    before, raised = Comment.version, f"{Comment.version.rpartition('.')[0]}.9"
    monkeypatch.setattr(Comment, "version", raised)
    with pytest.raises(SchemaError, match=rf"comment {raised} is not raised enough since {before}: .* to 2.0.0"):
        run("baseline", "--baselines", str(folder))
    assert not (folder / f"post-{POST}.json").exists()
    assert not (folder / f"comment-{raised}.json").exists()


def test_a_check_needs_none_of_the_large_libraries() -> None:
    code = (
        "import sys; from blift.pipelines.cli import main; main(['schema', 'check']); "
        "print([name for name in ('apache_beam', 'polars', 'pyarrow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
