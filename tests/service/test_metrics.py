"""What the message path counted with plain integers is what Prometheus reads."""

import gc
import timeit

import pytest
from prometheus_client import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service.counters import Counter, Family, Histogram
from service.metrics import Metrics, registry_of


def scraped(metrics: Metrics) -> dict[str, Metric]:
    text = generate_latest(registry_of(metrics)).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def samples_of(metric: Metric) -> dict[tuple[str, tuple[str, ...]], float]:
    return {(sample.name, tuple(sample.labels.values())): sample.value for sample in metric.samples}


def test_counters_are_read_at_scrape() -> None:
    metrics = Metrics("shop")
    sold = metrics.counters("sold_total", "Loaves.", {"bread": ("rye", "wheat"), "paid": ("cash", "other")})
    opened = metrics.counter("opened_total", "Doors.")
    sold.at("rye", "cash").n += 1
    sold.at("rye", "card").n += 2  # not in the closed set of a label that has `other`
    opened.n += 3
    found = scraped(metrics)
    assert found["shop_sold"].type == "counter"
    assert samples_of(found["shop_sold"]) == {
        ("shop_sold_total", ("rye", "cash")): 1,
        ("shop_sold_total", ("rye", "other")): 2,
        ("shop_sold_total", ("wheat", "cash")): 0,
        ("shop_sold_total", ("wheat", "other")): 0,
    }
    assert samples_of(found["shop_opened"]) == {("shop_opened_total", ()): 3}


def test_a_histogram_is_cumulative_and_a_bucket_holds_its_bound() -> None:
    metrics = Metrics("shop")
    waited = metrics.histogram("wait_seconds", "In the queue.", (0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 1.0, 7.0):
        waited.observe(seconds)
    found = samples_of(scraped(metrics)["shop_wait_seconds"])
    assert found["shop_wait_seconds_bucket", ("0.1",)] == 2
    assert found["shop_wait_seconds_bucket", ("1.0",)] == 4
    assert found["shop_wait_seconds_bucket", ("+Inf",)] == 5
    assert found["shop_wait_seconds_count", ()] == waited.count == 5
    assert found["shop_wait_seconds_sum", ()] == pytest.approx(8.65)


def test_gauges_are_asked_at_scrape() -> None:
    metrics = Metrics("shop")
    inside = {("rye",): 1.0, ("wheat",): 0.0}
    metrics.gauge("customers", "Inside.", lambda: inside, ("bread",))
    metrics.gauge("open", "Whether.", lambda: True)
    metrics.info("build_info", "This program.", {"version": "1.2"})
    inside["rye",] = 4.0
    found = scraped(metrics)
    assert samples_of(found["shop_customers"]) == {
        ("shop_customers", ("rye",)): 4,
        ("shop_customers", ("wheat",)): 0,
    }
    assert samples_of(found["shop_open"]) == {("shop_open", ()): 1}
    assert samples_of(found["shop_build_info"]) == {("shop_build_info", ("1.2",)): 1}


def test_the_process_itself_is_in_the_registry() -> None:
    found = scraped(Metrics("shop"))
    assert {"process_resident_memory_bytes", "python_info", "python_gc_collections"} <= set(found)


@pytest.mark.parametrize(
    "name", ["sold", "wait_ms_total", "Sold_total", "sold__total", "_sold_total", "size_mb_total"]
)
def test_a_counter_with_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Metrics("shop").counter(name, "")


def test_only_counters_end_in_total_and_no_name_is_declared_twice() -> None:
    metrics = Metrics("shop")
    with pytest.raises(ValueError, match="_total"):
        metrics.gauge("sold_total", "", lambda: 0)
    metrics.counter("sold_total", "")
    with pytest.raises(ValueError, match="twice"):
        metrics.counter("sold_total", "")


def test_a_value_outside_a_closed_set_is_a_bug_where_there_is_no_other() -> None:
    family = Family({"bread": ("rye",)}, Counter)
    with pytest.raises(ValueError, match="cake"):
        family.at("cake")
    with pytest.raises(ValueError, match="labels"):
        family.at("rye", "cash")


def test_values_from_outside_never_make_new_series() -> None:
    family = Family({"bread": ("rye", "other")}, Counter)
    for number in range(1000):
        family.at(f"cake {number}").n += 1
    assert [values for values, _ in family.items()] == [("other",), ("rye",)]
    assert family.at("other").n == 1000


def test_large_families_show_only_what_happened() -> None:
    actions = tuple(f"Action{number}" for number in range(50))
    family = Family({"action": actions}, lambda: Histogram((1.0,)), series=4)
    assert list(family.items()) == []
    family.at("Action7").observe(2)
    assert [values for values, _ in family.items()] == [("Action7",)]


def test_counting_is_cheap_enough_for_the_message_path() -> None:
    """`labels().inc()` takes 1.2 µs; ours must stay a small part of that, on a busy machine too."""
    family = Family({"type": ("call", "result"), "action": ("Boot", "Beat", "other")}, Counter)

    def count() -> None:
        family.at("call", "Beat").n += 1

    gc.disable()
    best = min(timeit.repeat(count, number=20_000, repeat=7)) / 20_000
    gc.enable()
    assert best < 0.8e-6
