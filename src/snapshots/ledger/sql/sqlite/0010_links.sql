-- Links with which somebody who has no token corrects the rejects of one import. Of the secret in a
-- link only the hash is kept: `digest` is its SHA-256 in hexadecimal.

CREATE TABLE IF NOT EXISTS snapshots_links (
    import_id  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    by_whom    TEXT NOT NULL,
    revoked_at TEXT,
    PRIMARY KEY (import_id, number)
);
