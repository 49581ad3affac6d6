"""Writing documents."""
