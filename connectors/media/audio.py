"""Loudness and silences of a video's audio, measured from the packets that the picture's demuxer passes by."""

from __future__ import annotations

import av
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as Ended
from av.error import FFmpegError
from av.filter import Graph

#: Quieter than this is silence, when it lasts long enough.
SILENCE_DB, SILENCE_S = -50.0, 1.0

_LOUDNESS, _FROM, _TO = "lavfi.r128.I", "lavfi.silence_start", "lavfi.silence_end"
#: Frames of audio that wait in the filters until what came of them is taken: asking costs more than filtering one.
_WAITING = 64
#: FFmpeg reports so where nothing was above its gate (EBU R 128: -70 LUFS).
_GATE_LUFS = -70.0


class Loudness:
    """Integrated loudness (EBU R 128) and silences, through FFmpeg's ``ebur128`` and ``silencedetect``."""

    def __init__(self, audio: av.AudioStream) -> None:
        self._graph = Graph()
        self._source = self._graph.add_abuffer(template=audio)
        silence = self._graph.add("silencedetect", f"noise={SILENCE_DB}dB:d={SILENCE_S}")
        loudness = self._graph.add("ebur128", "metadata=1:framelog=quiet")
        self._sink = self._graph.add("abuffersink")
        self._source.link_to(loudness)
        loudness.link_to(silence)  # this way round: ebur128 cuts frames anew and drops what was noted on them
        silence.link_to(self._sink)
        self._graph.configure()
        self._waiting = 0
        self._lufs: float | None = None
        self._silences: list[tuple[float, float | None]] = []
        self.damage: str | None = None

    def feed(self, packet: av.Packet) -> None:
        """Take a packet of the audio, the empty one at the end too; what cannot be decoded is noted in ``damage``."""
        try:
            for frame in packet.decode():
                self._source.push(frame)
                self._waiting += 1
            if self._waiting >= _WAITING:
                self._waiting = 0
                self._pull()
        except FFmpegError as error:
            self.damage = (error.strerror or str(error)).lower()

    def result(self, end_s: float | None) -> tuple[float | None, list[tuple[float, float]]]:
        """Loudness in LUFS (none where all is below the gate), and silences as start and end in seconds.

        Args:
            end_s: when a silence ends that nothing ends; seconds on the clock of the file, as what is given back.
        """
        try:
            self._source.push(None)
            self._pull()
        except FFmpegError as error:
            self.damage = self.damage or (error.strerror or str(error)).lower()
        silences = [(start, end_s if end is None else end) for start, end in self._silences]
        lufs = self._lufs if self._lufs is not None and self._lufs > _GATE_LUFS else None
        return lufs, [(start, end) for start, end in silences if end is not None]

    def _pull(self) -> None:
        while True:
            try:
                facts = self._sink.pull().metadata
            except (NothingYet, Ended):
                return
            if _LOUDNESS in facts:
                self._lufs = float(facts[_LOUDNESS])
            if _FROM in facts:
                self._silences.append((max(0.0, float(facts[_FROM])), None))
            if _TO in facts and self._silences:
                self._silences[-1] = (self._silences[-1][0], float(facts[_TO]))
