"""What the scripts of token filters see of a token: by name, `token.term`, or as Java has it, `token.getTerm()`.

https://www.elastic.co/docs/reference/scripting-languages/painless/painless-analysis-predicate-context
"""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from connote.ingest.painless.values import Value


class SeenToken(dict[Any, Value]):
    """term, position, positionIncrement, positionLength, startOffset, endOffset, type, keyword."""


OF_TOKENS: Mapping[str, Callable[[SeenToken], Value]] = {
    **{
        f"get{name[0].upper()}{name[1:]}": itemgetter(name)
        for name in ("term", "position", "positionIncrement", "positionLength", "startOffset", "endOffset", "type")
    },
    "isKeyword": itemgetter("keyword"),
}
