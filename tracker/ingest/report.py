"""What a load did, and how people read it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

OUTCOMES = ("created", "updated", "unchanged", "kept by hand", "deleted by hand")


@dataclass
class Report:
    """What a load did. `counts`: outcomes by label of the kind; `kept`, `deleted`, `gone`: sentences."""

    dataset: str
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    absent_files: list[str] = field(default_factory=list)

    def total(self) -> Counter[str]:
        """Outcomes over all kinds."""
        return sum(self.counts.values(), Counter())


def report_lines(report: Report) -> Iterable[str]:
    """The report as people read it: a table by kind with a total, then what a person should look at."""
    width = max(len(label) for label in [*report.counts, "total"])
    yield f"{report.dataset:<{width}}" + "".join(f"{outcome:>17}" for outcome in OUTCOMES)
    for label, counts in [*report.counts.items(), ("total", report.total())]:
        yield f"{label:<{width}}" + "".join(f"{counts[outcome]:>17}" for outcome in OUTCOMES)
    for title, lines in (
        ("files that are not there", report.absent_files),
        ("entered by hand before, now kept up with the files", report.adopted),
        ("kept by hand: the file has changed, and so has a person", report.kept),
        ("deleted by hand, not made again", report.deleted),
        ("no longer in the files, still in the register", report.gone),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines)
