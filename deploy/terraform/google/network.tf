# The database has a private address only; the API and the workers join its network. Their traffic
# to the internet does not use it.
resource "google_compute_network" "this" {
  name                    = var.name
  auto_create_subnetworks = false

  depends_on = [google_project_service.used]
}

resource "google_compute_subnetwork" "run" {
  name          = "${var.name}-run"
  network       = google_compute_network.this.id
  region        = var.region
  ip_cidr_range = "10.20.0.0/24"
}

resource "google_compute_global_address" "database" {
  name          = "${var.name}-database"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "database" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database.name]
}
