"""HTTP: routes, media types, errors. No logic."""
