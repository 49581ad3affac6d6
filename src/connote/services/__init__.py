"""One file a service: a declaration of its settings, and one flow a task."""
