import itertools

from api import ids

NOW = 1_795_336_200_000


def test_ids_of_one_millisecond_sort_in_the_order_they_were_made() -> None:
    # The counter begins anew at 4096: once at most in these.
    made = [ids.new("evt", NOW) for _ in range(1000)]
    assert sum(later < earlier for earlier, later in itertools.pairwise(made)) <= 1
    assert len(set(made)) == 1000


def test_what_is_older_than_a_moment_sorts_before_its_first_id() -> None:
    assert ids.new("evt", NOW - 1) < ids.first("evt", NOW) <= ids.new("evt", NOW)
