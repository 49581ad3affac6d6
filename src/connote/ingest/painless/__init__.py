"""A small safe subset of Painless, Elasticsearch's scripting language: parsed to closures, with bounded time and size.

https://www.elastic.co/docs/explore-analyze/scripting/modules-scripting-painless
"""

from connote.ingest.painless.kept import Kept
from connote.ingest.painless.script import Script, compiled

__all__ = ["Kept", "Script", "compiled"]
