"""Versions: connote's own, and that of the API which it speaks."""

from importlib.metadata import version

VERSION = version("connote")
VERSION_SPOKEN = "9.5.0"
