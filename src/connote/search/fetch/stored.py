"""`stored_fields`: a document's values of the fields that are mapped with `store`.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrieve-selected-fields#stored-fields
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connote.search.fetch.fields import Wanted, values
from connote.search.mapping.field import Field
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.names import fits


def stored(wanted: Sequence[str], source: Mapping[str, Any], mapping: Fields) -> dict[str, list[Any]]:
    """The values of stored fields with these names or patterns, as lists; names of other fields say nothing.

    Values are taken from the document, which is kept whole; of nested objects there are none, as in Elasticsearch.
    """
    names = [name for name, field in mapping.fields.items() if _is_stored(field, mapping)]
    return values([Wanted(name) for name in names if any(fits(name, each) for each in wanted)], source, mapping)


def _is_stored(field: Field, mapping: Fields) -> bool:
    return "store" in field.params and bool(field["store"]) and mapping.nested_above(field.name) is None
