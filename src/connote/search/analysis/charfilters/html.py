"""Text without its HTML, as Lucene strips it: tags that break a line become one, the others nothing."""

import re
from collections.abc import Collection
from html.entities import name2codepoint

from connote.search.analysis.charfilters.corrections import Rewriting
from connote.search.analysis.component import CharFilter, Filtered

_INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "basefont", "bdo", "big", "cite", "code", "dfn", "em", "font", "i", "img", "input",
        "kbd", "label", "q", "s", "samp", "select", "small", "span", "strike", "strong", "sub", "sup", "textarea", "tt",
        "u", "var",
    )
)  # fmt: skip
_ENTITIES = {name: chr(point) for name, point in name2codepoint.items()}
_ENTITIES |= {"AMP": "&", "COPY": "©", "GT": ">", "LT": "<", "QUOT": '"', "REG": "®", "apos": "'", "nbsp": " "}

# A quoted value may hold anything; outside of quotes a tag holds no `<`, so each is given up at the next one.
_ATTRIBUTES = r"""(?:(?:[\s/](?:"[^"]*"|'[^']*'|[^"'<>])*+)?>|\Z)"""
_MARKUP = re.compile(
    rf"""
    (?P<script><\s*(?P<name>script|style)(?:\s[^>]*)?(?<!/)>.*?(?:</\s*(?P=name)\s*>|\Z))
    |(?P<nothing><!--.*?(?:-->|\Z)|<\?(?!\s).*?(?:\?>|>|\Z)|<!(?!\[CDATA\[)[^>]*>)
    |<!\[CDATA\[(?P<data>.*?)(?:\]\]>|\Z)
    |<\s*(?P<closes>/?)\s*(?P<tag>[^\W\d][\w.:-]*){_ATTRIBUTES}
    |&(?:\#(?P<decimal>[0-9]{{1,7}})|\#[xX](?P<hex>[0-9a-fA-F]{{1,6}})|(?P<entity>[A-Za-z][A-Za-z0-9]*));
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


class HtmlStrip(CharFilter):
    """Strips tags, comments, scripts and styles, and reads entities; `escaped` tags stay."""

    def __init__(self, escaped: Collection[str] = ()) -> None:
        self.escaped = frozenset(tag.lower() for tag in escaped)

    def apply(self, text: str) -> Filtered:
        """The text alone."""
        written, last = Rewriting(), 0
        for found in _MARKUP.finditer(text):
            written.keep(text[last : found.start()])
            last = found.end()
            if found["data"] is not None:
                written.replace(found.start("data") - found.start(), "")
                written.keep(found["data"])
                written.replace(found.end() - found.end("data"), "")
            else:
                written.replace(len(found[0]), self._replacement(found))
        written.keep(text[last:])
        return written.done()

    def _replacement(self, found: re.Match[str]) -> str:
        if found.end() == len(found.string) and found[0][-1] not in ">;":
            return ""  # the text ends within it
        if found["script"] is not None:
            return "\n"
        if (tag := found["tag"]) is not None and tag.lower() in self.escaped:
            return found[0]
        if tag is not None:
            return "" if tag.lower() in _INLINE else "\n"
        if (name := found["entity"]) is not None:
            return _ENTITIES.get(name, found[0])
        return _character(found)


def _character(found: re.Match[str]) -> str:
    """The character that a number stands for; nothing for a comment, which has none."""
    if not (found["decimal"] or found["hex"]):
        return ""
    point = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
    if point > 0x10FFFF:
        return found[0]
    return "\ufffd" if 0xD800 <= point < 0xE000 else chr(point)
