"""What the servers say, as errors of this package: the words are those of real servers."""

import pymysql
import pytest

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
