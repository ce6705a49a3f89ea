"""Fields of an input and columns of a contract or a table."""

import pytest

from snapshots.contract.match import match
from snapshots.errors import ColumnsChanged, ContractError
from snapshots.formats.kernel_json import positions
from snapshots.model import Column, Contract, TableColumn, TableName, TableShape, Type


def contract(*names, **more):
    return Contract(tuple(Column(name, name, Type("text"), **more) for name in names))


def table(*columns, key=()):
    return TableShape(TableName("t"), tuple(columns), key)


def sql(name, kind="integer", *, nullable=True, default=False, generated=False):
    return TableColumn(name, Type(kind) if kind else None, "sql", nullable, default, generated)


def test_columns_come_in_the_order_of_the_fields():
    found = match(["c", "a", "b"], contract("a", "b", "c"))
    assert [column.name for column in found.contract.columns] == ["c", "a", "b"]
    assert found.positions == (0, 1, 2)
    assert (found.new, found.missing) == ((), ())


def test_exact_names_come_before_those_that_differ_in_case():
    found = match(["ID", "id"], contract("id", "Id"))
    assert [(c.name, c.source) for c in found.contract.columns] == [("Id", "ID"), ("id", "id")]


def test_names_are_matched_as_they_were_cleaned_when_the_table_was_made():
    header = ["a", "a", "", " b ", "_line"]
    made = table(*map(sql, ["a", "a_2", "column_3", "b", "_line_2"]))
    found = match(header, made)
    assert [c.name for c in found.contract.columns] == ["a", "a_2", "column_3", "b", "_line_2"]
    assert positions(found.contract, header) == [0, 1, 2, 3, 4] == list(found.positions)


def test_a_contract_may_rename():
    renamed = Contract((Column("year", "Release Year", Type("integer")),))
    found = match(["release year"], renamed)
    assert (found.contract.columns[0].name, found.contract.columns[0].source) == (
        "year",
        "release year",
    )


def test_a_table_is_found_by_what_the_header_calls_its_columns_else_by_their_names():
    made = table(sql("amount"), sql("day"))
    called = {"amount": "Betrag", "day": "Tag"}
    for header in (["Tag", "betrag"], ["day", "amount"], ["Tag", "amount"]):
        found = match(header, made, called=called)
        assert [c.name for c in found.contract.columns] == ["day", "amount"]
        assert [c.source for c in found.contract.columns] == header
    # What the header calls so comes first, whatever another field is called.
    found = match(["amount", "Betrag"], made, "add", called={"amount": "Betrag"})
    assert found.contract.columns[0].source == "Betrag"
    assert (found.new, found.new_positions) == (("amount",), (0,))


def test_new_fields_are_known_by_their_position():
    found = match(["a", "b", "a", "b"], table(sql("a")), "add")
    assert (found.new, found.new_positions) == (("b", "a", "b"), (1, 2, 3))


def test_new_and_missing_columns_are_named():
    with pytest.raises(ColumnsChanged) as caught:
        match(["a", "c", "d"], contract("a", "b"), place="x.csv")
    error = caught.value
    assert "New in the input: 'c', 'd'." in error.message
    assert "Missing in the input: 'b'." in error.message
    assert "--columns-changed ignore" in error.hint
    assert "add" in error.hint
    assert error.place == "x.csv"


@pytest.mark.parametrize("policy", ["add", "ignore"])
def test_they_may_be_allowed(policy):
    found = match(["a", "c"], contract("a", "b"), policy)
    assert [column.name for column in found.contract.columns] == ["a"]
    assert (found.new, found.missing) == (("c",), ("b",))


def test_what_must_have_a_value_may_not_be_missing():
    with pytest.raises(ContractError, match="'b', which the table requires"):
        match(["a"], contract("a", "b", required=True), "ignore")
    with pytest.raises(ContractError, match="'b'"):
        match(["a"], table(sql("a"), sql("b", nullable=False)), "ignore")


def test_an_input_with_nothing_in_common():
    with pytest.raises(ContractError, match="no column"):
        match(["x", "y"], contract("a", "b"), "ignore")


