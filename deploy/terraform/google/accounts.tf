# The API and the workers have separate accounts with minimal rights: both read the
# password of the database, the API reads the hashes of tokens, and the workers read the bucket.
resource "google_service_account" "this" {
  for_each = toset(["api", "worker"])

  account_id   = "${var.name}-${each.key}"
  display_name = "snapshots: ${each.key}"
}

resource "google_secret_manager_secret_iam_member" "database_password" {
  for_each = google_service_account.this

  secret_id = google_secret_manager_secret.this["database-password"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}

resource "google_secret_manager_secret_iam_member" "tokens" {
  secret_id = google_secret_manager_secret.this["tokens"].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this["api"].member
}

resource "google_storage_bucket_iam_member" "files" {
  bucket = google_storage_bucket.files.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.this["worker"].member
}
