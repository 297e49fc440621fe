"""Cells of files that people open in a spreadsheet."""

import re

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def safe_cell(value: object) -> str:
    """`value` as text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = "" if value is None else str(value)
    if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0")) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


# What a spreadsheet may take for a formula, the wide forms of East Asian keyboards included; and what begins like one
# and is no more than a number, an offset from UTC or a telephone number.
_FORMULA = re.compile(r"[=+\-@\t\r\n\0＝＋－＠]")
_HARMLESS = re.compile(r"[+-]?[\d.,: ]+")


def quoted(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet could take it for a formula. `unquoted` undoes exactly
    this: of texts that begin with apostrophes of their own, those that would look quoted get one more."""
    return f"'{text}" if _looks_like_a_formula(text) else text


def unquoted(text: str) -> str:
    """`text` as it was before `quoted`."""
    return text[1:] if text.startswith("'") and _looks_like_a_formula(text) else text


def _looks_like_a_formula(text: str) -> bool:
    bare = text.lstrip("'")
    return bool(_FORMULA.match(bare)) and not _HARMLESS.fullmatch(bare)
