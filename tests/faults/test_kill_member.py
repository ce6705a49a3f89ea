"""kill -9 of the loader of a member of an archive: it is unpacked again, and no row comes twice."""

import zipfile
from dataclasses import replace

from tests.support.killed_imports import check, kill_at_random, make_file, schema_file


class Member(type(make_file.__globals__["Path"]())):
    """The name of a member; its size is that of the file that was zipped."""

    size = 0

    def stat(self, **_):
        return self

    @property
    def st_size(self):
        return self.size


def test_a_member_that_is_killed_again_and_again(sqlite_url, tmp_path):
    made = make_file(tmp_path / "t.csv", 200_000)
    size = made.path.stat().st_size
    archive = tmp_path / "t.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        into.write(made.path, "in/t.csv")
    made.path.unlink()
    member = Member(f"{archive}#in/t.csv")
    member.size = size
    made = replace(made, path=member)
    killed, (code, result, err) = kill_at_random(
        sqlite_url, made, schema_file(tmp_path), tmp_path / "state", 5
    )
    assert killed == 5
    assert code == 3, err
    assert result["state"] == "finished"
    check(sqlite_url, made)
