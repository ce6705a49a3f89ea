-- Links with which somebody who has no token corrects the rejects of one import. Of the secret in a
-- link only the hash is kept: `digest` is its SHA-256 in hexadecimal.

CREATE TABLE IF NOT EXISTS snapshots_links (
    import_id  bigint NOT NULL,
    number     bigint NOT NULL,
    digest     varchar(255) NOT NULL,
    made_at    varchar(255) NOT NULL,
    expires_at varchar(255) NOT NULL,
    by_whom    varchar(255) NOT NULL,
    revoked_at varchar(255),
    PRIMARY KEY (import_id, number)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin ENGINE = InnoDB;
