locals {
  # For the API and the workers; the password is a secret.
  settings = {
    SNAPSHOTS_DATABASE   = "postgresql://${google_sql_user.this.name}@${google_sql_database_instance.this.private_ip_address}:5432/${google_sql_database.this.name}?sslmode=require"
    SNAPSHOTS_ALLOW_HOST = google_storage_bucket.files.url
    SNAPSHOTS_STATE_DIR  = "/tmp"
  }
}
