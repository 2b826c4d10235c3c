"""What FFmpeg's program does better than a decode pass: audio as a file, clips, and repair of a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from typing import Any

import ffmpeg
import imageio_ffmpeg

from blift.connectors.media.limits import Refused
from blift.connectors.media.pyav import DEMUXERS
from blift.schemas.errors import InputError
from blift.schemas.reasons import Reason

#: What recognisers of speech take: one channel, 16 kHz, 16 bits.
SPEECH_HZ = 16_000
_LAST_WORDS = 300


@cache
def program() -> str:
    """The FFmpeg program: the system's, else the one that the package ``imageio-ffmpeg`` carries.

    Raises:
        InputError: there is none.
    """
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise InputError("There is no FFmpeg program. Install ffmpeg, or the package imageio-ffmpeg.") from error


def extract_audio(source: str, target: str, timeout_s: float) -> None:
    """Write the audio of a video as a WAV file, 16 kHz, one channel.

    Raises:
        Refused: there is no audio, it cannot be decoded, or it takes too long.
    """
    _write(lambda part: _source(source).audio.output(part, format="wav", ac=1, ar=SPEECH_HZ), target, timeout_s)


def remux(source: str, target: str, timeout_s: float) -> None:
    """Write the streams of a video into a new container as they are: repairs indices and timestamps.

    Raises:
        Refused: it cannot be read, or takes too long.
    """
    streams = _source(source, fflags="+genpts+discardcorrupt", err_detect="ignore_err")
    _write(
        lambda part: ffmpeg.output(streams["v:0"], streams["a:0?"], part, format="matroska", c="copy"),
        target,
        timeout_s,
    )


def cut_clip(source: str, target: str, start_s: float, end_s: float, timeout_s: float) -> None:
    """Write a stretch of a video, in seconds, as an MP4 of H.264 and AAC, cut at the frame.

    Raises:
        Refused: it cannot be decoded, or takes too long.
    """
    _write(
        lambda part: _source(source, ss=start_s).output(
            part,
            format="mp4",
            t=end_s - start_s,
            vcodec="libx264",
            pix_fmt="yuv420p",
            acodec="aac",
            movflags="+faststart",
        ),
        target,
        timeout_s,
    )


def join(video: str, audio: str, target: str, timeout_s: float) -> None:
    """Write the pictures of one file and the sound of another into an MP4, as they are. Equal streams give equal bytes.

    Raises:
        Refused: one of them cannot be read, or it takes too long.
    """
    _write(
        lambda part: ffmpeg.output(
            _source(video)["v:0"],
            _source(audio)["a:0"],
            part,
            format="mp4",
            c="copy",
            map_metadata=-1,
            fflags="+bitexact",
            movflags="+faststart",
        ),
        target,
        timeout_s,
    )


def _source(path: str, **options: Any) -> Any:
    return ffmpeg.input(
        f"file:{os.path.abspath(path)}", protocol_whitelist="file", format_whitelist=DEMUXERS, threads=1, **options
    )


def _write(command: Callable[[str], Any], target: str, timeout_s: float) -> None:
    """Run a command that writes one file; the file appears whole or not at all."""
    folder = os.path.dirname(os.path.abspath(target))
    with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part_folder:
        part = os.path.join(part_folder, "part")
        stream = command(f"file:{part}").global_args("-nostdin", "-v", "error").overwrite_output()
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
                stream.compile(cmd=program()), capture_output=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Refused(Reason.TIMED_OUT, f"ffmpeg took more than {timeout_s:g} s") from error
        if done.returncode or not os.path.exists(part) or not os.path.getsize(part):
            said = done.stderr.decode(errors="replace").strip()[-_LAST_WORDS:]
            raise Refused(Reason.DAMAGED, f"ffmpeg: {said or 'nothing was written'}")
        os.replace(part, target)
