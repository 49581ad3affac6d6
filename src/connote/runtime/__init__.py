"""Models on this machine. Needs numpy, tokenizers and a backend; neither the web stack nor a database."""