def test_a_table_as_a_contract():
    shape = table(
        sql("_import_id"),
        sql("_line"),
        sql("id", nullable=False, default=True),
        sql("made", default=True),
        sql("twice", generated=True),
        sql("name", "text", nullable=False),
        sql("odd", None),
        sql("yes", "boolean"),
        key=("_import_id", "_line"),
    )
    found = match(["name", "odd", "yes"], shape)
    columns = found.contract.columns
    assert [(c.name, c.type.kind, c.required) for c in columns] == [
        ("name", "text", True),
        ("odd", "text", False),
        ("yes", "boolean", False),
    ]
    assert {"t", "TRUE", "Yes", "y", "on", "1"} <= set(columns[2].true_values)
    assert {"f", "False", "no", "N", "OFF", "0"} <= set(columns[2].false_values)
    assert found.contract.primary_key == ()
    assert found.contract.missing_values is None
    assert (found.new, found.missing) == ((), ())


def test_a_column_with_a_default_is_loaded_where_the_input_has_it():
    found = match(["id", "a"], table(sql("id", default=True), sql("a")))
    assert [column.name for column in found.contract.columns] == ["id", "a"]


def test_lineage_columns_cannot_be_loaded():
    with pytest.raises(ColumnsChanged, match="New in the input: '_line'"):
        match(["a", "_line", "twice"], table(sql("a"), sql("_line"), sql("twice", generated=True)))


@pytest.mark.parametrize("policy", ["fail", "add", "ignore"])
def test_generated_columns_are_left_out(policy):
    wanted = table(sql("a"), sql("twice_it", generated=True), sql("other", generated=True))
    matched = match([" Twice_It ", "a"], wanted, policy)
    assert (matched.computed, matched.new, matched.missing) == ((" Twice_It ",), (), ())
    assert matched.positions == (1,)
    assert [column.name for column in matched.contract.columns] == ["a"]


def test_a_column_that_can_be_loaded_comes_before_a_generated_one():
    wanted = table(sql("twice", generated=True), sql("Twice"))
    matched = match(["TWICE"], wanted)
    assert ([c.name for c in matched.contract.columns], matched.computed) == (["Twice"], ())


def some(**sources):
    """A contract of some fields: the name of each column, and that in the header."""
    columns = tuple(Column(name, source, Type("text")) for name, source in sources.items())
    return Contract(columns, subset=True)


def test_a_contract_of_some_fields_leaves_out_the_others():
    found = match(["id", "title", "x"], some(title="id"))
    assert [(c.name, c.source) for c in found.contract.columns] == [("title", "id")]
    assert (found.positions, found.new, found.ignored) == ((0,), (), ("title", "x"))


def test_a_field_that_is_left_out_goes_into_no_column_of_its_name():
    there = table(sql("title", "text"), sql("id"), sql("x"))
    found = match(["id", "title", "x"], there, some=some(title="id"))
    assert [(c.name, c.source) for c in found.contract.columns] == [("title", "id")]
    assert (found.missing, found.ignored) == (("id", "x"), ("title", "x"))


def test_what_a_contract_of_some_fields_names_must_be_there():
    with pytest.raises(ColumnsChanged, match="Missing in the input: 'title'"):
        match(["a"], some(title="id", a="a"))
    with pytest.raises(ColumnsChanged, match="New in the input: 'b'"):
        match(["a", "b"], table(sql("a")), some=some(a="a", other="b"))
    needed = table(sql("a"), sql("key", nullable=False))
    with pytest.raises(ContractError, match="lacks 'key', which the table requires"):
        match(["a", "key"], needed, some=some(a="a"))
    filled = table(sql("a"), sql("key", nullable=False, default=True))
    assert match(["a", "key"], filled, some=some(a="a")).missing == ()


@pytest.mark.parametrize(
    ("wanted", "name", "said"),
    [
        (table(sql("x"), sql("a")), "", "those of table t."),
        (table(sql("x"), sql("a")), "c.json", "those of table t (contract c.json)."),
        (contract("x", "a"), "c.json", "those of the contract c.json."),
        (contract("x", "a"), "", "those of the contract."),
    ],
)
def test_what_the_columns_are_compared_with_is_named(wanted, name, said):
    with pytest.raises(ColumnsChanged) as caught:
        match(["a", "b"], wanted, contract_name=name)
    assert f"The columns differ from {said} New in the input: 'b'." in caught.value.message
    assert "--columns-changed ignore" in caught.value.hint
    with pytest.raises(ColumnsChanged) as caught:
        match(["a", "b"], wanted, contract_name=name, adds=False)
    assert "add" not in caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "option"), [(table(sql("x")), "--table"), (contract("x"), "--contract")]
)
def test_where_nothing_fits_another_one_is_named(wanted, option):
    with pytest.raises(ColumnsChanged) as caught:
        match(["a", "b"], wanted)
    assert caught.value.hint == f"They have no column in common: name another {option}."
