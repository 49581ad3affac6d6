"""The shapes of the wire. Pure: imports nothing of ours and does no I/O."""
