import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.core.identifiers import letters_index, new_public_id, reference_letters


def test_a_public_id_is_twelve_lower_case_letters_and_digits() -> None:
    assert re.fullmatch(r"[a-z0-9]{12}", new_public_id())
    assert len({new_public_id() for _ in range(200)}) == 200


@pytest.mark.parametrize(("index", "letters"), [(0, "a"), (25, "z"), (26, "aa"), (27, "ab"), (701, "zz")])
def test_letters_run_like_the_columns_of_a_spreadsheet(index: int, letters: str) -> None:
    assert reference_letters(index) == letters


@given(st.integers(min_value=0, max_value=10**6))
def test_letters_read_back(index: int) -> None:
    assert letters_index(reference_letters(index)) == index
