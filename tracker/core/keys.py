"""Keys of rows as they come in addresses and forms, where anything may stand in their place."""

# A key is a bigint: whatever is longer is none, and would only be slow to read.
DIGITS = 18


def key_of(text: object) -> int | None:
    """The key that `text` writes, or None if it writes none."""
    text = str(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None
