resource "google_sql_database_instance" "this" {
  name                = var.name
  region              = var.region
  database_version    = "POSTGRES_17"
  deletion_protection = var.protected

  settings {
    tier                        = var.database.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.database.standby ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.database.disk_gb
    disk_autoresize             = true
    deletion_protection_enabled = var.protected

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    # The ledger is in the database, so a backup has the rows and their account of one moment.
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "03:00"
    }

    maintenance_window {
      day  = 7
      hour = 4
    }

    insights_config {
      query_insights_enabled = true
    }
  }

  lifecycle {
    ignore_changes = [settings[0].disk_size]
  }

  depends_on = [google_service_networking_connection.database]
}

resource "google_sql_database" "this" {
  name     = "snapshots"
  instance = google_sql_database_instance.this.name
}

resource "google_sql_user" "this" {
  name                = "snapshots"
  instance            = google_sql_database_instance.this.name
  password_wo         = ephemeral.random_password.database.result
  password_wo_version = var.secrets_version
}
