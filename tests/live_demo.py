"""``python -m tests.live_demo DIR``: a Reddit, a YouTube and a host of files on loopback, collected from and built of.

What asks them is what asks the real ones: PRAW, yt-dlp's own extractor, and HTTP.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import yaml
from PIL import Image

from blift.connectors.media.ffmpeg import program
from tests.reddit_server import RedditServer, made_up
from tests.web_server import Reply, WebServer
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import YoutubeServer

_RECIPE = {
    "name": "live-demo",
    "fetch": {
        "contact": "demo@example.org",
        "reddit": {"listings": ["pics/new"], "requests_per_minute": 6_000, "media": {"hosts": ["reddit"]}},
        "youtube": {
            "lists": ["https://www.youtube.com/@madeup/videos"],
            "requests_per_minute": 6_000,
            "comments": {"per_video": 10},
            "footage": {"max_height": 480},
        },
        "web": {"per_host_per_s": 100.0},
    },
    "media": {"cuts": {"min_frames": 5}},
    "curate": {"reddit": {"posts": {"deleted": True, "removed": True}}},
}


def main() -> None:
    """Serve, fetch, look, build."""
    parser = argparse.ArgumentParser(prog="python -m tests.live_demo", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "live.yaml").write_text(yaml.safe_dump(_RECIPE, sort_keys=False))
    with ExitStack() as stack:
        reddit = stack.enter_context(RedditServer(made_up(60, plain=False)))
        youtube = stack.enter_context(YoutubeServer(MadeUp(_videos(folder))))
        files = stack.enter_context(WebServer(otherwise=_picture))
        (folder / "praw.ini").write_text(reddit.praw_ini())
        os.environ |= {
            "XDG_CONFIG_HOME": str(folder.resolve()),
            "BLIFT_YOUTUBE_ADDRESS": youtube.address,
            "BLIFT_MEDIA_ADDRESS": files.address,
            "BLIFT_ALLOW_ADDRESSES": files.allowed,
        }
        _blift("fetch", str(folder / "live.yaml"))
    _blift("fetch", "status", str(folder / "fetched"))
    _blift("build", str(folder / "live.yaml"), "--out", str(folder / "run"))


def _blift(*arguments: str) -> None:
    sys.stdout.write(f"\n$ blift {shlex.join(arguments)}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "blift.pipelines.cli", *arguments], check=True)


def _picture(path: str) -> Reply:
    """A picture of its own for each path; Reddit's videos are not there."""
    if not path.endswith((".jpg", ".png")):
        return Reply(status=404)
    sink = BytesIO()
    seed = sum(path.encode())
    noise = Image.effect_noise((64, 48), 20 + seed % 80)
    noise.resize((320, 240), Image.Resampling.BICUBIC).save(sink, "JPEG" if path.endswith(".jpg") else "PNG")
    return Reply(sink.getvalue(), headers={"ETag": f'"{seed}"'})


def _videos(folder: Path) -> list[Video]:
    clips = []
    for number in range(6):
        clip = folder / f"clip-{number}.mp4"
        source = f"testsrc2=size=160x120:rate=10:duration={4 + number}"
        command = [program(), "-v", "error", "-y", "-f", "lavfi", "-i", source, "-vf", f"hue=h={40 * number}"]
        subprocess.run([*command, "-pix_fmt", "yuv420p", str(clip)], check=True)
        clips.append(clip.read_bytes())
        clip.unlink()
    gone = Video("madeup00099", refusal=("ERROR", "Private video"))
    heat = [abs(50 - place) / 50 for place in range(100)]
    return [gone] + [
        Video(
            f"madeup{number:05d}",
            f"Made-up video number {number}",
            4 + number,
            likes=100 * number,
            comments=[f"what a lovely clip of number {number} and {place}" for place in range(8)],
            heat=heat,
            captions=["en"],
            file=clip,
        )
        for number, clip in enumerate(clips)
    ]


if __name__ == "__main__":
    main()
