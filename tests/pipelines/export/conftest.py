"""A small run folder with an image, a gallery and a video whose files are there, and others whose files are not."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from PIL import Image

from tests.conftest import made_once
from tests.pipelines.conftest import run_build

_RECIPE = """
name: pairs
sources:
  reddit: {submissions: [RS.ndjson], comments: [RC.ndjson]}
  youtube: {info: ["youtube/*.info.json"]}
media:
  files: ["pictures/*"]
instruct:
  templates: [full, comments-only]
  splits: {validation: 0.3, test: 0}
  frames: 3
preferences:
  comments: {min_score: null, min_post_score: null}
output: {shards: 2}
"""


def post(name: str, **more: Any) -> dict[str, Any]:
    row = {"id": name, "subreddit": "pics", "title": f"The title of {name}", "created_utc": 1_600_000_000}
    return row | {"author": "a", "score": 10, "num_comments": 2, "over_18": False, "is_self": False} | more


def image_post(name: str) -> dict[str, Any]:
    return post(name, url=f"https://i.redd.it/{name}.jpg", domain="i.redd.it", post_hint="image")


def gallery_post(name: str, items: list[str]) -> dict[str, Any]:
    metadata = {
        item: {
            "status": "valid",
            "e": "Image",
            "m": "image/jpg",
            "s": {"u": f"https://preview.redd.it/{item}.jpg", "x": 8},
        }
        for item in items
    }
    return post(
        name, url=f"https://www.reddit.com/gallery/{name}", domain="reddit.com", is_gallery=True,
        gallery_data={"items": [{"media_id": item} for item in items]}, media_metadata=metadata,
    )  # fmt: skip


def comment(of: str, place: int, score: int = 5) -> dict[str, Any]:
    return {
        "id": f"c{of}{place}", "link_id": f"t3_{of}", "parent_id": f"t3_{of}", "subreddit": "pics", "author": "b",
        "body": f"What comment number {place} says of {of}", "score": score, "created_utc": 1_600_000_100,
    }  # fmt: skip


def write_small_corpus(folder: Path, clip: Path) -> None:
    """An image and a gallery with their files, one gallery in part, one image without, and a video."""
    posts = [
        image_post("pa"), image_post("pb"),
        gallery_post("ga", ["one", "two", "three"]), gallery_post("gb", ["four", "gone"]),
    ]  # fmt: skip
    comments = [comment(row["id"], place, 6 - place) for row in posts for place in range(2)]
    (folder / "pictures").mkdir()
    (folder / "youtube").mkdir()
    for name, rows in (("RS", posts), ("RC", comments)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for place, name in enumerate(("pa", "one", "two", "three", "four")):
        picture = Image.effect_mandelbrot((64, 48), (-2 + place * 0.3, -1.5, 1, 1.5), 20 + 10 * place).convert("RGB")
        picture.save(folder / "pictures" / f"{name}.jpg")
    info = {
        "id": "MFxBGAKXury", "title": "A street musician", "channel_id": "UC1", "channel": "Music", "duration": 4,
        "view_count": 1000, "like_count": 50, "upload_date": "20200913", "extractor_key": "Youtube", "ext": "mp4",
        "webpage_url": "https://www.youtube.com/watch?v=MFxBGAKXury",
        "comments": [
            {"id": f"y{place}", "text": f"That is what comment {place} says", "like_count": place, "parent": "root"}
            for place in range(3)
        ],
    }  # fmt: skip
    (folder / "youtube" / "Street [MFxBGAKXury].info.json").write_text(json.dumps(info))
    shutil.copy(clip, folder / "youtube" / "Street [MFxBGAKXury].mp4")
    (folder / "recipe.yaml").write_text(_RECIPE)


@pytest.fixture(scope="session")
def small_corpus(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small corpus, with a clip of the demo."""
    clip = next(corpus.rglob("*MFxBGAKXury*.mp4"))
    return made_once(tmp_path_factory, "small-corpus", lambda folder: write_small_corpus(folder, clip))


@pytest.fixture(scope="session")
def run(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its run folder; tests that change it copy it first."""
    made = made_once(tmp_path_factory, "small-run", lambda out: run_build(small_corpus / "recipe.yaml", out))
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("small") / "run"))


_REAL_RECIPE = """
name: real
sources:
  reddit: {submissions: [archives/RS_*], comments: [archives/RC_*]}
  youtube: {info: ["info/*.info.json"]}
media:
  files: ["files/*"]
instruct:
  frames: 2
preferences:
  comments: {min_score: null, min_post_score: null}
output: {shards: 2}
"""
#: Real files, no two of which show the same.
_PICTURES = (
    *(f"data-juicer/{name}" for name in ("blip.jpg", "cat.jpg", "img1.png", "img2.jpg", "img3.jpg", "img8.jpg")),
    *(f"imagededup/ukbench{name}.jpg" for name in ("00120", "01380", "08976", "08996", "09012", "09060", "09348")),
    *("exif-orientation/Portrait_6.jpg", "imagehash/peppers.png", "imagededup/alpha_channel_image.png"),
    *("cosmos-curate/test_image.jpg", "imagededup/giphy.gif"),
)
_CLIPS = ("data-juicer/video1.mp4", "data-juicer/video4.mp4", "torchcodec/h265_video.mp4", "torchcodec/nasa_13013.mp4")
#: The public archives are compressed with a window of 2 GiB.
_LONG_WINDOW = {zstd.DecompressionParameter.window_log_max: 31}


def _image_posts(archives: Path) -> list[str]:
    """Ids of posts of one picture."""
    with zstd.open(archives / "RS_recorded.zst", options=_LONG_WINDOW) as stream:
        recorded = stream.read()
    lines = [*(archives / "RS_arctic.ndjson").read_bytes().splitlines(), *recorded.splitlines()]
    posts = [json.loads(line) for line in lines if line.strip()]
    wanted = [
        post["id"] for post in posts
        if post.get("domain") == "i.redd.it" and not post.get("is_gallery") and post["url"].endswith((".jpg", ".png"))
    ]  # fmt: skip
    # The last that gets a file is one whose comments are in the archives.
    return [*list(dict.fromkeys(wanted))[: len(_PICTURES) - 1], "l4nkbl"]


def write_real_corpus(folder: Path, shared_data: Path) -> None:
    """Real records and real files; which file is of which record is made up, as most are gone."""
    media = shared_data / "media"
    for name in ("archives", "info", "files"):
        (folder / name).mkdir(parents=True)
    for path in (shared_data / "reddit").glob("R[SC]_*"):
        (folder / "archives" / path.name).symlink_to(path)
    for post_id, name in zip(_image_posts(shared_data / "reddit"), _PICTURES, strict=False):
        shutil.copy(media / name, folder / "files" / f"{post_id}{Path(name).suffix}")
    infos = {path.name.split(".")[0]: path for path in sorted((shared_data / "youtube" / "info").glob("*.info.json"))}
    for (video_id, path), name in zip(infos.items(), _CLIPS, strict=False):
        (folder / "info" / path.name).symlink_to(path)
        shutil.copy(media / name, folder / "files" / f"A video [{video_id}].mp4")
    (folder / "recipe.yaml").write_text(_REAL_RECIPE)


@pytest.fixture(scope="session")
def real_run(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of real records and real files."""
    folder = tmp_path_factory.mktemp("real")
    write_real_corpus(folder, shared_data)
    run_build(folder / "recipe.yaml", folder / "out")
    return folder / "out"
