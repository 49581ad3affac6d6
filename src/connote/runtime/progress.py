"""Progress of a pull, as log lines."""

import logging

from connote.runtime.sources import Progress

log = logging.getLogger("connote.runtime.progress")


def logged(model: str) -> Progress:
    """A progress callback that logs every tenth of each file of a model."""
    last: dict[str, int] = {}

    def report(file: str, done: int, total: int | None) -> None:
        tenth = 10 * done // total if total else done // 10_000_000
        if last.get(file) != tenth:
            last[file] = tenth
            log.info("pulling %s: %s %.1f of %s MB", model, file, done / 1e6, f"{total / 1e6:.1f}" if total else "?")

    return report
