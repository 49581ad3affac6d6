"""The way out: to third parties, with their pace, faults and streams. It fulfils what flows wish of them."""
