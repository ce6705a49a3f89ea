output "url" {
  description = "Where the API and its dashboard are."
  value       = google_cloud_run_v2_service.api.uri
}

output "bucket" {
  description = "Where files to be imported can be put."
  value       = google_storage_bucket.files.url
}

output "database" {
  description = "The private address of the database."
  value       = google_sql_database_instance.this.private_ip_address
}
