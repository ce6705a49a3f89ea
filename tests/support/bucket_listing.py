"""What S3 answers to ListObjectsV2: the objects of a bucket, a page at a time."""

from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape


def listing(objects, path, query, page=1000):
    """The XML for the objects of a web server, by their paths."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    bucket = path.strip("/")
    prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter")
    before = f"/{bucket}/"
    paths = {unquote(one).removeprefix(before): one for one in objects if one.startswith(before)}
    entries = {}
    for key in sorted(paths):
        if key.startswith(prefix):
            head, slash, _ = key[len(prefix) :].partition(delimiter or "\0")
            entries[prefix + head + slash] = bool(slash)
    rest = [entry for entry in sorted(entries) if entry > asked.get("continuation-token", "")]
    shown, more = rest[:page], rest[page:]
    parts = [f"<Name>{bucket}</Name><IsTruncated>{str(bool(more)).lower()}</IsTruncated>"]
    if more:
        parts.append(f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>")
    for entry in shown:
        name = escape(entry)
        parts.append(
            f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"
            if entries[entry]
            else f"<Contents><Key>{name}</Key>{_facts(objects[paths[entry]])}</Contents>"
        )
    return f"<ListBucketResult>{''.join(parts)}</ListBucketResult>".encode()


def _facts(thing):
    # As S3 does: to the millisecond here, to the second in the header of an answer.
    changed = parsedate_to_datetime(thing.modified).strftime("%Y-%m-%dT%H:%M:%S.250Z")
    etag = escape(thing.etag, {'"': "&quot;"})
    return (
        f"<LastModified>{changed}</LastModified><ETag>{etag}</ETag><Size>{len(thing.data)}</Size>"
    )
