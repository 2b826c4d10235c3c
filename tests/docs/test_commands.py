"""The commands of the pages: each line of a ```console block is run, page by page, in a folder with a small corpus."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", flags=re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:yaml|py))\n")


def blocks(page: Path, language: str) -> list[str]:
    """The contents of a page's blocks in a language, without the indentation of the list that they are in."""
    found = [text for name, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]
    return [re.sub(rf"^ {{{len(text) - len(text.lstrip(' '))}}}", "", text, flags=re.MULTILINE) for text in found]


def commands(page: Path) -> list[list[str]]:
    lines = [line for text in blocks(page, "console") for line in text.splitlines() if line.startswith("$ ")]
    return [shlex.split(line[2:], comments=True) for line in lines]


def test_the_steps_of_the_readme_work(corpus: Path, tmp_path: Path) -> None:
    page = ROOT / "README.md"
    shutil.copytree(corpus / "reddit", tmp_path / "archives")
    for text in blocks(page, "yaml"):
        if named := _FILE.match(text):
            (tmp_path / named[1]).write_text(text)
    steps = commands(page)
    assert [step[:2] for step in steps] == [
        ["blift", "recipe"], ["blift", "build"], ["blift", "build"], ["blift", "inspect"], ["blift", "verify"],
    ]  # fmt: skip
    for step in steps:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "blift.pipelines.cli", *step[1:]],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (step, done.stderr)
    assert list((tmp_path / "run" / "samples").iterdir())


def test_the_python_page_works(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus / "reddit", tmp_path / "archives")
    (recipe,) = [text for text in blocks(ROOT / "README.md", "yaml") if _FILE.match(text)]
    (tmp_path / "mine.yaml").write_text(recipe)
    (code,) = blocks(ROOT / "docs" / "python.md", "python")
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "'stage': 'ingest'" in done.stdout


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []
