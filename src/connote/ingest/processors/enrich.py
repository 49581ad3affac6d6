"""The enrich processor: what a policy's documents tell of a field's value goes into the document.

https://www.elastic.co/docs/reference/enrich-processor/enrich-processor
"""

from connote.contract.errors import IllegalArgument
from connote.ingest.document import Document
from connote.ingest.enrich import Lookup
from connote.ingest.options import Options
from connote.ingest.path import copied
from connote.ingest.pipeline import Step

_MOST_MATCHES = 128
_RELATIONS = ("INTERSECTS", "DISJOINT", "WITHIN", "CONTAINS")


def enrich(options: Options) -> Step:
    """Add what the documents of an enrich policy tell of a value."""
    policy, field, target = options.text("policy_name"), options.field(), options.field("target_field")
    missing, overrides = options.flag("ignore_missing"), options.flag("override", default=True)
    most = options.whole("max_matches", 1)
    if not 1 <= most <= _MOST_MATCHES:
        raise options.failure("max_matches", f"should be between 1 and {_MOST_MATCHES}")
    options.choice("shape_relation", dict.fromkeys(_RELATIONS), "INTERSECTS")

    def lookup() -> Lookup:
        found = options.lookup(policy)
        if found is None:
            raise IllegalArgument(f"no enrich index exists for policy with name [{policy}]")
        return found

    lookup()

    def run(document: Document) -> None:
        value, to = document.read(field(document), missing=missing), target(document)
        if value is None or (not overrides and document.given(to)):
            return
        values = value if isinstance(value, list) else [value]
        if found := lookup().find(values, most):
            document.put(to, copied(dict(found[0]) if most == 1 else [dict(each) for each in found]))

    return run


PROCESSORS = {"enrich": enrich}
