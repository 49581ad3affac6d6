"""Highlighting: which parts of a document's texts made it a hit.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/highlighting
"""

from connote.search.highlight.highlight import shown
from connote.search.highlight.options import FieldOptions, Highlight

__all__ = ["FieldOptions", "Highlight", "shown"]
