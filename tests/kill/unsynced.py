"""What a loss of power leaves: only what was synced to the disk.

POSIX promises that the content of a file is there again after `fsync` of the file, and a name after `fsync` of the
folder that it is in. Each sync is recorded as it is made: the content of the file, or the names in the folder. What a
loss of power leaves is what these records say, and nothing else. Databases of SQLite stay as they are: it syncs itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

_DATABASE = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".sqlite-journal")


class Synced:
    """Records of what was synced below a folder.

    Args:
        folder: whose files.
        records: where they are kept: the content of a file as ``<inode>``, the names in a folder as ``<inode>.json``.
    """

    def __init__(self, folder: Path, records: Path) -> None:
        self._folder, self._records = folder, records

    def keep_all(self) -> None:
        """Record all that lies there now, as if it had lain there for long."""
        for parent, _, names in os.walk(self._folder):
            self.keep(Path(parent))
            for name in names:
                self.keep(Path(parent, name))

    def keep(self, path: Path) -> None:
        """Record a file or folder as it is; one of elsewhere is nothing."""
        if not path.is_relative_to(self._folder):
            return
        with open(self._records / "lock", "w") as lock:  # several processes sync the same folder
            fcntl.flock(lock, fcntl.LOCK_EX)
            number = path.stat().st_ino
            if path.is_dir():
                names = {entry.name: (entry.inode(), entry.is_dir()) for entry in os.scandir(path)}
                self._write(f"{number}.json", json.dumps(names).encode())
            else:
                self._write(str(number), path.read_bytes())

    def _write(self, name: str, content: bytes) -> None:
        partial = self._records / "partial"
        partial.write_bytes(content)
        partial.replace(self._records / name)

    def lose_the_rest(self) -> int:
        """Make the folder what a loss of power leaves; the number of files that are not as they were before."""
        before = self._contents()
        databases = {path: path.read_bytes() for path in before if path.name.endswith(_DATABASE)}
        number = self._folder.stat().st_ino
        for entry in list(self._folder.iterdir()):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        self._restore(self._folder, number)
        for path, content in databases.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        after = self._contents()
        return sum(after.get(path) != content for path, content in before.items())

    def _restore(self, folder: Path, number: int) -> None:
        names = self._records / f"{number}.json"
        for name, (inode, is_folder) in json.loads(names.read_text() if names.exists() else "{}").items():
            if is_folder:
                (folder / name).mkdir()
                self._restore(folder / name, inode)
            else:
                content = self._records / str(inode)
                (folder / name).write_bytes(content.read_bytes() if content.exists() else b"")

    def _contents(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self._folder.rglob("*") if path.is_file()}
