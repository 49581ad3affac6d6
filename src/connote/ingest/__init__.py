"""Ingest pipelines: what is done to documents before they are indexed."""
