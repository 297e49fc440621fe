"""Cells of files that people open in a spreadsheet: one rule for whatever goes out.

Numbers, offsets from UTC and telephone numbers are left alone: no spreadsheet computes anything else from them, and
whoever reads the file finds -5 and +36 as they are. The rule can be undone, since people send our files back to us.
"""

import re

# What a spreadsheet may take for a formula, the wide forms of East Asian keyboards included; and what begins like one
# and is no more than a number, an offset from UTC or a telephone number.
_FORMULA = re.compile(r"[=+\-@\t\r\n\0＝＋－＠]")
_HARMLESS = re.compile(r"[+-]?[\d.,: ]+")


def quoted(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet could take it for a formula. `unquoted` undoes exactly
    this: of texts that begin with apostrophes of their own, those that would look quoted get one more."""
    return f"'{text}" if _looks_like_a_formula(text) else text


def quoted_cell(value: object) -> str:
    """`value` as the text of a cell, `quoted`; None as an empty one."""
    return "" if value is None else quoted(str(value))


def unquoted(text: str) -> str:
    """`text` as it was before `quoted`."""
    return text[1:] if text.startswith("'") and _looks_like_a_formula(text) else text


def _looks_like_a_formula(text: str) -> bool:
    bare = text.lstrip("'")
    return bool(_FORMULA.match(bare)) and not _HARMLESS.fullmatch(bare)
