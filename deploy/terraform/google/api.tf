resource "google_cloud_run_v2_service" "api" {
  name                = "${var.name}-api"
  location            = var.region
  ingress             = var.public ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  deletion_protection = var.protected

  # The service requires its own token, in the header that Cloud Run would use otherwise.
  invoker_iam_disabled = true

  template {
    service_account                  = google_service_account.this["api"].email
    max_instance_request_concurrency = 200
    timeout                          = "3600s"

    scaling {
      min_instance_count = var.api_instances.min
      max_instance_count = var.api_instances.max
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = google_compute_network.this.id
        subnetwork = google_compute_subnetwork.run.id
      }
    }

    containers {
      image = var.image

      args = [
        "serve",
        "--host=0.0.0.0",
        "--port=8000",
        "--workers=0",
        "--tokens=/run/secrets/snapshots/tokens",
        "--max-upload=1", # its disk is its memory, and workers cannot read it
      ]

      ports {
        container_port = 8000
      }

      resources {
        limits = { cpu = "1", memory = "512Mi" }
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

      volume_mounts {
        name       = "tokens"
        mount_path = "/run/secrets/snapshots"
      }

      startup_probe {
        period_seconds    = 2
        failure_threshold = 30
        http_get {
          path = "/readyz"
        }
      }

      liveness_probe {
        http_get {
          path = "/healthz"
        }
      }
    }

    volumes {
      name = "tokens"
      secret {
        secret = google_secret_manager_secret_version.tokens.secret
        items {
          path    = "tokens"
          version = google_secret_manager_secret_version.tokens.version
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.database_password, google_secret_manager_secret_iam_member.tokens]
}
