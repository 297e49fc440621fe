"""Cells of files that people open in a spreadsheet."""

import re

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def safe_cell(value: object) -> str:
    """`value` as text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = "" if value is None else str(value)
    if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0")) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
