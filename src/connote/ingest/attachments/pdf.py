"""PDF."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from io import BytesIO

from pypdf import DocumentInformation, PdfReader
from pypdf.errors import PyPdfError

from connote.ingest.attachments.reading import Reading, Unreadable

_NAMES = {"title": "title", "author": "author", "keywords": "keywords", "creator": "creator_tool",
          "subject": "description"}  # fmt: skip
_DATES = {"creation_date": "date", "modification_date": "modified"}
KIND = "application/pdf"


def read(data: bytes, most: int) -> Reading:
    """The text of its pages, until there is enough. Raises Unreadable."""
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is encrypted with a password")
        texts, length = list[str](), 0
        for page in reader.pages:
            texts.append(page.extract_text())
            length += len(texts[-1]) + 1
            if length > most:
                break
        return Reading(KIND, "\n".join(texts), _about(reader.metadata))
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # pypdf meets what a broken file leads it to: https://pypdf.readthedocs.io/en/stable/user/robustness.html
        raise Unreadable(f"it is a broken PDF: {error}") from None


def _about(found: DocumentInformation | None) -> Mapping[str, str]:
    """What the file says of itself, as far as it can be read: dates often cannot."""
    told = {to: str(value) for name, to in _NAMES.items() if (value := _said(found, name))}
    dates = {to: value for name, to in _DATES.items() if isinstance(value := _said(found, name), datetime)}
    return told | {name: value.isoformat().replace("+00:00", "Z") for name, value in dates.items()}


def _said(found: DocumentInformation | None, name: str) -> object:
    with suppress(PyPdfError, AttributeError, LookupError, TypeError, ValueError):
        return getattr(found, name)
    return None
