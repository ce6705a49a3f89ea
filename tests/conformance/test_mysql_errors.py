"""What the servers say, as errors of this package: the words are those of real servers."""

from contextlib import closing

import pymysql
import pytest

from snapshots import locations
from snapshots.errors import ConnectionLost, TargetError
from snapshots.targets.mysql.compatible import require_usable
from snapshots.targets.mysql.errors import translate


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (3, "Error writing file '/tmp/#sql-temptable-573f-1a-0.MAD' (Errcode: 28 \"No space left"),
        (1026, "Error writing file './t/t.frm' (errno: 28 - No space left on device)"),
        (1021, "Disk full (/tmp); waiting for someone to free some space..."),
        (1114, "The table 't' is full"),
    ],
)
def test_a_full_disk_is_waited_for_whatever_its_number(number, words):
    error = translate(pymysql.err.OperationalError(number, words), alive=True)
    assert error.retryable
    assert error.hint == "Free space on the server's disk."
    assert words in error.message


def test_another_number_of_the_system_is_no_full_disk():
    words = "Can't create/write to file '/tmp/x' (Errcode: 13 \"Permission denied\")"
    error = translate(pymysql.err.OperationalError(1, words), alive=True)
    assert not error.retryable
    assert error.hint == ""


def test_a_server_that_lacks_something_is_refused_by_name():
    with pytest.raises(TargetError, match="This server is Dolt") as raised:
        require_usable("Dolt")
    assert "plan" in raised.value.message
    assert raised.value.hint == "Load into MySQL or MariaDB."
    for comment in ("MySQL Community Server - GPL", "Debian 12", "", "Source distribution"):
        require_usable(comment)


def test_a_server_that_does_not_know_a_statement_has_answered(mysql_url, monkeypatch):
    with closing(locations.target(mysql_url).connect()) as session:
        monkeypatch.setattr("snapshots.targets.mysql.session._NOTHING", "NO SUCH STATEMENT")
        with pytest.raises(TargetError) as raised:
            session.execute("SELECT no_such_column")
        assert not isinstance(raised.value, ConnectionLost)
        assert "no_such_column" in raised.value.message
