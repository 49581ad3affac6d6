"""What a worker refuses."""


class BadArchive(Exception):
    """The upload, for the reason that it says."""


class BadInput(Exception):
    """An input: the model cannot be run on it, or what it gives is not of use."""
