"""The process that reads a file: `python -m connote.ingest.attachments.worker MOST`, with the file as standard input.

It takes from itself what could harm others before it looks at the file, and writes what it has read as JSON.
"""

import codecs
import importlib
import json
import pkgutil
import resource
import sys
import time
from contextlib import suppress

from connote.ingest.attachments import kinds, markup
from connote.ingest.attachments.reading import SECONDS, Unreadable
from connote.runtime.sandbox import confinement

_MEMORY = 2**30
# Encodings of rich text, of fonts in PDF, and of the names in zip files; a page of HTML names its own.
_CODECS = (
    "cp437", "cp850", "cp852", "cp866", "cp874", "cp932", "cp936", "cp949", "cp950", "cp1250", "cp1251", "cp1252",
    "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "big5", "euc_kr", "gb18030", "gbk", "shift_jis",
    "mac_roman", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-be",
)  # fmt: skip


def main(most: int) -> None:
    """Read at most so many characters."""
    data = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    _prepare(markup.charset(data))
    if kinds.is_pdf(data):
        _prepare_pdf()
    if confinement.is_possible():
        confinement.confine(_MEMORY)
    try:
        found = kinds.read(data, most)
    except (Unreadable, MemoryError, RecursionError, OSError, ImportError) as error:
        print(json.dumps({"why": str(error) or type(error).__name__}))
        return
    about = {name: value[:most] for name, value in found.about.items()}
    print(json.dumps({"kind": found.kind, "text": found.text[:most], "about": about}))


def _prepare(charset: str | None) -> None:
    """Import all that may be needed: once confined, nothing can be."""
    for each in (*_CODECS, charset or ""):
        with suppress(LookupError, ValueError):
            codecs.lookup(each)


def _prepare_pdf() -> None:
    import pypdf  # noqa: PLC0415

    from connote.ingest.attachments import pdf  # noqa: F401, PLC0415

    time.strptime("2000", "%Y")  # which imports a module when it is first called
    for module in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
        with suppress(ImportError):
            importlib.import_module(module.name)


if __name__ == "__main__":
    main(int(sys.argv[1]))
