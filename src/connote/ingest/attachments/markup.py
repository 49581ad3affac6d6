"""HTML and XML."""

import re
from collections.abc import Container, Mapping
from html.parser import HTMLParser
from xml.etree import ElementTree

from connote.ingest.attachments.reading import Reading, Unreadable, joined

_HIDDEN = ("script", "style", "template", "noscript")
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "nav", "ol", "option", "p", "pre", "section", "table", "tr", "ul",
)  # fmt: skip
_NAMES = {"author": "author", "keywords": "keywords", "description": "description", "date": "date"}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


def html(text: str) -> Reading:
    """The text of the body, with a line for each block; `title` and what `meta` elements tell."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    title = " ".join("".join(parser.title).split())
    about = {**({"title": title} if title else {}), **parser.about}
    return Reading("text/html; charset=UTF-8", joined(parser.parts), about)


def charset(data: bytes) -> str | None:
    """The encoding that a page of HTML names itself."""
    found = _CHARSET.search(data[:2048])
    return found[1].decode("ascii") if found else None


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts, self.title, self.about = list[str](), list[str](), dict[str, str]()
        self._hidden, self._in_title = 0, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append("\t")
        elif tag == "meta":
            given = dict(attrs)
            name, content = _NAMES.get((given.get("name") or "").lower()), given.get("content")
            if name and content:
                self.about[name] = content
        self._hidden += tag in _HIDDEN
        self._in_title = tag == "title"

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def xml(data: bytes) -> Reading:
    """All text between the tags."""
    return Reading("application/xml", joined(text(tree(data), {})))


def tree(data: bytes) -> ElementTree.Element:
    """The root of XML. Raises Unreadable."""
    try:
        return ElementTree.fromstring(data)  # noqa: S314 (expat bounds what entities come to, and the process is confined)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"it is no well-formed XML: {error}") from None


def text(root: ElementTree.Element, marks: Mapping[str, str], only: Container[str] | None = None) -> list[str]:
    """The text of all elements, or of those of some names; behind elements that have `marks` stand these."""
    found, left = list[str](), [(root, False)]
    while left:
        element, is_over = left.pop()
        own = name(element)
        if is_over:
            found += [marks.get(own, ""), (element.tail or "") if only is None else ""]
            continue
        if only is None or own in only:
            found.append(element.text or "")
        left.append((element, True))
        left += [(each, False) for each in reversed(element)]
    return found


def name(element: ElementTree.Element) -> str:
    """Its name without the namespace."""
    return element.tag.rpartition("}")[2]
