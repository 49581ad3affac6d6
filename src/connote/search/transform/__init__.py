"""Transforms: indices whose documents are made of the documents of others, by groups or as the latest of each."""
