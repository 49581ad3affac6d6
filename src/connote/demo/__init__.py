"""The demonstration: home listings, and searches over them that words alone would fail."""
