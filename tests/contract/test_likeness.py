"""Which column a field of an input is likely to be."""

import pytest

from snapshots.contract.forms import FORMS, contradiction, form_of, local_form
from snapshots.contract.likeness import propose


def test_names_that_differ_in_punctuation_are_alike():
    header = ["ID", "Order-Date", "Größe (cm)", "unit price"]
    columns = ["id", "order_date", "grosse_cm", "UnitPrice"]
    assert propose(header, columns) == (
        ("id", "same"), ("order_date", "alike"), ("grosse_cm", "alike"), ("UnitPrice", "alike"),
    )  # fmt: skip


def test_no_column_is_proposed_twice_and_the_nearest_name_wins():
    assert propose(["name", "Name", "NAME_"], ["name"]) == (("name", "same"), None, None)
    found = propose(["customs", "custommer"], ["customer"])
    assert found == (None, ("customer", "similar"))
    assert propose(["a", ""], ["b", "c"]) == (None, None)


def test_many_columns_are_compared_in_moderate_time():
    names = [f"measure_{n}_of_sensor" for n in range(2000)]
    assert propose(names, names[::-1])[0] == (names[0], "same")
    assert propose([f"{name}s" for name in names], names)[0] is None


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (["31.12.2026", "01.01.2027"], "date-dmy-dots"),
        (["31/12/2026", "01/01/2027"], "date-dmy"),
        (["12/31/2026", "01/01/2027"], "date-mdy"),
        (["01/02/2026", "03/04/2026"], None),
        (["31.12.2026 23:59"], "timestamp-dmy-dots"),
        (["1.234,50", "7", "-3,5"], "decimal-comma"),
        (["1", "2"], None),
        (["1,234", "12,345"], None),
        (["1,234", "12,34"], "decimal-comma"),
        (["1,5", "x"], None),
        ([" ", ""], None),
        (["2026-12-31"], None),
    ],
)
def test_local_forms_are_proposed_where_all_values_have_them(values, key):
    found = local_form(values)
    assert (found and found.key) == key


def test_the_first_value_of_another_form_is_named():
    values = [(2, "31.12.2026"), (3, ""), (4, "2026-12-31"), (5, "x")]
    assert contradiction(FORMS["date-dmy-dots"], values) == (4, "2026-12-31")


def test_every_form_is_known_again_from_its_schema():
    for form in FORMS.values():
        assert form_of({"name": "x", **form.schema}) == form
        assert form.column("a", "b").type.kind == form.kind
    assert form_of({"name": "x", "type": "yearmonth"}).key == "text"
