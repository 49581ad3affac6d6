"""Names of indices with dates in them: `<logs-{now/d}>`.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/api-conventions#api-date-math-index-names
"""

import re
from datetime import UTC, datetime

from connote.contract import dates
from connote.contract.errors import ParseFailed

_FORMAT = "yyyy.MM.dd"
# Literal characters, those after a backslash, or `{maths}`, `{maths{format}}`, `{maths{format|zone}}`.
_PIECE = re.compile(
    r"(?P<literal>[^\\{}])|\\(?P<escaped>.)|\{(?P<maths>[^{}]+)(?:\{(?P<format>[^{}|]+)(?:\|(?P<zone>[^{}]+))?\})?\}"
)


def resolved(expression: str, now: datetime | None = None) -> str:
    """The expression with each of its names in angle brackets as of `now`. Raises ParseFailed, IllegalArgument."""
    return ",".join(_named(part, now) for part in expression.split(","))


def _named(part: str, now: datetime | None) -> str:
    sign = "-" if part.startswith("-<") else ""
    name = part.removeprefix(sign)
    if not (name.startswith("<") and name.endswith(">")):
        return part
    at, found = 1, sign
    while at < len(name) - 1:
        piece = _PIECE.match(name, at, len(name) - 1)
        if piece is None:
            raise ParseFailed(f"invalid dynamic name expression [{name[1:-1]}] at position [{at - 1}]")
        found += piece["literal"] or piece["escaped"] or _date(piece, now)
        at = piece.end()
    return found


def _date(piece: re.Match[str], now: datetime | None) -> str:
    zone = dates.zone_of(piece["zone"]) if piece["zone"] else UTC
    form = piece["format"] or _FORMAT
    # A date before the maths may stand as the name is to have it.
    moment = dates.maths(piece["maths"], f"{form}||{dates.DEFAULT}", now=now, zone=zone)
    return dates.render(moment, form, zone)
