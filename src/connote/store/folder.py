"""The data folder: whose it is, and where its server listens."""

from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from connote.contract.errors import Conflict, Unavailable


class DataFolder:
    """Held by one process at a time: a second one is refused with the address of the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._address = path / "server.url"

    def __enter__(self) -> Self:
        """Make the folder if need be, and take it. Raises Conflict if another process has it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / "connote.lock", timeout=0)
            self._lock.acquire()
        except Timeout:
            where = f", which serves at {url}" if (url := self.server()) else ""
            raise Conflict(f"the data folder {self.path} is in use by another connote{where}") from None
        except OSError as error:
            raise Unavailable(f"the data folder {self.path} cannot be used: {error.strerror or error}") from None
        self._address.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go."""
        self._address.unlink(missing_ok=True)
        self._lock.release()

    def announce(self, url: str) -> None:
        """Write down where the server of this folder listens."""
        self._address.write_text(url)

    def server(self) -> str | None:
        """Where the server of this folder listens; None if no process has the folder."""
        try:
            with FileLock(self.path / "connote.lock", timeout=0):
                return None  # what is written there is of a server that died
        except Timeout:
            return self._address.read_text() if self._address.exists() else None
        except OSError:
            return None
