"""Files in documents: their text and what they say of themselves, read in a process that can do no harm."""

import base64
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.contract.errors import IllegalArgument
from connote.ingest.attachments import kinds, process
from connote.ingest.attachments.reading import Unreadable
from piped import failure, outcomes, pipeline, through

# The example of the documentation of Elasticsearch.
RTF = base64.b64decode("e1xydGYxXGFuc2kNCkxvcmVtIGlwc3VtIGRvbG9yIHNpdCBhbWV0DQpccGFyIH0=")
OOXML = "application/vnd.openxmlformats-officedocument"
PAGE = (
    '<!DOCTYPE html><html><head><title>A  house</title><meta name="author" content="Ann"><style>p {}</style></head>'
    "<body><h1>By the sea</h1><p>Two <b>bedrooms</b><br>and a <i>porch</i></p><script>no()</script></body></html>"
)


def pdf(*lines: str) -> bytes:
    """A page with these lines, written by hand: https://pdfa.org/resource/pdf-specification-archive/."""
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    page = f"BT /F1 12 Tf 72 720 Td 14 TL {shown} ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(page)}>>stream\n{page}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</Title(A house)/Author(Ann)/Keywords(sea, quiet)/CreationDate(D:20240501120000Z)>>",
    ]
    made, places = "%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer<</Size {count}/Root 1 0 R/Info 6 0 R>>"
    return f"{made}{end}\nstartxref\n{len(made)}\n%%EOF".encode("latin-1")


def encrypted(data: bytes, password: str) -> bytes:
    """The same, which that password opens."""
    writer, made = pypdf.PdfWriter(clone_from=io.BytesIO(data)), io.BytesIO()
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(made)
    return made.getvalue()


