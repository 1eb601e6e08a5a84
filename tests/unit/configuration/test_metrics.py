"""`[[metrics]]`: read whole, applied once."""

import pytest
from django.core.management.base import CommandError

from probes.enums import MetricKind
from probes.models import Metric, MetricPoint
from statuspage.core.tokens import hash_token

from .conftest import Load

TOKEN = "0123456789abcdef"
SHORT = f'[[metrics]]\nkey = "online_now"\nname = "Online now"\ntoken = "{TOKEN}"\n'
LONG = f"""\
[[metrics]]
key = "messages_last_24h"
name = "Messages"
unit = "messages"
kind = "counter_24h"
snapshot = false
chart = false
stale_after = "1h"
token = "{TOKEN}"
"""


def test_a_metric_is_written_with_what_the_file_leaves_out(load: Load) -> None:
    assert "+ metric online_now\n" in load(SHORT)
    row = Metric.objects.get()
    assert (row.name, row.unit, row.kind, row.in_snapshot, row.has_chart) == ("Online now", "", "gauge", True, True)
    assert row.stale_after.total_seconds() == 900
    assert row.token_hash == hash_token(TOKEN)


def test_every_key_is_read(load: Load) -> None:
    load(SHORT + LONG)
    row = Metric.objects.get(key="messages_last_24h")
    assert (row.unit, row.kind, row.in_snapshot, row.has_chart) == ("messages", MetricKind.COUNTER_24H, False, False)
    assert (row.stale_after.total_seconds(), row.position) == (3600, 1)


def test_the_same_file_again_changes_nothing(load: Load) -> None:
    load(SHORT + LONG)
    assert load(SHORT + LONG).startswith("Nothing to change.")


def test_what_differs_is_said_without_the_token(load: Load) -> None:
    load(SHORT)
    said = load(SHORT.replace('"Online now"', '"Online"').replace(TOKEN, "f" * 16))
    assert '~ metric online_now: name "Online now" → "Online", token "as it was" → "another one"\n' in said
    assert Metric.objects.get().token_hash == hash_token("f" * 16)
    assert TOKEN not in said
    assert "f" * 16 not in said


def test_a_token_may_stand_in_the_environment(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)
    load(SHORT.replace(TOKEN, "${METRICS_TOKEN}"))
    assert Metric.objects.get().token_hash == hash_token(TOKEN)


def test_what_the_file_does_not_have_stays_until_it_is_pruned_and_comes_back_with_its_numbers(load: Load) -> None:
    load(SHORT)
    MetricPoint.objects.create(metric=Metric.objects.get(), minute=1, value=1)
    assert "metric online_now is not in the file\n" in load("[page]\n")
    assert "- metric online_now" in load("[page]\n", prune=True)
    assert not Metric.objects.active().exists()
    assert "+ metric online_now (it was retired and is back)" in load(SHORT)
    assert MetricPoint.objects.filter(metric__in=Metric.objects.active()).count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SHORT.replace("online_now", "Online now"), r'metrics\[0\].key is "Online now"; expected 1 to 64 lower-case'),
        (SHORT.replace('key = "online_now"\n', ""), r"metrics\[0\].key is missing"),
        (SHORT.replace('name = "Online now"\n', ""), r"metrics\[0\].name is missing"),
        (SHORT.replace(f'token = "{TOKEN}"\n', ""), r"metrics\[0\].token is missing"),
        (SHORT.replace(TOKEN, "short"), r'metrics\[0\].token is "\(hidden\)"; expected at least 16 letters'),
        (
            SHORT.replace(TOKEN, "${NOT_SET_ANYWHERE}"),
            r"token is \"\(hidden\)\"; expected the environment variable NOT_SET_ANYWHERE to be set\.",
        ),
        (SHORT + 'kind = "counter"', r"metrics\[0\].kind is \"counter\"; expected one of gauge, counter_24h"),
        (SHORT + 'snapshot = "yes"', r"metrics\[0\].snapshot is \"yes\"; expected true or false"),
        (SHORT + 'stale_after = "1s"', r"metrics\[0\].stale_after is \"1s\"; expected a duration from 1m to 7d"),
        (SHORT + "charts = true", r"metrics\[0\].charts is not a key here \(did you mean chart\?\)"),
        (SHORT + SHORT, r"metrics\[1\].key is \"online_now\"; expected a key of its own: metrics\[0\] has this one"),
        (SHORT * 25, "expected at most 24"),
        ("metrics = 3", r"metrics is 3; expected a list of tables, each written \[\[metrics\]\]"),
    ],
)
def test_what_is_wrong_is_named(load: Load, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        load(text)
    assert not Metric.objects.exists()


def test_a_refused_token_is_not_shown(load: Load) -> None:
    with pytest.raises(CommandError) as refusal:
        load(SHORT.replace(TOKEN, "secret but wrong"))
    assert "secret but wrong" not in str(refusal.value)


def test_a_metric_that_is_retired_is_not_retired_again(load: Load) -> None:
    load(SHORT + LONG)
    load(SHORT, prune=True)
    retired_at = Metric.objects.get(key="messages_last_24h").retired_at
    assert "messages_last_24h" not in load(SHORT, prune=True)
    assert Metric.objects.get(key="messages_last_24h").retired_at == retired_at
