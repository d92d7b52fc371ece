"""ci_port: show that a bash CI script and its Python port would run the same commands."""

__version__ = "0.1.0"
