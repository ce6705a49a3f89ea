"""OpenTelemetry: what a collector receives, over the real protocol."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.command import objects, snapshots

ROWS = 3000


class Collector(ThreadingHTTPServer):
    """Takes what is sent to /v1/traces and /v1/logs, as the specification of OTLP/HTTP says."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receive)
        self.spans, self.logs, self.services = [], [], set()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Receive(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            sent = ExportTraceServiceRequest.FromString(body)
            for resource in sent.resource_spans:
                self.server.services |= {attributes(resource.resource)["service.name"]}
                for scope in resource.scope_spans:
                    self.server.spans += scope.spans
        elif self.path == "/v1/logs":
            sent = ExportLogsServiceRequest.FromString(body)
            for resource in sent.resource_logs:
                for scope in resource.scope_logs:
                    self.server.logs += scope.log_records
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_):
        pass


def attributes(of):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in of.attributes}


@pytest.fixture
def collector():
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path):
    lines = [f"{n},name {n}" for n in range(ROWS)]
    (tmp_path / "people.csv").write_text("\n".join(["id,name", *lines]) + "\n")
    (tmp_path / "empty.csv").write_text("")
    return tmp_path


def test_a_span_for_the_import_and_one_for_each_chunk(collector, folder):
    done = snapshots(
        "import", "people.csv", "--chunk-size", "8kB", "--otlp", collector.url, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    (whole,) = [span for span in collector.spans if span.name == "import"]
    chunks = [span for span in collector.spans if span.name == "chunk"]
    (shown,) = objects(snapshots("show", 1, "--json", cwd=folder))
    assert len(chunks) == len(shown["chunks"]) > 3
    assert {span.parent_span_id for span in chunks} == {whole.span_id}
    assert sum(attributes(span)["snapshots.loaded"] for span in chunks) == ROWS
    assert attributes(whole)["snapshots.import_id"] == 1
    assert attributes(whole)["snapshots.loaded"] == ROWS
    for span in chunks:
        assert whole.start_time_unix_nano <= span.start_time_unix_nano
        assert span.start_time_unix_nano <= span.end_time_unix_nano <= whole.end_time_unix_nano
    assert collector.services == {"snapshots"}


def test_logs_belong_to_their_span(collector, folder):
    snapshots("import", "people.csv", "--otlp", collector.url, cwd=folder)
    assert [one.event_name for one in collector.logs] == ["import_started", "import_finished"]
    (whole,) = [span for span in collector.spans if span.name == "import"]
    assert {one.span_id for one in collector.logs} == {whole.span_id}
    assert {attributes(one)["snapshots.import_id"] for one in collector.logs} == {1}


def test_the_standard_variables_are_enough(collector, folder):
    done = snapshots(
        "import", "people.csv", "empty.csv", cwd=folder,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="nightly",
    )  # fmt: skip
    assert done.returncode == 1
    assert collector.services == {"nightly"}
    failed = [span for span in collector.spans if span.status.code == span.status.STATUS_CODE_ERROR]
    assert [attributes(span)["snapshots.input"] for span in failed] == ["empty.csv"]


def test_a_folder_has_a_span_for_each_of_its_files(collector, folder):
    (folder / "data").mkdir()
    for name in ("people.csv", "empty.csv"):
        (folder / name).rename(folder / "data" / name)
    done = snapshots(
        "sync", "--data-dir", "data", "--once", "--settle", 0, "--chunk-size", "8kB",
        "--otlp", collector.url, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 1
    ended = {attributes(span)["snapshots.input"]: span for span in imports(collector)}
    good, bad = (ended[str(folder / "data" / name)] for name in ("people.csv", "empty.csv"))
    assert attributes(good)["snapshots.loaded"] == ROWS
    assert bad.status.code == bad.status.STATUS_CODE_ERROR
    chunks = [span for span in collector.spans if span.name == "chunk"]
    assert {span.parent_span_id for span in chunks} == {good.span_id}
    assert sum(attributes(span)["snapshots.loaded"] for span in chunks) == ROWS
    named = {one.event_name: attributes(one) for one in collector.logs}
    assert set(named) == {
        "watching",
        "import_started",
        "import_finished",
        "file_refused",
        "sync_ended",
    }
    assert named["file_refused"]["snapshots.import_id"] > 0


def imports(collector):
    return [span for span in collector.spans if span.name == "import"]


def test_a_collector_that_is_away_does_not_fail_the_import(folder):
    done = snapshots(
        "import", "people.csv", "--otlp", "http://127.0.0.1:1", cwd=folder,
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )  # fmt: skip
    assert done.returncode == 0
    complaints = [line for line in done.stderr.splitlines() if "OpenTelemetry" in line]
    assert complaints
    assert all(line.startswith("warning: ") for line in complaints)


def test_nothing_is_sent_unasked(collector, folder):
    assert snapshots("import", "people.csv", cwd=folder).returncode == 0
    assert not collector.spans
