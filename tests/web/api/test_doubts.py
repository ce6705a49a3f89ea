"""An import whose dialect is in doubt fails over REST with the sentence that the command line
shows, and the options of that sentence end the doubt."""

import pytest

from tests.support.input_files import rows
from tests.support.service_process import served

TIE = "a,b;c\n1,2;3\n"
CASES = {
    "tie": (TIE, "--delimiter ';'", {"delimiter": ";"}, [("1,2", 3)]),
    "by name": ("a,b\tc\n1,2\t3\n", "--delimiter tab", {"delimiter": "tab"}, [("1,2", 3)]),
    "lines": ("a b c\nx y z\nq r s\n", "--delimiter none", {"delimiter": "none"},
              [("x y z",), ("q r s",)]),
    "ragged": ("a,b\n1\n2\n3,4\n", "--ragged pad", {"ragged": "pad"},
               [(1, None), (2, None), (3, 4)]),
    "quotes": ('a,b\n1,"x"y\n2,"z"w\n', "--quotechar none", {"quote": "none"},
               [(1, '"x"y'), (2, '"z"w')]),
    "single": ("a,b\n1,'x, y'\n2,'don''t, z'\n", '''--quotechar "'"''', {"quote": "'"},
               [(1, "x, y"), (2, "don't, z")]),
    "remarks": ("# x\na b\n1 2\n3 4\n", "--comment '#'", {"comment": "#"}, [(1, 2), (3, 4)]),
    "titles": ("junk\nx\nid;n\n1;2\n2;3\n3\n", "--skip-rows 2", {"preamble": 2, "ragged": "pad"},
               [(1, 2), (2, 3), (3, None)]),
}  # fmt: skip


def test_a_doubt_is_recorded_and_an_option_ends_it(database, tmp_path):
    with served(database, tmp_path) as client:
        for number, (name, (text, option, dialect, found)) in enumerate(CASES.items()):
            file, table = f"f{number}.csv", f"t{number}"
            (tmp_path / file).write_text(text)
            asked = client.wait(client.submit(file=file, table=table, lineage=False))
            assert asked["state"] == "failed", name
            assert option in asked["error"]["message"], name
            assert asked["error"]["code"] == "dialect", name
            again = client.submit(
                file=file, table=table, lineage=False, dialect=dialect, max_rejects="100%"
            )
            assert client.wait(again)["state"] == "finished", name
            assert rows(database, f"SELECT * FROM {table}") == found, name


def test_what_a_table_is_made_of_is_said_over_rest_too(database, tmp_path):
    with served(database, tmp_path) as client:
        (tmp_path / "n.csv").write_text("code,price\n12e3,1.10\n13e3,2.20\n")
        number = client.submit(file="n.csv", table="t1", lineage=False, all_text=True)
        assert client.wait(number)["state"] == "finished"
        number = client.submit(
            file="n.csv", table="t2", lineage=False, decimals="exact", again=True
        )
        assert client.wait(number)["state"] == "finished"
    assert rows(database, "SELECT * FROM t1") == [("12e3", "1.10"), ("13e3", "2.20")]
    found = [str(price)[:4] for _, price in rows(database, "SELECT * FROM t2")]
    assert found == ["1.10", "2.20"]


def test_the_dashboard_shows_the_doubt_and_takes_the_delimiter_by_name(sqlite_url, tmp_path):
    with served(sqlite_url, tmp_path) as client:
        (tmp_path / "tie.csv").write_text(TIE)
        number = client.submit(file="tie.csv")
        client.wait(number)
        page = client.get(f"/imports/{number}").data.decode()
        assert "The delimiter is unclear" in page
        assert "--delimiter" in page


@pytest.mark.parametrize(
    "dialect", [{"delimiter": "ab"}, {"quote": "''"}, {"comment": "##"}, {"delimiter": "NONE1"}]
)
def test_what_is_no_character_is_refused(sqlite_url, tmp_path, dialect):
    with served(sqlite_url, tmp_path, "--workers", "0") as client:
        wanted = {"file": "x.csv", "dialect": dialect}
        assert client.ask("POST", "/v1/imports", wanted).status == 422
