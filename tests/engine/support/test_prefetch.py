import threading
import time

import pytest

from snapshots.engine.support.prefetch import prefetched


def test_same_items_in_order():
    assert list(prefetched(iter(range(100)))) == list(range(100))


def test_error_comes_where_its_item_would_have():
    def items():
        yield 1
        raise ValueError("two")

    made = prefetched(items())
    assert next(made) == 1
    with pytest.raises(ValueError, match="two"):
        next(made)


def test_makes_no_more_than_its_depth_ahead():
    made = []

    def items():
        for n in range(100):
            made.append(n)
            yield n

    iterator = prefetched(items(), depth=2)
    next(iterator)
    time.sleep(0.2)
    assert len(made) <= 5
    iterator.close()


def test_dropping_it_ends_the_thread():
    before = threading.active_count()
    iterator = prefetched(iter(range(1000)))
    next(iterator)
    assert threading.active_count() == before + 1
    iterator.close()
    assert threading.active_count() == before
