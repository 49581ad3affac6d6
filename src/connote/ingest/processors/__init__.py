"""The processors: each is a function that reads its options and gives what is done to a document."""
