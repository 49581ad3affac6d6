"""The query language: parsed into nodes, rewritten where inference is needed, weighed, and run over segments."""
