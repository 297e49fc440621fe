"""One thing that is wrong with the history or with what guards it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. Empty parts do not apply; `number` is the entry's place in the chain."""

    reason: str
    number: int | None = None
    table: str = ""
    key: str = ""
    column: str = ""

    def __str__(self) -> str:
        where = [
            f"entry {self.number}" if self.number is not None else "",
            f"table {self.table}" if self.table else "",
            f"row {self.key}" if self.key else "",
            f"column {self.column}" if self.column else "",
        ]
        return f"{', '.join(part for part in where if part) or 'history'}: {self.reason}"

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}
