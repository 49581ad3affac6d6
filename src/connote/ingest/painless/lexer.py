"""A script as tokens."""

import re
from typing import NamedTuple

from connote.ingest.painless.fault import Fault


class Token(NamedTuple):
    """`kind` is name, number, string, pattern, sign or end; `at` is its position in the source."""

    kind: str
    text: str
    at: int


_SIGNS = (
    ">>>=", "===", "!==", "==~", ">>>", "<<=", ">>=", "=~", "?.", "?:", "->", "::", "&&", "||", "==", "!=", "<=", ">=",
    "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", *"+-*/%<>=!?:;,.(){}[]&|^~",
)  # fmt: skip
_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<number>0[xX][0-9a-fA-F]+[lL]?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[lLdDfF]?)"
    r"|(?P<name>[A-Za-z_]\w*|\$)"
    r"|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    rf"|(?P<sign>{'|'.join(map(re.escape, _SIGNS))})",
    re.DOTALL | re.ASCII,
)
_PATTERN = re.compile(r"/(?![*/])(?:[^/\\\n]|\\.)+/[a-zA-Z]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
# After these names a slash begins a pattern, since nothing can be divided.
_NO_OPERANDS = {"return", "in", "instanceof", "else", "throw"}


def tokens(source: str) -> list[Token]:
    """The tokens, the last one being the end. Raises Fault for what is none."""
    found, at = list[Token](), 0
    while at < len(source):
        if source[at] == "/" and not _is_operand(found) and (pattern := _PATTERN.match(source, at)):
            found.append(Token("pattern", pattern[0], at))
            at = pattern.end()
            continue
        if source[at] == "." and _is_operand(found):  # `list.0` is no number behind the list
            found.append(Token("sign", ".", at))
            at += 1
            continue
        match = _TOKEN.match(source, at)
        if match is None:
            raise Fault(f"unexpected character [{source[at]}].", at=at)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(source))]


def unquoted(text: str) -> str:
    """The text of a string token."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1], flags=re.DOTALL)


def _is_operand(before: list[Token]) -> bool:
    """Whether the last token is something that can be divided."""
    if not before or before[-1].text in _NO_OPERANDS:
        return False
    return before[-1].kind != "sign" or before[-1].text in (")", "]", "}", "++", "--")
