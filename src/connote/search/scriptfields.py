"""`script_fields`: values that scripts make of hits.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrieve-selected-fields#script-fields
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import BadQuery, BadScript, IllegalArgument
from connote.ingest.document import plain
from connote.search.engine.segment import Table
from connote.search.query import program
from connote.search.query.body import Body
from connote.search.query.program import Program
from connote.search.query.reader import Reader

# As Elasticsearch's index.max_script_fields.
MOST = 32


@dataclass(frozen=True)
class ScriptField:
    """One of them; with `tolerates` a script that fails gives nothing."""

    script: Any
    tolerates: bool = False

    def values(self, reader: Reader, table: Table, document: int, score: float) -> list[Any] | None:
        """What it gives for a document; None if it failed, and may. Raises BadScript."""
        try:
            found = Program.of(self.script, reader).over(table)(document, score)
        except BadScript:
            if not self.tolerates:
                raise
            return None
        made = plain(found, "[script_fields]")
        return [_written(each) for each in (made if isinstance(made, list) else [made])]


def _written(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """A number that JSON does not have is a text, in Java's words."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def parse(given: Mapping[str, Any]) -> dict[str, ScriptField]:
    """The fields in `{"NAME": {"script": {…}}}`. Raises BadQuery, BadScript, IllegalArgument."""
    if len(given) > MOST:
        raise IllegalArgument(
            f"Trying to retrieve too many script_fields. Must be less than or equal to: [{MOST}] but was "
            f"[{len(given)}]. This limit can be set by changing the [index.max_script_fields] index level setting."
        )
    return {name: _field(name, each) for name, each in given.items()}


def _field(name: str, given: Any) -> ScriptField:  # noqa: ANN401 (JSON)
    if not isinstance(given, Mapping):
        raise BadQuery(f"[script_fields] [{name}] must be an object with a [script]")
    body = Body("script_fields", given)
    script = body.required("script", lambda found: found)
    program.check(script)
    made = ScriptField(script, body.flag("ignore_failure", default=False))
    body.done()
    return made
