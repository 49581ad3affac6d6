"""Policies by which indices live: rolled over, merged, closed to writes and deleted as they grow and age."""
