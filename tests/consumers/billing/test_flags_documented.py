"""The flags are a closed list, and docs/billing.md has each with its meaning."""

import re
from pathlib import Path

from consumers.billing.sessions.flags import FLAGS

ROOT = Path(__file__).parents[3]


def test_the_page_lists_each_flag_with_its_meaning() -> None:
    page = (ROOT / "docs" / "billing.md").read_text()
    assert all(f"| `{flag}` | {meaning} |" in page for flag, meaning in FLAGS.items())


def test_every_flag_that_the_code_names_is_in_the_list() -> None:
    named = set()
    for path in (ROOT / "consumers" / "billing").rglob("*.py"):
        named |= set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', path.read_text())) & FLAGS.keys()
    assert named == FLAGS.keys()
