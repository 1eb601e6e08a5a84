"""Every dependency has its reason in docs/dependencies.md."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_dependency_has_one_line_of_reason_and_no_other_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.split(r"[~>=<]", requirement)[0] for requirement in wanted]
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| (?!package)(\S+) \| .{10,} \|$", text, flags=re.MULTILINE)
    assert sorted(reasons) == sorted(names)
