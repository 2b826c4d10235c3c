"""One file of an object store, by Beam's filesystems; what the store's client raises becomes an OSError.

Importing this module imports Beam.
"""

from __future__ import annotations

import errno
import glob
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from apache_beam.io.filesystem import CompressionTypes, FileMetadata

from blift.connectors.store_errors import is_absent
from blift.schemas.errors import InputError

_WILDCARDS = frozenset("*?[")


class StoreFailed(OSError):
    """What a client raised, as an error of files; ``exception_details`` as of Beam's own, by address."""

    def __init__(self, address: str, cause: Exception) -> None:
        super().__init__(str(cause))
        self.exception_details = {address: cause}


@contextmanager
def reaching(address: str) -> Iterator[None]:
    """Run calls of a store's client.

    Raises:
        StoreFailed: the client raised what is no OSError and no ValueError.
    """
    try:
        yield
    except (OSError, ValueError):
        raise
    except Exception as error:  # each client's own, without a base that they share
        raise StoreFailed(address, error) from error


class StoreStream(io.BufferedIOBase):
    """A stream of a store, whose client's exceptions are OSErrors."""

    def __init__(self, stream: Any, address: str) -> None:
        self._stream, self._address = stream, address

    @property
    def closed(self) -> bool:
        return bool(self._stream.closed)

    def readable(self) -> bool:
        return bool(self._stream.readable())

    def writable(self) -> bool:
        return bool(self._stream.writable())

    def seekable(self) -> bool:
        return bool(self._stream.seekable())

    def read(self, size: int | None = -1, /) -> bytes:
        with reaching(self._address):
            return bytes(self._stream.read(-1 if size is None else size))

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size)

    def seek(self, place: int, whence: int = 0, /) -> int:
        with reaching(self._address):
            return int(self._stream.seek(place, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def write(self, piece: Any, /) -> int:
        with reaching(self._address):
            return int(self._stream.write(piece))

    def flush(self) -> None:
        """Nothing: a store is told of an object when it is closed."""

    def close(self) -> None:
        with reaching(self._address):
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with reaching(self._address):
            self._stream.__exit__(kind, value, trace)


class Store:
    """Beam's filesystem of an address.

    Args:
        address: of a file; or a pattern, to list files.
        beams: Beam's filesystems.
    """

    def __init__(self, address: str, beams: Any) -> None:
        self._address, self._beams = address, beams

    def open_to_read(self) -> BinaryIO:
        """The content of the file as it lies there; it can be sought in.

        Raises:
            FileNotFoundError: there is none.
            OSError: the store does not answer, or refuses.
        """
        try:
            with reaching(self._address):
                stream = self._beams.open(self._address, compression_type=CompressionTypes.UNCOMPRESSED)
        except OSError as error:
            if not is_absent(error):
                raise
            raise FileNotFoundError(errno.ENOENT, "there is no such file", self._address) from error
        return cast(BinaryIO, StoreStream(stream, self._address))

    def open_to_write(self) -> BinaryIO:
        """The file, to be written anew; without folders in the store, it appears when it is closed.

        Raises:
            OSError: the store does not answer, or refuses; also later, when the file is closed.
        """
        with reaching(self._address):
            if self.has_folders() and self._beams.exists(self._address):
                self._beams.delete([self._address])
            stream = self._beams.create(self._address, compression_type=CompressionTypes.UNCOMPRESSED)
        return cast(BinaryIO, StoreStream(stream, self._address))

    def exists(self) -> bool:
        """Whether there is such a file.

        Raises:
            OSError: the store does not answer, or refuses.
        """
        try:
            with reaching(self._address):
                return bool(self._beams.exists(self._address))
        except OSError as error:  # of Azure: Beam's own filesystem says so where there is none
            if is_absent(error):
                return False
            raise

    def has_folders(self) -> bool:
        """Whether files lie in folders, as on HDFS: there a file can be seen while it is written."""
        return bool(self._beams.get_filesystem(self._address).has_dirs())

    def checksum(self) -> str:
        """What the store says of the content.

        Raises:
            OSError: the store does not answer, or there is no such file.
        """
        with reaching(self._address):
            return str(self._beams.checksum(self._address))

    def matched(self) -> list[FileMetadata]:
        """The files that the address, as a pattern, matches.

        Raises:
            InputError: ``**``, or a folder with a wildcard in its name, of a store with folders.
            OSError: the store does not answer, or refuses.
        """
        folder, _, name = self._address.rpartition("/")
        if _WILDCARDS & set(folder) and self.has_folders():
            return [found for each in self._folders(folder) for found in Store(f"{each}/{name}", self._beams).matched()]
        try:
            with reaching(self._address), warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # Beam makes "[[]", a bracket, a regular expression
                return list(self._beams.match([self._address])[0].metadata_list)
        except OSError as error:
            if is_absent(error) and (self.has_folders() or not _WILDCARDS & set(self._address)):
                return []  # no such folder of HDFS, no such file of Azure
            raise

    def _folders(self, pattern: str) -> list[str]:
        """The folders that a pattern matches, step by step: there Beam knows wildcards in names of files alone."""
        if "**" in pattern:
            raise InputError(f"{self._address} has ** in it, which HDFS does not know; name the folders, as in a/*/b.")
        found, *parts = re.split(r"/(?=[^/]*[*?\[])", pattern)
        folders = [found]
        for part in parts:
            step, _, rest = part.partition("/")
            here = [each.path for one in folders for each in Store(f"{one}/{step}", self._beams).matched()]
            if odd := [path for path in here if _WILDCARDS & set(path)]:
                raise InputError(f"{odd[0]} has one of *, ? and [ in its name; rename it, or name other folders.")
            folders = [f"{path}/{rest}" if rest else path for path in here]
        return folders

    def delete(self) -> None:
        """Delete the file.

        Raises:
            OSError: the store does not answer, or refuses; of some, also where there is no such file.
        """
        is_pattern = self._address.startswith("gs://")  # Beam deletes there what the address matches
        with reaching(self._address), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self._beams.delete([glob.escape(self._address) if is_pattern else self._address])

    def rename(self, target: str) -> None:
        """Give the file another address.

        Raises:
            OSError: the store does not answer, or refuses.
        """
        with reaching(self._address):
            self._beams.rename([self._address], [target])

    def make_folder(self) -> None:
        """Make a folder of that address, where the store has folders.

        Raises:
            OSError: the store does not answer, or refuses.
        """
        with reaching(self._address):
            self._beams.mkdirs(self._address)