def zipped(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


WORD = zipped(
    {
        "word/document.xml": (
            '<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>A house</w:t><w:tab/><w:t>by the sea</w:t></w:r></w:p>'
            "<w:p><w:r><w:t>Two bedrooms</w:t></w:r></w:p></w:body></w:document>"
        ),
        "docProps/core.xml": (
            '<p:coreProperties xmlns:p="p" xmlns:dc="dc"><dc:title>Listing</dc:title><dc:creator>Ann</dc:creator>'
            "</p:coreProperties>"
        ),
    }
)
SLIDES = zipped(
    {
        "ppt/presentation.xml": "<p/>",
        "ppt/slides/slide10.xml": "<a><p><t>The porch</t></p></a>",
        "ppt/slides/slide2.xml": "<a><p><t>The house</t></p></a>",
    }
)
SHEET = zipped(
    {
        "xl/workbook.xml": "<w/>",
        "xl/sharedStrings.xml": "<sst><si><t>rooms</t></si><si><r><t>pri</t></r><r><t>ce</t></r></si></sst>",
        "xl/worksheets/sheet1.xml": (
            '<w><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
            "<row><c><v>3</v></c><c><v>450000</v></c></row></sheetData></w>"
        ),
    }
)
OPEN = zipped(
    {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": '<o xmlns:t="t"><t:p>A <t:span>large</t:span> house</t:p><t:p>by the sea</t:p></o>',
        "meta.xml": '<o xmlns:d="d"><d:title>Listing</d:title></o>',
    }
)
BOOK = zipped(
    {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<c><rootfile full-path="OPS/book.opf"/></c>',
        "OPS/book.opf": (
            '<package><metadata><title>Houses</title></metadata><manifest><item id="a" href="a.xhtml"/>'
            '<item id="b" href="b.xhtml"/></manifest><spine><itemref idref="b"/><itemref idref="a"/></spine></package>'
        ),
        "OPS/a.xhtml": "<html><body><p>The second</p></body></html>",
        "OPS/b.xhtml": "<html><body><p>The first</p></body></html>",
    }
)
FILES = [RTF, pdf("A house", "by the sea"), PAGE.encode(), WORD, SLIDES, SHEET, OPEN, BOOK]


def attached(data: bytes, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """What the processor makes of a file."""
    found = through({"data": base64.b64encode(data).decode()}, {"attachment": {"field": "data", **options}})
    made: dict[str, Any] = found["attachment"]
    return made


@pytest.mark.parametrize(
    ("data", "kind", "content", "about"),
    [
        (RTF, "application/rtf", "Lorem ipsum dolor sit amet", {}),
        (
            pdf("A house", "by the sea"),
            "application/pdf",
            "A house\nby the sea",
            {"title": "A house", "author": "Ann", "keywords": "sea, quiet", "date": "2024-05-01T12:00:00Z"},
        ),
        (PAGE.encode(), "text/html; charset=UTF-8", "By the sea\n\nTwo bedrooms\nand a porch",
         {"title": "A house", "author": "Ann"}),
        (WORD, f"{OOXML}.wordprocessingml.document", "A house\tby the sea\nTwo bedrooms",
         {"title": "Listing", "author": "Ann"}),
        (SLIDES, f"{OOXML}.presentationml.presentation", "The house\n\nThe porch", {}),
        (SHEET, f"{OOXML}.spreadsheetml.sheet", "rooms\tprice\n3\t450000", {}),
        (OPEN, "application/vnd.oasis.opendocument.text", "A large house\nby the sea", {"title": "Listing"}),
        (BOOK, "application/epub+zip", "The first\n\nThe second", {"title": "Houses"}),
        ("ein häuschen".encode(), "text/plain; charset=UTF-8", "ein häuschen", {}),
        ("ein häuschen".encode("latin-1"), "text/plain; charset=windows-1252", "ein häuschen", {}),
        ("ein häuschen".encode("utf-16"), "text/plain; charset=UTF-16", "ein häuschen", {}),
        ('<html><meta charset="latin2">źródło</html>'.encode("latin2"), "text/html; charset=UTF-8", "źródło", {}),
        (b"<?xml version='1.0'?><a>one <b>two</b></a>", "application/xml", "one two", {}),
        (bytes(range(256)), "application/octet-stream", "", {}),
        (b"", "text/plain; charset=UTF-8", "", {}),
    ],
    ids=["rtf", "pdf", "html", "docx", "pptx", "xlsx", "odt", "epub", "utf-8", "latin", "utf-16", "charset", "xml",
         "binary", "empty"],
)  # fmt: skip
def test_a_file_is_read_by_what_is_in_it(data: bytes, kind: str, content: str, about: dict[str, str]) -> None:
    found = attached(data)
    assert found.pop("content_length") >= len(content)
    assert found == {"content_type": kind, "content": content, **about}


def test_a_date_that_is_none_is_left_out() -> None:
    found = attached(pdf("A house").replace(b"D:20240501120000Z", b"D:in the spring x"))
    assert (found["content"], found["title"], "date" in found) == ("A house", "A house", False)


def test_a_pdf_that_no_password_hides_is_read() -> None:
    assert attached(encrypted(pdf("A house"), ""))["content"] == "A house"
    hidden = base64.b64encode(encrypted(pdf("A house"), "secret")).decode()
    told = failure({"data": hidden}, {"attachment": {"field": "data"}})
    assert told.endswith("Error parsing document in field [data]: it is encrypted with a password")


def test_what_is_wanted_may_be_said() -> None:
    assert attached(pdf("A house"), properties=["title", "content_type"]) == {
        "title": "A house", "content_type": "application/pdf",
    }  # fmt: skip
    assert attached(PAGE.encode(), indexed_chars=6)["content"] == "By the"
    source = {"data": base64.b64encode(b"A house").decode(), "most": 1}
    options = {"field": "data", "target_field": "file", "indexed_chars_field": "most", "remove_binary": True}
    found = through(source, {"attachment": options})
    assert found == {
        "most": 1,
        "file": {"content_type": "text/plain; charset=UTF-8", "content": "A", "content_length": 1},
    }
    assert attached(b"x" * 100_001)["content_length"] == 100_000
    assert attached(b"x" * 100_001, indexed_chars=-1)["content_length"] == 100_001


def test_several_files_are_read_one_by_one() -> None:
    files = [{"data": base64.b64encode(each).decode()} for each in (RTF, PAGE.encode())]
    inner = {"attachment": {"field": "_ingest._value.data", "target_field": "_ingest._value.attachment"}}
    found = through({"files": files}, {"foreach": {"field": "files", "processor": inner}})
    assert [each["attachment"]["content_type"] for each in found["files"]] == [
        "application/rtf", "text/html; charset=UTF-8",
    ]  # fmt: skip


def test_a_missing_file_may_be_ignored() -> None:
    assert through({"a": 1}, {"attachment": {"field": "data", "ignore_missing": True}}) == {"a": 1}
    assert "field [data]" in failure({"a": 1}, {"attachment": {"field": "data"}})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.4 nothing", "it is a broken PDF"),
        (b"PK\x03\x04 nothing", "it is a broken zip file"),
        (zipped({"a": "b"}), "documents of type [application/zip] are not supported"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it in a newer format"),
        (b"<?xml version='1.0'?><a>", "it is no well-formed XML"),
        (zipped({"word/document.xml": " " * (130 * 2**20)}), "has more than 134217728 bytes"),
        (
            b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a1 'lol'>"
            + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(2, 10))
            + b"]><a>&a9;</a>",
            "it is no well-formed XML",
        ),
    ],
    ids=["pdf", "zip", "other zip", "old office", "xml", "zip bomb", "entities"],
)
def test_what_cannot_be_read_is_told(data: bytes, why: str) -> None:
    with pytest.raises(IllegalArgument) as refused:
        process.read(data, 1000)
    assert why in refused.value.reason


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"data": "no base64!"}, "it is no Base64"),
        ({"data": 5}, "field [data] is null or of type"),
        ({"data": "", "most": "x"}, "the number of characters to index must be an integer"),
    ],
)
def test_a_document_without_a_file_is_told(source: dict[str, Any], why: str) -> None:
    assert why in failure(source, {"attachment": {"field": "data", "indexed_chars_field": "most"}})


def test_an_option_that_is_none_is_told() -> None:
    with pytest.raises(Exception, match="illegal field option \\[colour\\]"):
        pipeline({"attachment": {"field": "data", "properties": ["colour"]}})


def test_a_file_that_fails_harms_no_other() -> None:
    sources = [{"data": base64.b64encode(each).decode()} for each in (b"%PDF-", b"A house")]
    first, second = outcomes(pipeline({"attachment": {"field": "data"}}), *sources)
    assert "broken PDF" in str(first)
    assert getattr(second, "source")["attachment"]["content"] == "A house"  # noqa: B009


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=300, deadline=None)
def test_a_file_that_was_changed_is_read_or_refused(file: bytes, data: st.DataObject) -> None:
    changed = bytearray(file)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        if not changed:
            return
    try:
        found = kinds.read(bytes(changed), 1000)
    except Unreadable:
        return
    assert isinstance(found.text, str)
