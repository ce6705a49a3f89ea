ephemeral "random_password" "database" {
  length  = 40
  special = false
}

resource "google_secret_manager_secret" "this" {
  for_each = toset(["database-password", "tokens"])

  secret_id = "${var.name}-${each.key}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.used]
}

resource "google_secret_manager_secret_version" "database_password" {
  secret                 = google_secret_manager_secret.this["database-password"].id
  secret_data_wo         = ephemeral.random_password.database.result
  secret_data_wo_version = var.secrets_version
}

# The service needs only the hash of a client's token.
resource "google_secret_manager_secret_version" "tokens" {
  secret                 = google_secret_manager_secret.this["tokens"].id
  secret_data_wo         = "client write sha256:${sha256(var.token)}\n"
  secret_data_wo_version = var.secrets_version
}
