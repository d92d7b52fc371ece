"""How text is painted: in colour, or with git's word-diff marks where there is none."""

from __future__ import annotations


class Style:
    """Paints text, or leaves it alone. Where there is no colour, differing words stand in git's word-diff marks."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour
        # How many columns the marks around a differing word take.
        self.mark_width = 0 if colour else len("[--]")

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def bold(self, text: str) -> str:
        """Return a heading."""
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        """Return what stands beside."""
        return self._paint("2", text)

    def good(self, text: str) -> str:
        """Return what is well."""
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        """Return what is not."""
        return self._paint("31", text)

    def removed(self, text: str) -> str:
        """Return a word that only the control has."""
        return self._paint("1;31", text) if self.colour else f"[-{text}-]"

    def added(self, text: str) -> str:
        """Return a word that only the candidate has."""
        return self._paint("1;32", text) if self.colour else f"{{+{text}+}}"
