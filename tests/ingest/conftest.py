from pathlib import Path

import pytest

from tests.ingest.folders import copy_of_az2024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the real election, to be spoilt."""
    return copy_of_az2024(tmp_path)
