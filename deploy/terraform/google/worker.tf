resource "google_cloud_run_v2_worker_pool" "worker" {
  name                = "${var.name}-worker"
  location            = var.region
  deletion_protection = var.protected

  scaling {
    manual_instance_count = var.workers
  }

  template {
    service_account = google_service_account.this["worker"].email

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = google_compute_network.this.id
        subnetwork = google_compute_subnetwork.run.id
      }
    }

    containers {
      image = var.image
      args  = ["worker", "--progress=none"]

      resources {
        limits = { cpu = var.worker_size.cpu, memory = var.worker_size.memory }
      }

      dynamic "env" {
        for_each = local.settings
        content {
          name  = env.key
          value = env.value
        }
      }

      env {
        name = "PGPASSWORD"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret_version.database_password.secret
            version = google_secret_manager_secret_version.database_password.version
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.database_password]
}
