"""Letters in lower and upper case, one code point for one, as Java's `Character` has them."""


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
