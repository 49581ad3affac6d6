"""Trained models: those that users bring, those of the catalog, and the deployments that serve them."""
