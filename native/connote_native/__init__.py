"""The compiled parts of connote, beside this file.

`connote.runtime.backends.native` loads engine.so, `connote.search.engine.native` index.so.
"""
