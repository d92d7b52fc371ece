"""`python -m ci_port`: the command line."""

from ci_port.cli import entry

if __name__ == "__main__":
    entry()
