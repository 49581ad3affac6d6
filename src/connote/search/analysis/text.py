"""Letters in lower and upper case, one code point for one, as Java's `Character` has them, and Java's lengths."""


def lower(text: str) -> str:
    """In lower case; a sigma is no final one, and İ becomes i."""
    if text.isascii():
        return text.lower()
    return "".join([character.lower()[0] for character in text])


def upper(text: str) -> str:
    """In upper case; what would be several letters then, such as ß, stays."""
    if text.isascii():
        return text.upper()
    return "".join([_upper(character) for character in text])


def _upper(character: str) -> str:
    return next((changed for changed in (character.upper(), character.title()) if len(changed) == 1), character)


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
