-- Links with which somebody who has no token corrects the rejects of one import. Of the secret in a
-- link only the hash is kept: `digest` is its SHA-256 in hexadecimal.

CREATE TABLE IF NOT EXISTS snapshots_links (
    import_id  bigint NOT NULL,
    number     bigint NOT NULL,
    digest     text NOT NULL,
    made_at    text NOT NULL,
    expires_at text NOT NULL,
    by_whom    text NOT NULL,
    revoked_at text,
    PRIMARY KEY (import_id, number)
);
