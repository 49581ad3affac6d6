"""Text analysis: from a text to its terms, as Lucene and Elasticsearch do it. Pure functions of texts and settings."""

from connote.search.analysis.analysis import Analysis
from connote.search.analysis.analyzer import Analyzer
from connote.search.analysis.request import analyze
from connote.search.analysis.rules import SynonymRule, SynonymsSet
from connote.search.analysis.token import Token

__all__ = ["Analysis", "Analyzer", "SynonymRule", "SynonymsSet", "Token", "analyze"]
