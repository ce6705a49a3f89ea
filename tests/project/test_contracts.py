"""What rows must be before they are sent, and how a query's columns come under it."""

import pytest

from snapshots.contract.fit import fit
from snapshots.errors import ContractError
from snapshots.model import Column, Contract, Type
from snapshots.project.contracts import named


def query(**kinds):
    return Contract(tuple(Column(name, name, Type(kind)) for name, kind in kinds.items()))


def test_a_column_is_known_whatever_its_case_and_sent_in_the_contracts():
    found = fit(
        named("wells"), query(datasource="text", chosenid="text"), "wells.sql", whose="The API"
    )
    assert [(column.source, column.name) for column in found.columns] == [
        ("datasource", "dataSource"),
        ("chosenid", "chosenID"),
    ]


def test_an_identifier_is_a_text_and_a_number_what_the_server_says():
    found = fit(
        named("wells"),
        query(dataSource="text", api14="integer", porosity="float"),
        "q",
        whose="The API",
    )
    assert [column.type.kind for column in found.columns] == ["text", "text", "float"]


def test_a_day_may_come_with_a_time_if_it_is_midnight():
    found = fit(
        named("daily-productions"), query(dataSource="text", date="timestamp"), "q", whose="The API"
    )
    assert found.columns[1].format == "%Y-%m-%d 00:00:00"


def test_a_column_that_the_api_does_not_know_is_an_error_with_the_nearest():
    with pytest.raises(ContractError, match="does not have 'wellNam'") as caught:
        fit(named("wells"), query(dataSource="text", wellNam="text"), "wells.sql", whose="The API")
    assert (caught.value.place, caught.value.hint) == ("wells.sql", "Do you mean 'wellName'?")


def test_a_column_that_rows_need_must_be_there():
    with pytest.raises(ContractError, match="no column 'date'"):
        fit(named("daily-productions"), query(dataSource="text"), "q", whose="The API")


def test_a_contract_for_every_resource_that_is_known():
    for name in ("wells", "daily-productions"):
        contract = named(name)
        source = contract.columns[0]
        assert (source.name, source.required) == ("dataSource", True)
        assert source.enum == ("aries", "di", "ihs", "internal", "other", "phdwin")
        assert contract.rules
