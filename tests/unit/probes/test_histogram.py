from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.histogram import LAST_BUCKET, bucket_of, decode, encode, middle_of, percentile

counters = st.dictionaries(st.integers(0, LAST_BUCKET), st.integers(1, 10**9)).map(Counter)
latencies = st.floats(0.1, 2_900_000)


@given(counts=counters)
def test_a_histogram_is_read_back_as_it_was_written(counts: Counter[int]) -> None:
    assert decode(encode(counts)) == counts


@given(one=st.lists(latencies, max_size=50), other=st.lists(latencies, max_size=50))
def test_adding_two_histograms_is_the_histogram_of_both(one: list[float], other: list[float]) -> None:
    def of(values: list[float]) -> Counter[int]:
        return Counter(bucket_of(value) for value in values)

    assert decode(encode(of(one))) + decode(encode(of(other))) == of(one + other)


@given(latency=latencies)
def test_a_bucket_is_within_five_per_cent_of_what_it_holds(latency: float) -> None:
    assert middle_of(bucket_of(latency)) == pytest.approx(latency, rel=0.05)


@given(values=st.lists(latencies, min_size=1, max_size=200), share=st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_within_five_per_cent_of_the_true_one(values: list[float], share: float) -> None:
    counts = Counter(bucket_of(value) for value in values)
    ordered = sorted(values)
    true = ordered[-(-len(ordered) * round(share * 100) // 100) - 1]
    assert percentile(counts, share) == pytest.approx(true, rel=0.05)


def test_nothing_has_no_percentile() -> None:
    assert percentile(Counter(), 0.5) is None


@pytest.mark.parametrize(("latency", "bucket"), [(0.0, 0), (-1.0, 0), (0.1, 0), (1e12, LAST_BUCKET)])
def test_what_is_out_of_range_goes_to_the_ends(latency: float, bucket: int) -> None:
    assert bucket_of(latency) == bucket


def test_ten_checks_of_five_minutes_take_some_twenty_bytes() -> None:
    assert len(encode(Counter(bucket_of(latency) for latency in range(10, 20)))) <= 20
