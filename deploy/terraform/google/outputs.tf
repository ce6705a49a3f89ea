output "url" {
  description = "The URL of the API and its dashboard."
  value       = google_cloud_run_v2_service.api.uri
}

output "bucket" {
  description = "The bucket for files to import."
  value       = google_storage_bucket.files.url
}

output "database" {
  description = "The private address of the database."
  value       = google_sql_database_instance.this.private_ip_address
}
