# Files put here are imported as gs://BUCKET/NAME.
resource "google_storage_bucket" "files" {
  name                        = "${var.project}-${var.name}-files"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected

  soft_delete_policy {
    retention_duration_seconds = 604800
  }
}
