"""Where the real records are, for the tests that read them; they are not part of the repository.

REAL_HISTORY_DIR, else the folder `shared/data` beside the checkout.
"""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("REAL_HISTORY_DIR") or Path(__file__).resolve().parents[2] / "shared" / "data")
HISTORY = DATA / "github-incidents-2022-2026.jsonl"
SUMMARIES = [DATA / "github-summary-2019-12-30.json", DATA / "github-summary-2020-04-02.json"]

needs_real_history = pytest.mark.skipif(
    not all(path.exists() for path in (HISTORY, *SUMMARIES)),
    reason=f"the real records are not at hand: not all of them are in {DATA} (set REAL_HISTORY_DIR)",
)
