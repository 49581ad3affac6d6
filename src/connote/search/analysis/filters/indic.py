"""Stemmers and normal forms of Bengali, Hindi and Telugu, as Lucene has them.

Hindi: A. Ramanathan and D. Rao, "A lightweight stemmer for Hindi", 2003, and L. Larkey and others, "Hindi CLIR in
thirty days", 2003. Bengali: P. Sengupta and B. Chaudhuri, and N. UzZaman and M. Khan, "A double metaphone encoding for
Bangla", 2004.
"""

import re

from connote.search.analysis.filters.endings import cut, endings

_BENGALI = (
    endings(10, "িয়াছিলাম িতেছিলাম িতেছিলেন ইতেছিলেন িয়াছিলেন ইয়াছিলেন", 8),
    endings(9, "িতেছিলি িতেছিলে িয়াছিলা িয়াছিলে িতেছিলা িয়াছিলি য়েদেরকে", 7),
    endings(8, "িতেছিস িতেছেন িয়াছিস িয়াছেন েছিলাম েছিলেন েদেরকে", 6),
    endings(7, "িতেছি িতেছা িতেছে ছিলাম ছিলেন িয়াছি িয়াছা িয়াছে েছিলে েছিলা য়েদের দেরকে", 5),
    endings(6, "িলাম িলেন িতাম িতেন িবেন ছিলি ছিলে ছিলা তেছে িতেছ খানা খানি গুলো গুলি য়েরা েদের", 4),
    endings(
        5,
        "লাম িলি ইলি িলে ইলে লেন িলা ইলা তাম িতি ইতি িতে ইতে তেন িতা িবা ইবা িবি ইবি বেন িবে ইবে ছেন য়োন য়ের েরা দের",
        3,
    ),
    endings(4, "িস েন লি লে লা তি তে তা বি বে বা ছি ছা ছে ুন ুক টা টি নি ের রা কে", 2),
    endings(3, "ি ী া ো ে ব ত", 1),
)


def bengali(word: str) -> str:
    """The stem of a Bengali word."""
    return cut(word, _BENGALI)


_HINDI = (
    endings(7, "ाएंगी ाएंगे ाऊंगी ाऊंगा ाइयाँ ाइयों ाइयां", 5),
    endings(6, "ाएगी ाएगा ाओगी ाओगे एंगी ेंगी एंगे ेंगे ूंगी ूंगा ातीं नाओं नाएं ताओं ताएं ियाँ ियों ियां", 4),
    endings(5, "ाकर ाइए ाईं ाया ेगी ेगा ोगी ोगे ाने ाना ाते ाती ाता तीं ाओं ाएं ुओं ुएं ुआं", 3),
    endings(4, "कर ाओ िए ाई ाए ने नी ना ते ीं ती ता ाँ ां ों ें", 2),
    endings(3, "ो े ू ु ी ि ा", 1),
)


def hindi(word: str) -> str:
    """The stem of a Hindi word."""
    return cut(word, _HINDI)


_TELUGU = (
    endings(6, "ళ్ళు డ్లు", 4),
    endings(4, "డు ము వు లు ని ను చే కై లో ది కి సు వై పై", 2),
    endings(3, "ి ీ ు ూ ె ే ొ ో ా", 1),
)


def telugu(word: str) -> str:
    """The stem of a Telugu word."""
    return cut(word, _TELUGU)


# A dead n is a nasal; nuktas, joiners and viramas go; vowels that are long, short or foreign become one.
_DEAD_N = re.compile("\u0928\u094d")
_HINDI_LETTERS = str.maketrans(
    "\u0901\u0929\u0931\u0934\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f\u0945\u0946\u0949\u094a\u090d\u090e"
    "\u0911\u0912\u0972\u0906\u0908\u090a\u0960\u0961\u0910\u0914\u0940\u0942\u0944\u0963\u0948\u094c",
    "\u0902\u0928\u0930\u0933\u0915\u0916\u0917\u091c\u0921\u0922\u092b\u092f\u0947\u0947\u094b\u094b\u090f\u090f"
    "\u0913\u0913\u0905\u0905\u0907\u0909\u090b\u090c\u090f\u0913\u093f\u0941\u0943\u0962\u0947\u094b",
    "\u093c\u200c\u200d\u094d",
)


def normal_hindi(word: str) -> str:
    """A Hindi word spelt in one way."""
    return _DEAD_N.sub("\u0902", word).translate(_HINDI_LETTERS)


_TELUGU_LETTERS = str.maketrans(
    "\u0c00\u0c01\u0c14\u0c10\u0c06\u0c08\u0c0a\u0c40\u0c42\u0c47\u0c4b",
    "\u0c02\u0c02\u0c13\u0c0f\u0c05\u0c07\u0c09\u0c3f\u0c41\u0c46\u0c4a",
    "\u0c03\u200c\u200d",
)
# Composed after the others were changed.
_TELUGU_PAIRS = {"\u0c46\u0c56": "\ue000", "\u0c12\u0c55": "\ue001", "\u0c12\u0c4c": "\ue002"}
_TELUGU_PAIR = re.compile("|".join(_TELUGU_PAIRS))
_COMPOSED = str.maketrans("\ue000\ue001\ue002", "\u0c48\u0c13\u0c14")


def normal_telugu(word: str) -> str:
    """A Telugu word spelt in one way."""
    marked = _TELUGU_PAIR.sub(lambda found: _TELUGU_PAIRS[found[0]], word)
    return marked.translate(_TELUGU_LETTERS).translate(_COMPOSED)
