"""What scripts make of the documents: scripted_metric.

https://www.elastic.co/docs/reference/aggregations/search-aggregations-metrics-scripted-metric-aggregation
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from connote.contract.errors import IllegalArgument
from connote.ingest.document import plain
from connote.ingest.painless import Script
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.collect import Seen
from connote.search.query.program import NAMES, Program
from connote.search.write.script import read

# What each of the scripts sees beside `params`.
_SEEN = {"init_script": ("state",), "combine_script": ("state",), "reduce_script": ("states",)}
_MAP = (*NAMES, "state")


@dataclass(frozen=True, kw_only=True)
class ScriptedMetric(Agg):
    """Each index makes a `state` of its documents, and one script a value of all of them."""

    scripts: Mapping[str, tuple[Script, dict[str, Any]]]

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """Four scripts, of which the first need not be there, and the `params` of all.

        Raises BadScript, IllegalArgument, Unparsable.
        """
        params, scripts = body.object("params") or {}, dict[str, tuple[Script, dict[str, Any]]]()
        for name in ("init_script", "map_script", "combine_script", "reduce_script"):
            given = body.raw(name)
            if given is None and name != "init_script":
                first, _, second = name.partition("_")
                raise IllegalArgument(f"[{first}{second.capitalize()}] must not be null: [{body.kind}]")
            if given is not None:
                script, own = read(given, _MAP if name == "map_script" else ("params", *_SEEN[name]))
                scripts[name] = script, {**params, **own}
        return {"scripts": scripts}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:  # noqa: ARG002
        """The value that the last script gives, which must be JSON. Raises BadScript, IllegalArgument."""
        seen = {id(part.seen): part.seen for part in parts}
        states = [self._state(each, [part for part in parts if part.seen is each]) for each in seen.values()]
        found = self._given("reduce_script", states=states)
        return {"value": plain(found, f"[{self.name}] of [{self.kind}]")}

    def _state(self, seen: Seen, parts: Sequence[Rows]) -> Any:  # noqa: ANN401
        """What the scripts make of an index."""
        state = dict[str, Any]()
        if "init_script" in self.scripts:
            self._given("init_script", state=state)
        for part in parts:
            reader = seen.reader if part.path is None else seen.reader.inside(part.path)
            program = Program(*self.scripts["map_script"], reader)
            run, points = program.over(part.table, state=state), part.hits.points()
            for at, document in zip(part.numbers.tolist(), part.documents.tolist(), strict=True):
                run(at, float(points[document]))
        return self._given("combine_script", state=state)

    def _given(self, name: str, **values: Any) -> Any:  # noqa: ANN401
        script, params = self.scripts[name]
        return script.run(params=params, **values)
