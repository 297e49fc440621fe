"""Check published editions of figures without the register: python3 verify_edition.py FOLDER [HASH]

FOLDER holds what the page of each edition offers: edition-3-proof.txt and, where they are kept, edition-3-figures.json
and edition-3-stations.json. HASH is the hash of the last of them as somebody noted it, on paper or elsewhere; without
it, the hash that is printed has to be compared. Ends with 1 if anything was altered. Needs Python, and nothing else.
"""

import hashlib
import re
import sys
from pathlib import Path


def check(folder: Path, noted: str = "") -> list[str]:
    """What is wrong with the editions in `folder`, in words; the last line of a sound answer is the last hash."""
    problems = []
    numbers = sorted(
        int(found[1])
        for path in folder.iterdir()
        if (found := re.fullmatch(r"edition-(\d+)-proof\.txt", path.name))
    )
    if not numbers:
        return [f"{folder} holds no edition-…-proof.txt"]
    previous: tuple[int, str] | None = None
    for number in numbers:
        proof = (folder / f"edition-{number}-proof.txt").read_bytes()
        lines = proof.split(b"\n")
        if len(lines) not in (9, 11) or lines[2] != str(number).encode():
            problems.append(f"edition {number}: the proof is not one of this edition")
            continue
        parts = [folder / f"edition-{number}-{name}.json" for name in ("figures", "stations")]
        if all(part.exists() for part in parts):
            content = b"\n".join(part.read_bytes() for part in parts)
            if hashlib.sha256(content).hexdigest().encode() != lines[8]:
                problems.append(f"edition {number}: the figures are not those that were hashed")
        if previous and previous[0] == number - 1 and lines[0].decode(errors="replace") != previous[1]:
            problems.append(f"edition {number}: it does not carry the hash of edition {previous[0]}")
        previous = (number, hashlib.sha256(proof).hexdigest())
    if previous and noted and previous[1] != noted:
        problems.append(f"edition {previous[0]}: its hash is not the one that was noted but {previous[1]}")
    if previous and not problems:
        print(f"{len(numbers)} editions hold; the hash of edition {previous[0]} is {previous[1]}")
    return problems


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    found = check(Path(sys.argv[1]), *sys.argv[2:])
    sys.exit("\n".join(found) if found else 0)
