"""Records that a mode by key has not loaded, because another record has their key."""

import pytest

from tests.verify.loaded import execute, load, told, verify


@pytest.mark.parametrize("mode", ["upsert", "mirror"])
@pytest.mark.parametrize("duplicates", ["reject", "first", "last"])
@pytest.mark.parametrize("chunk_size", [None, 1000])
def test_they_are_no_differences(database, tmp_path, mode, duplicates, chunk_size):
    path = tmp_path / "t.csv"
    lines = [f"{n % 90},name {n}\n" for n in range(100)]
    path.write_text("id,name\n" + "".join(lines))
    options = {"mode": mode, "primary_key": ("id",), "max_rejects": 10, "chunk_size": chunk_size}
    import_id = load(database, path, duplicates=duplicates, **options)
    report = verify(database, import_id)
    assert (told(report), report.exit_code, report.equal) == ([], 0, 90), report
    execute(database, "UPDATE t SET name = 'x' WHERE id = 50")
    assert verify(database, import_id).changed == 1
