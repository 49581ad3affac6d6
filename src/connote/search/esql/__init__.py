"""ES|QL: a language of piped commands over tables, which are columns of typed values.

https://www.elastic.co/docs/reference/query-languages/esql
"""
