"""Input files are found by pattern and opened by their content, and what breaks off is read up to there."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from blift.connectors import files
from blift.connectors.files import ByteStream, DamagedFile, list_files, literal, match, open_bytes, refuse_broken_links
from blift.connectors.filesystem import open_to_read
from blift.schemas.errors import InputError

_WORDS = [f"word{number}".encode() for number in range(500)]
_CONTENT = b"\n".join(b" ".join(random.Random(line).choices(_WORDS, k=40)) for line in range(1_000))

_PACK: dict[str, Callable[[bytes], bytes]] = {
    "zst": zstd.compress,
    "gz": lambda content: gzip.compress(content, mtime=0),
    "xz": lambda content: lzma.compress(content, preset=0),
    "bz2": bz2.compress,
}
_PACKED = {packing: pack(_CONTENT) for packing, pack in _PACK.items()}
#: What each format's own decoder makes of a beginning, without a word on its end.
_READABLE: dict[str, Callable[[bytes], bytes]] = {
    "zst": lambda packed: zstd.ZstdDecompressor().decompress(packed),
    "gz": lambda packed: zlib.decompressobj(wbits=31).decompress(packed),
    "xz": lambda packed: lzma.LZMADecompressor().decompress(packed),
    "bz2": lambda packed: bz2.BZ2Decompressor().decompress(packed),
}
packings = pytest.mark.parametrize("packing", list(_PACK))


def unpacked(path: Path, size: int = 100_000) -> bytes:
    with open_bytes(str(path)) as stream:
        return b"".join(iter(lambda: stream.read(size), b""))


def until_error(stream: ByteStream, size: int) -> tuple[bytes, Exception]:
    pieces = []
    while True:
        try:
            piece = stream.read(size)
        except (EOFError, OSError) as error:
            return b"".join(pieces), error
        assert piece, "the stream ended without an error"
        pieces.append(piece)


def written(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_path_matches_the_file_with_its_size_and_its_name_without_the_folder(tmp_path: Path) -> None:
    path = written(tmp_path / "RS_2018-01.zst", b"12345")
    (found,) = match([str(path)])
    assert (found.path, found.size_bytes, found.name) == (str(path), 5, "RS_2018-01.zst")


def test_a_star_stays_within_a_folder_and_two_stars_do_not(tmp_path: Path) -> None:
    for name in ("b.zst", "a.zst", "a.txt", "deep/c.zst", "deep/er/d.zst"):
        written(tmp_path / name)
    assert [file.name for file in match([f"{tmp_path}/*.zst"])] == ["a.zst", "b.zst"]
    assert [file.name for file in match([f"{tmp_path}/**.zst"])] == ["a.zst", "b.zst", "deep/c.zst", "deep/er/d.zst"]


def test_names_are_relative_to_the_folder_before_the_first_wildcard(tmp_path: Path) -> None:
    written(tmp_path / "2018" / "01" / "RS.zst")
    written(tmp_path / "2019" / "02" / "RS.zst")
    assert [file.name for file in match([f"{tmp_path}/20*/*/RS.zst"])] == ["2018/01/RS.zst", "2019/02/RS.zst"]
    assert [file.name for file in match([f"{tmp_path}/2018/*/RS.zst"])] == ["01/RS.zst"]


def test_a_file_that_several_patterns_name_is_found_once(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zst")
    assert [file.path for file in match([f"{tmp_path}/*.zst", str(path), f"{tmp_path}/a*"])] == [str(path)]


@pytest.mark.parametrize("pattern", ["pipe", "p*", "/dev/zero", "/dev/zer*"])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, pattern: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"(pipe|/dev/zero) is a device, a pipe or a socket\. Name regular files"):
        match([os.path.join(tmp_path, pattern)])


@pytest.mark.parametrize("name", ["a" * 300, "a" * 5000, "a/" * 3000, "a\0b", "a" * 100_000])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        match([f"{tmp_path}/{name}"])
    assert len(str(caught.value)) < 1000


def test_the_order_does_not_depend_on_the_order_of_the_patterns(tmp_path: Path) -> None:
    paths = [str(written(tmp_path / name)) for name in ("b", "c", "a")]
    assert match(paths) == match(paths[::-1])
    assert [file.name for file in match(paths)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["clip [dQw4w9WgXcQ].json", "[a].json", "what?.json", "star*.json"])
def test_wildcards_in_the_name_of_a_file_that_exists_are_letters(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name)
    written(tmp_path / "a.json")
    written(tmp_path / "starboard.json")
    assert [file.path for file in match([str(path)])] == [str(path)]


def test_a_literal_pattern_finds_its_file_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "clip [ab]*.json")
    written(tmp_path / "clip a.json")
    assert [entry.path for entry in list_files(literal(str(path)))] == [str(path)]


def test_brackets_that_name_no_file_are_a_choice(tmp_path: Path) -> None:
    for name in ("a.zst", "b.zst", "c.zst"):
        written(tmp_path / name)
    assert [file.name for file in match([f"{tmp_path}/[ab].zst"])] == ["a.zst", "b.zst"]


def test_a_pattern_without_a_match_is_told_by_its_text(tmp_path: Path) -> None:
    written(tmp_path / "a.zst")
    pattern = f"{tmp_path}/RS_*.zst"
    with pytest.raises(InputError, match=r"No file matches .*/RS_\*\.zst\. Check the path in the recipe\."):
        match([f"{tmp_path}/*.zst", pattern])
    assert list_files(pattern) == []


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_is_told_with_the_pattern_of_its_files(tmp_path: Path, slash: str) -> None:
    with pytest.raises(InputError) as caught:
        match([f"{tmp_path}{slash}"])
    assert str(caught.value) == f"{tmp_path}{slash} is a folder. Name the files in it, such as {tmp_path}/*."


@pytest.mark.parametrize("pattern", ["RS_*", "**/RS_*", "RS_2021-02.zst"])
def test_a_link_to_nothing_is_told_and_not_left_out(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "RS_2021-01.zst").write_bytes(b"")
    refuse_broken_links(str(tmp_path / pattern))
    (tmp_path / "RS_2021-02.zst").symlink_to(tmp_path / "unplugged")
    with pytest.raises(InputError, match=r"RS_2021-02\.zst is a link to .*unplugged, which is not there\."):
        refuse_broken_links(str(tmp_path / pattern))


def test_an_address_of_an_unknown_filesystem_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"There is no store for nowhere://\. Stores: gs://"):
        match(["nowhere://bucket/*.zst"])


def test_a_plain_file_is_given_as_it_is(tmp_path: Path) -> None:
    assert unpacked(written(tmp_path / "plain.ndjson", _CONTENT)) == _CONTENT


@pytest.mark.parametrize("content", [b"", b"B", b"BZ", b"\x1f", b"\x28\xb5\x2f", b"{}"])
def test_a_file_shorter_than_any_magic_is_plain(tmp_path: Path, content: bytes) -> None:
    assert unpacked(written(tmp_path / "short", content)) == content


@packings
@pytest.mark.parametrize("name", ["file", "file.ndjson", "file.gz", "file.bz2"])
def test_content_tells_the_packing_whatever_the_name(tmp_path: Path, packing: str, name: str) -> None:
    assert unpacked(written(tmp_path / name, _PACKED[packing])) == _CONTENT


@pytest.mark.parametrize("name", ["plain.gz", "plain.bz2", "plain.zst"])
def test_a_plain_file_with_a_packed_name_is_plain(tmp_path: Path, name: str) -> None:
    assert unpacked(written(tmp_path / name, b'{"id": "87"}\n')) == b'{"id": "87"}\n'


@packings
@pytest.mark.parametrize("size", [1_000, 65_537, 10_000_000])
def test_members_that_follow_one_another_are_one_stream(tmp_path: Path, packing: str, size: int) -> None:
    pack = _PACK[packing]
    packed = pack(_CONTENT[:70_000]) + pack(b"") + pack(_CONTENT[70_000:])
    assert unpacked(written(tmp_path / "members", packed), size) == _CONTENT


def test_zeros_between_streams_of_xz_are_padding(tmp_path: Path) -> None:
    packed = _PACKED["xz"] + bytes(8) + _PACKED["xz"] + bytes(100_000)
    assert unpacked(written(tmp_path / "padded.xz", packed)) == _CONTENT * 2


def test_a_zstd_file_may_begin_with_a_skippable_frame(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"pzst"
    assert unpacked(written(tmp_path / "pzstd", skippable + zstd.compress(_CONTENT))) == _CONTENT


def test_a_zstd_window_of_reddits_archives_is_read(tmp_path: Path) -> None:
    options = {zstd.CompressionParameter.window_log: 31, zstd.CompressionParameter.enable_long_distance_matching: 1}
    # Without its size the frame's header states the window itself, which a decoder refuses unless told not to.
    compressor = zstd.ZstdCompressor(options=_SMALL_TABLES | options)
    packed = compressor.compress(b"spam\n") + compressor.flush()
    with pytest.raises(zstd.ZstdError, match="too much memory"):
        zstd.decompress(packed)
    assert unpacked(written(tmp_path / "RS.zst", packed)) == b"spam\n"


#: A window of 2 GiB to write with takes no tables of that size.
_SMALL_TABLES: dict[int, int] = {
    zstd.CompressionParameter.strategy: zstd.Strategy.fast,
    zstd.CompressionParameter.hash_log: 6,
    zstd.CompressionParameter.ldm_hash_log: 6,
}


@packings
@pytest.mark.parametrize("size", [1_000, 16 << 20])
@pytest.mark.parametrize("share", [0.3, 0.9, 1.0])
def test_a_truncated_file_gives_all_that_is_readable_and_then_says_so(
    tmp_path: Path, packing: str, size: int, share: float
) -> None:
    packed = _PACKED[packing]
    cut = packed[: min(int(len(packed) * share), len(packed) - 3)]
    with open_bytes(str(written(tmp_path / "cut", cut))) as stream:
        content, error = until_error(stream, size)
    assert isinstance(error, EOFError)
    assert content == _READABLE[packing](cut)
    assert _CONTENT.startswith(content)


@packings
def test_a_second_member_that_breaks_off_comes_after_the_first(tmp_path: Path, packing: str) -> None:
    packed = _PACKED[packing] + _PACKED[packing][:-20]
    with open_bytes(str(written(tmp_path / "cut", packed))) as stream:
        content, error = until_error(stream, 100_000)
    assert isinstance(error, EOFError)
    assert content.startswith(_CONTENT)


@packings
def test_an_error_is_told_again_on_every_further_read(tmp_path: Path, packing: str) -> None:
    with open_bytes(str(written(tmp_path / "cut", _PACKED[packing][:-20]))) as stream:
        until_error(stream, 100_000)
        with pytest.raises(EOFError):
            stream.read(1)


def damaged(packing: str) -> bytes:
    packed = bytearray(zstd.compress(_CONTENT, options=_CHECKED) if packing == "zst" else _PACKED[packing])
    middle = len(packed) // 2
    packed[middle : middle + 16] = bytes(255 - byte for byte in packed[middle : middle + 16])
    return bytes(packed)


_CHECKED: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}


@packings
def test_damage_is_a_damaged_file_and_not_a_fault_of_the_filesystem(tmp_path: Path, packing: str) -> None:
    with open_bytes(str(written(tmp_path / "damaged", damaged(packing)))) as stream:
        _, error = until_error(stream, 100_000)
    assert isinstance(error, DamagedFile)
    assert error.errno is None
    assert str(error)


@packings
def test_a_damaged_second_member_is_not_taken_for_the_end(tmp_path: Path, packing: str) -> None:
    packed = _PACKED[packing] + b"\xee\xee\xee\xee" + _PACKED[packing][4:]
    with open_bytes(str(written(tmp_path / "damaged", packed))) as stream:
        content, error = until_error(stream, 100_000)
    assert isinstance(error, DamagedFile)
    assert content == _CONTENT


class Failing:
    """A file on a filesystem that fails in the middle."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def read(self, size: int = -1) -> bytes:
        if size > 6:
            raise OSError(5, "Input/output error")
        content: bytes = self._raw.read(size)
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


@packings
def test_a_fault_of_the_filesystem_stays_what_it_is(
    tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "file", _PACKED[packing])
    monkeypatch.setattr(files, "open_to_read", lambda path: Failing(open_to_read(path)))
    with open_bytes(str(path)) as stream:
        _, error = until_error(stream, 100_000)
    assert isinstance(error, OSError)
    assert not isinstance(error, DamagedFile)
    assert error.errno == 5


def test_a_missing_file_is_an_input_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot open .*/missing\.zst: "), open_bytes(f"{tmp_path}/missing.zst"):
        pass


def test_the_file_is_closed_after_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(files, "open_to_read", lambda path: opened.append(open_to_read(path)) or opened[0])
    unpacked(written(tmp_path / "file", _PACKED["zst"]))
    assert opened[0].closed
