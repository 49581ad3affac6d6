"""The segments that search runs on: immutable arrays of terms, values and vectors, in the way of Lucene.

Parsed fields go in, arrays come out; it knows no JSON, no mapping and no query language. `index.Index` holds the
segments of one index in a folder; they are derived from the documents in the store and may be thrown away.
"""
