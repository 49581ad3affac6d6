"""Plain and rich text."""

import codecs
from collections.abc import Callable

from striprtf.striprtf import rtf_to_text

from connote.ingest.attachments.reading import Reading

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_rtf: Callable[..., str] = rtf_to_text
_BLANK = "\t\n\f\r"


def rtf(data: bytes) -> Reading:
    """The text of Rich Text Format."""
    return Reading("application/rtf", _rtf(data.decode("latin-1"), errors="ignore"))


def decoded(data: bytes, charset: str | None = None) -> tuple[str, str] | None:
    """The text and its encoding: the one of its mark, UTF-8, the one it names, or Windows-1252. None for no text."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    for each in [marked] if marked else ["utf-8", charset, "windows-1252"]:
        try:
            text = data.decode(each) if each else None
        except (UnicodeError, LookupError):
            continue
        if text is not None and _is_text(text):
            return text, (each or "").replace("-sig", "")
    return None


def _is_text(text: str) -> bool:
    """Whether it has no control characters but those between lines and columns."""
    return not any(char < " " and char not in _BLANK for char in text)
