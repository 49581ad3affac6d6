"""Functions of texts."""

import base64
import binascii
import hashlib
import urllib.parse

from connote.contract.errors import IllegalArgument
from connote.search.esql.column import Column
from connote.search.esql.functions import patterns
from connote.search.esql.functions.registry import Place, columns, each
from connote.search.esql.running import check_rows

# The longest text that repeating and joining makes.
_LONGEST = 2**20


def _checked(size: int, what: str) -> None:
    if size > _LONGEST:
        raise ValueError(f"Creating {what} strings with more than [{_LONGEST}] bytes is not supported")


@each("string", gives="integer")
def length(text: str) -> int:
    """How many characters it has."""
    return len(text)


@each("string", gives="integer")
def byte_length(text: str) -> int:
    """How many bytes it has in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


@each("string", gives="integer")
def bit_length(text: str) -> int:
    """How many bits it has in UTF-8."""
    return 8 * byte_length(text)


@each("string", "string*", gives="keyword")
def concat(*texts: str) -> str:
    """One behind another."""
    _checked(sum(map(len, texts)), "concatenated")
    return "".join(texts)


@each("string", "whole", "whole?", gives="keyword")
def substring(text: str, start: int, count: int | None = None) -> str:
    """From a place on, the first being 1, or counted from the end; so many characters."""
    if count is not None and count < 0:
        raise ValueError(f"Length parameter cannot be negative, found [{count}]")
    begin = max(start - 1, 0) if start > 0 else max(len(text) + start, 0) if start < 0 else 0
    return text[begin:] if count is None else text[begin : begin + count]


@each("string", "whole", gives="keyword")
def left(text: str, count: int) -> str:
    """The first characters."""
    return text[: max(count, 0)]


@each("string", "whole", gives="keyword")
def right(text: str, count: int) -> str:
    """The last characters."""
    return text[-count:] if count > 0 else ""


@each("string", gives="keyword")
def trim(text: str) -> str:
    """Without blanks around it."""
    return text.strip()


@each("string", gives="keyword")
def ltrim(text: str) -> str:
    """Without blanks before it."""
    return text.lstrip()


@each("string", gives="keyword")
def rtrim(text: str) -> str:
    """Without blanks behind it."""
    return text.rstrip()


@each("string", gives="keyword")
def to_lower(text: str) -> str:
    """In small letters."""
    return text.lower()


@each("string", gives="keyword")
def to_upper(text: str) -> str:
    """In capitals."""
    return text.upper()


@each("string", gives="keyword")
def reverse(text: str) -> str:
    """From its end to its start."""
    return text[::-1]


@each("string", "whole", gives="keyword")
def repeat(text: str, count: int) -> str:
    """So many times."""
    if count < 0:
        raise ValueError(f"Number parameter cannot be negative, found [{count}]")
    _checked(len(text) * count, "repeated")
    return text * count


@each("whole", gives="keyword")
def space(count: int) -> str:
    """So many blanks."""
    return repeat(" ", count)


@each("string", "string", gives="boolean")
def starts_with(text: str, start: str) -> bool:
    """Whether it begins so."""
    return text.startswith(start)


@each("string", "string", gives="boolean")
def ends_with(text: str, end: str) -> bool:
    """Whether it ends so."""
    return text.endswith(end)


@each("string", "string", gives="boolean")
def contains(text: str, part: str) -> bool:
    """Whether that stands in it."""
    return part in text


@each("string", "string", "whole?", gives="integer")
def locate(text: str, part: str, start: int = 1) -> int:
    """Where that stands in it, from 1; 0 if it does not."""
    return text.find(part, max(start - 1, 0)) + 1


@columns("string", "string", gives="keyword")
def split(place: Place, _: int, text: Column, by: Column) -> Column:
    """The parts between the delimiters, which are one character."""
    rows, count = list[list[str]](), 0
    texts, delimiters = text.rows(), by.rows()
    for own, delimiter in zip(texts, delimiters, strict=True):
        if len(own) != 1 or len(delimiter) != 1:
            rows.append([])
            continue
        if len(delimiter[0].encode()) != 1:
            raise IllegalArgument("delimiter must be single byte for now")
        count += own[0].count(delimiter[0]) + 1
        check_rows(count)
        rows.append(own[0].split(delimiter[0]))
        place.running.spend(len(own[0]))
    return Column.of("keyword", rows)


@each("string", "string", "string", gives="keyword")
def replace(text: str, pattern: str, by: str) -> str:
    """With what fits a regular expression replaced; `$1` is what its first group has found."""
    found = patterns.replaced(text, pattern, by, _LONGEST)
    _checked(len(found), "replaced")
    return found


@each("string", gives="keyword")
def to_base64(text: str) -> str:
    """Its bytes as base64."""
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


@each("string", gives="keyword")
def from_base64(text: str) -> str:
    """The text whose bytes these are."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"Illegal base64: {error}") from None


@each("string", gives="keyword")
def url_encode(text: str) -> str:
    """As it stands in the query of an address; a blank is a plus."""
    return urllib.parse.quote_plus(text, safe="*")


@each("string", gives="keyword")
def url_encode_component(text: str) -> str:
    """As it stands in an address; a blank is `%20`."""
    return urllib.parse.quote(text, safe="*")


@each("string", gives="keyword")
def url_decode(text: str) -> str:
    """What stands in an address."""
    return urllib.parse.unquote_plus(text, errors="strict")


_HASHES = {"md5": "md5", "sha1": "sha1", "sha-1": "sha1", "sha-256": "sha256", "sha256": "sha256", "sha-512": "sha512",
           "sha512": "sha512", "sha-224": "sha224", "sha-384": "sha384"}  # fmt: skip


@each("string", "string", gives="keyword", names=["hash"])
def hash_(name: str, text: str) -> str:
    """Its digest by MD5, SHA-1, SHA-256 and so on."""
    if name.lower() not in _HASHES:
        raise ValueError(f"{name} MessageDigest not available")
    return hashlib.new(_HASHES[name.lower()], text.encode(), usedforsecurity=False).hexdigest()


@each("string", gives="keyword")
def md5(text: str) -> str:
    """Its digest by MD5."""
    return hash_("md5", text)


@each("string", gives="keyword")
def sha1(text: str) -> str:
    """Its digest by SHA-1."""
    return hash_("sha1", text)


@each("string", gives="keyword")
def sha256(text: str) -> str:
    """Its digest by SHA-256."""
    return hash_("sha256", text)
