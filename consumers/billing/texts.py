"""Texts as OCPI has room for them, and whether anything was lost on the way."""

UNKNOWN = "#NA"
"""What OCPI writes where there is nothing to say (mod_cdrs §10.4.6)."""


class Fitting:
    """Fits texts into their lengths; `is_cut` once one did not fit."""

    def __init__(self) -> None:
        self.is_cut = False

    def text(self, text: str | None, length: int) -> str:
        """A string of OCPI, or what stands for nothing."""
        return self._cut(text, length) if text else UNKNOWN

    def name(self, text: str | None, length: int) -> str:
        """A CiString of OCPI: printable ASCII."""
        if not text:
            return UNKNOWN
        plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
        self.is_cut |= plain != text
        return self._cut(plain, length)

    def _cut(self, text: str, length: int) -> str:
        self.is_cut |= len(text) > length
        return text[:length]
