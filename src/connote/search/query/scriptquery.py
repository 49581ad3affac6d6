"""The query `script`: documents of which a script says so.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-script-query
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Segment, Table
from connote.search.query import program
from connote.search.query.body import Body
from connote.search.query.program import Program
from connote.search.query.query import Constant, Query, Weight
from connote.search.query.reader import Reader

_NAMES = ("params", "doc")


@dataclass(frozen=True, kw_only=True)
class ScriptQuery(Query):
    """All that the script gives `true` for."""

    script: Any

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"script": {"source": "doc['price'].value < params.most", "params": {…}}}`. Raises BadScript, BadQuery."""
        body = Body("script", given)
        script = body.required("script", lambda found: found)
        program.check(script, _NAMES)
        made = cls(script=script, **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """With the script on the index's fields."""
        own = Program.of(self.script, reader, _NAMES)
        return Constant(lambda table: _found(own, table), self.boost, "ScriptQuery")


def _found(own: Program, table: Table) -> Mask:
    wanted = table.live if isinstance(table, Segment) else np.ones(table.size, dtype=np.bool_)
    mask = np.zeros(table.size, dtype=np.bool_)
    run = own.over(table)
    for at in np.flatnonzero(wanted).tolist():
        found = run(at)
        if not isinstance(found, bool):
            raise IllegalArgument(f"a script query must give a boolean, not [{found}]")
        mask[at] = found
    return mask
