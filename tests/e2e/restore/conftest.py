import shutil
from pathlib import Path

import pytest

from tests.e2e.restore.folders import SAMPLE


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A copy of the sample that the test may change."""
    return Path(shutil.copytree(next(p for p in SAMPLE.iterdir() if p.is_dir()), tmp_path / "2025-09-14T06-20-41"))
