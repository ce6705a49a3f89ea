"""What keeps silent does not hold up the end of the service."""

import signal
import socket

from tests.support.sync_process import Service, rows


def test_a_silent_database_does_not_hold_up_the_end(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text(rows(0, 3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        port = silent.getsockname()[1]
        with Service(f"postgresql://ana:pw@127.0.0.1:{port}/x", folder) as service:
            caller, _ = silent.accept()
            service.process.send_signal(signal.SIGTERM)
            # Twice the time after which libpq gives up connecting would be 20 s.
            assert service.process.wait(19) == 0
            caller.close()
