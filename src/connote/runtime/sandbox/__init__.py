"""Models that users upload, each in a worker process that can harm nobody."""
