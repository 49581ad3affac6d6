"""Documents that are zip files of XML: Office Open XML, OpenDocument, EPUB."""

import posixpath
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from xml.etree.ElementTree import Element
from zipfile import BadZipFile, ZipFile

from connote.ingest.attachments import markup
from connote.ingest.attachments.markup import name, text, tree
from connote.ingest.attachments.reading import Reading, Unreadable, joined

_MOST_BYTES = 128 * 2**20  # of one file inside
_MICROSOFT = "application/vnd.openxmlformats-officedocument."
_TOLD = {
    "title": "title", "creator": "author", "initial-creator": "author", "keywords": "keywords", "keyword": "keywords",
    "description": "description", "created": "date", "creation-date": "date", "modified": "modified",
    "lastModifiedBy": "modifier", "publisher": "publisher", "rights": "rights", "source": "source",
    "identifier": "identifier",
}  # fmt: skip
_LINES = {"p": "\n", "h": "\n", "br": "\n", "tab": "\t", "line-break": "\n", "cr": "\n", "s": " ", "tc": "\t",
          "table-cell": "\t"}  # fmt: skip
_NUMBER = re.compile(r"\d+")


def read(data: bytes, most: int) -> Reading:
    """Its text, by what is in it. Raises Unreadable."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            for sign, kind, reader in _READERS:
                if sign in names:
                    return Reading(kind, joined(list(_until(reader(archive), most))), _about(archive, names))
            mimetype = _file(archive, "mimetype").decode("latin-1") if "mimetype" in names else ""
            if mimetype == "application/epub+zip":
                return Reading(mimetype, joined(list(_until(_epub(archive), most))), _about(archive, names))
            if mimetype.startswith("application/vnd.oasis.opendocument.") and "content.xml" in names:
                parts = text(tree(_file(archive, "content.xml")), _LINES)
                return Reading(mimetype, joined(parts), _about(archive, names))
    except (BadZipFile, zlib.error, EOFError, LookupError, OSError, RuntimeError, ValueError, struct.error) as error:
        raise Unreadable(f"it is a broken zip file: {error}") from None
    raise Unreadable("documents of type [application/zip] are not supported")


def _until(parts: Iterator[str], most: int) -> Iterator[str]:
    """The parts, until there is enough."""
    length = 0
    for part in parts:
        yield part
        length += len(part)
        if length > 2 * most:  # blanks go yet
            return


def _file(archive: ZipFile, path: str) -> bytes:
    with archive.open(path) as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise Unreadable(f"[{path[:100]}] in it has more than {_MOST_BYTES} bytes")
    return data


def _paths(archive: ZipFile, pattern: str) -> list[str]:
    """Those that fit, in the order of the numbers in their names."""
    found = [each for each in archive.namelist() if re.fullmatch(pattern, each)]
    return sorted(found, key=lambda path: ([int(each) for each in _NUMBER.findall(path)], path))


def _word(archive: ZipFile) -> Iterator[str]:
    for part in ("header", "document", "footnotes", "endnotes", "footer"):
        for path in _paths(archive, rf"word/{part}\d*\.xml"):
            yield from text(tree(_file(archive, path)), _LINES, only=("t",))


def _slides(archive: ZipFile) -> Iterator[str]:
    for path in [
        *_paths(archive, r"ppt/slides/slide\d+\.xml"),
        *_paths(archive, r"ppt/notesSlides/notesSlide\d+\.xml"),
    ]:
        yield from text(tree(_file(archive, path)), _LINES, only=("t",))
        yield "\n"


def _sheets(archive: ZipFile) -> Iterator[str]:
    """A line a row, with tabs between its cells."""
    shared = list[str]()
    if "xl/sharedStrings.xml" in archive.namelist():
        root = tree(_file(archive, "xl/sharedStrings.xml"))
        shared = ["".join(text(each, {}, only=("t",))) for each in root if name(each) == "si"]
    for path in _paths(archive, r"xl/worksheets/sheet\d+\.xml"):
        for row in (each for each in tree(_file(archive, path)).iter() if name(each) == "row"):
            yield "\t".join(_cell(each, shared) for each in row if name(each) == "c") + "\n"
        yield "\n"


def _cell(cell: Element, shared: list[str]) -> str:
    found = "".join(text(cell, {}, only=("v", "t")))
    if cell.get("t") != "s":
        return found
    return shared[int(found)] if found.isdecimal() and int(found) < len(shared) else ""


def _epub(archive: ZipFile) -> Iterator[str]:
    """Its pages in the order of the book."""
    container = tree(_file(archive, "META-INF/container.xml"))
    package = next((each.get("full-path") for each in container.iter() if name(each) == "rootfile"), None)
    if not package:
        raise Unreadable("it is an EPUB without a package")
    root = tree(_file(archive, package))
    items = {each.get("id"): each.get("href") for each in root.iter() if name(each) == "item"}
    for each in (each for each in root.iter() if name(each) == "itemref"):
        if href := items.get(each.get("idref")):
            page = _file(archive, posixpath.normpath(posixpath.join(posixpath.dirname(package), href)))
            yield markup.html(page.decode("utf-8", "replace")).text + "\n"


def _about(archive: ZipFile, names: list[str]) -> Mapping[str, str]:
    """What it says of itself; the first of several that say the same."""
    told = dict[str, str]()
    paths = [each for each in ("docProps/core.xml", "meta.xml") if each in names] or _paths(archive, r".*\.opf")[:1]
    for path in paths:
        for each in tree(_file(archive, path)).iter():
            value = (each.text or "").strip()
            if value and (known := _TOLD.get(name(each))):
                told.setdefault(known, value)
    return told


_READERS: tuple[tuple[str, str, Callable[[ZipFile], Iterator[str]]], ...] = (
    ("word/document.xml", f"{_MICROSOFT}wordprocessingml.document", _word),
    ("ppt/presentation.xml", f"{_MICROSOFT}presentationml.presentation", _slides),
    ("xl/workbook.xml", f"{_MICROSOFT}spreadsheetml.sheet", _sheets),
)
