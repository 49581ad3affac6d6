"""Letters of Indian scripts that are written as several characters made one (Lucene's IndicNormalizationFilter).

By chapter 12 of the Unicode standard (https://www.unicode.org/versions/Unicode15.0.0/ch12.pdf) and
http://ldc.upenn.edu/myl/IndianScriptsUnicode.html.
"""

import re
from collections.abc import Iterator

_BLOCKS = {
    "d": 0x0900, "b": 0x0980, "p": 0x0A00, "g": 0x0A80, "o": 0x0B00, "t": 0x0B80, "e": 0x0C00, "k": 0x0C80, "m": 0x0D00
}  # fmt: skip
_JOINER = "FF"
# The parts, "=" what they are together, as offsets in a script's block, and the scripts: Devanagari, Bengali, Punjabi
# (Gurmukhi), Gujarati, Oriya, Tamil, tElugu, Kannada, Malayalam.
_RULES = """
05 3E 45=11 dg|05 3E 46=12 d|05 3E 47=13 dg|05 3E 48=14 dg|05 3E=06 dbpgo|05 45=72 d|05 45=0D g|05 46=04 d|05 47=0F g
05 48=10 pg|05 49=11 dg|05 4A=12 d|05 4B=13 dg|05 4C=14 dpg|06 45=11 dg|06 46=12 d|06 47=13 dg|06 48=14 dg|07 57=08 m
09 41=0A d|09 57=0A tm|0E 46=10 m|0F 45=0D d|0F 46=0E d|0F 47=10 d|0F 57=10 o|12 3E=13 m|12 4C=14 ek|12 55=13 e
12 57=14 tm|13 57=14 o|15 3C=58 d|16 3C=59 dp|17 3C=5A dp|1C 3C=5B dp|21 3C=5C dbo|22 3C=5D dbo|23 4D FF=7A m
24 4D FF=4E b|28 3C=29 d|28 4D FF=7B m|2B 3C=5E dp|2F 3C=5F db|2C 41 41=0B e|30 3C=31 d|30 4D FF=7C m|32 4D FF=7D m
33 3C=34 d|33 4D FF=7E m|35 41=2E e|3E 45=49 dg|3E 46=4A d|3E 47=4B dg|3E 48=4C dg|3F 55=40 k|41 41=42 p|46 3E=4A tm
46 42 55=4B k|46 42=4A k|46 46=48 m|46 55=47 ek|46 56=48 ek|46 57=4C tm|47 3E=4B botm|47 57=4C bo|4A 55=4B k
72 3F=07 p|72 40=08 p|72 47=0F p|73 41=09 p|73 42=0A p|73 4B=13 p
"""


def _composed() -> Iterator[tuple[str, str]]:
    for rule in _RULES.replace("\n", "|").strip("|").split("|"):
        made, scripts = rule.split("=")[1].split()
        for script in scripts:
            base = _BLOCKS[script]
            parts = rule.split("=")[0].split()
            letters = ("\u200d" if part == _JOINER else chr(base + int(part, 16)) for part in parts)
            yield "".join(letters), chr(base + int(made, 16))


_COMPOSED = dict(_composed())
_PARTS = re.compile("|".join(sorted(_COMPOSED, key=len, reverse=True)))


def normal_indic(word: str) -> str:
    """A word of an Indian script with composed letters."""
    return _PARTS.sub(lambda found: _COMPOSED[found[0]], word)
