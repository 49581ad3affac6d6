"""Which kind of file some bytes are, by how they begin, and who reads it."""

import re

from connote.ingest.attachments import markup, office, plain
from connote.ingest.attachments.reading import Reading, Unreadable

_HTML = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.{0,5000}?-->\s*)*<(!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(r"\s*<\?xml\b")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(data: bytes, most: int) -> Reading:
    """What is in a file; the text may be longer than the `most` characters that are needed. Raises Unreadable."""
    if is_pdf(data):
        from connote.ingest.attachments import pdf  # noqa: PLC0415 (it takes as long to import as others to be read)

        return pdf.read(data, most)
    if data.startswith(b"{\\rtf"):
        return plain.rtf(data)
    if data.startswith(b"PK\x03\x04"):
        return office.read(data, most)
    if data.startswith(_OLD_OFFICE):
        raise Unreadable("documents of type [application/x-tika-msoffice] are not supported; save it in a newer format")
    return _text(data)


def is_pdf(data: bytes) -> bool:
    """Whether it is PDF, before which there may be something else."""
    return b"%PDF-" in data[:1024]


def _text(data: bytes) -> Reading:
    found = plain.decoded(data, markup.charset(data))
    if found is None:
        return Reading("application/octet-stream")
    text, charset = found
    if _HTML.match(text):
        return markup.html(text)
    if _XML.match(text):
        return markup.xml(data)
    return Reading(f"text/plain; charset={charset.upper() if charset != 'windows-1252' else charset}", text)
