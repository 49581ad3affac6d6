"""One file a backend: what runs a graph on a device."""
