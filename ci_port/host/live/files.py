"""What a shell asks of the file system, and of the account database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from ci_port.host.live.speech import Speech


class Files(Speech):
    """Nothing here changes anything."""

    def is_file(self, path: str) -> bool:
        """Return whether the path is a regular file."""
        return os.path.isfile(path)

    def is_dir(self, path: str) -> bool:
        """Return whether the path is a directory."""
        return os.path.isdir(path)

    def exists(self, path: str) -> bool:
        """Return whether something is at the path."""
        return os.path.exists(path)

    def is_link(self, path: str) -> bool:
        """Return whether the path is a symbolic link."""
        return os.path.islink(path)

    def is_executable(self, path: str) -> bool:
        """Return whether the path is a file that can be executed."""
        return os.path.isfile(path) and os.access(path, os.X_OK)

    def command(self, name: str, paths: Sequence[str]) -> int | None:
        """Return the first of the paths that can be executed."""
        del name
        return next((number for number, path in enumerate(paths) if self.is_executable(path)), None)

    def read(self, path: str) -> str | None:
        """Return the content of a file; None if it cannot be read."""
        try:
            with open(path, "rb") as file:
                return os.fsdecode(file.read())
        except OSError as error:
            self._complain(f"{path}: {error.strerror}")
            return None

    def names(self, directory: str) -> Iterable[str]:
        """Return the names in a directory."""
        try:
            return os.listdir(directory)
        except OSError:
            return ()

    def resolve(self, path: str) -> str | None:
        """Return the physical path, as `realpath` prints it."""
        try:
            above = os.path.realpath(os.path.dirname(path.rstrip("/")) or "/", strict=True)
            resolved = os.path.realpath(os.path.join(above, os.path.basename(path.rstrip("/"))))
            os.path.realpath(os.path.dirname(resolved), strict=True)
        except OSError as error:
            self._complain(f"realpath: {path}: {error.strerror}")
            return None
        return resolved

    def home(self) -> str:
        """Return the user's home directory from the account database."""
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return "/"
