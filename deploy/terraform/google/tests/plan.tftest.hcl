# terraform init && terraform test. Google is mocked: nothing is made, and no account is needed.
mock_provider "google" {
  mock_resource "google_compute_network" {
    defaults = { id = "projects/example/global/networks/snapshots" }
  }

  mock_resource "google_service_account" {
    defaults = { member = "serviceAccount:snapshots@example.iam.gserviceaccount.com" }
  }
}

variables {
  project = "example"
  image   = "europe-west1-docker.pkg.dev/example/images/snapshots@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  token   = "00000000000000000000000000000000"
}

run "nothing_is_open_by_default" {
  assert {
    condition     = google_cloud_run_v2_service.api.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "The API can be reached from the internet."
  }

  assert {
    condition     = !google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled
    error_message = "The database has a public address."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "The database can be spoken to in the clear."
  }

  assert {
    condition     = google_storage_bucket.files.public_access_prevention == "enforced"
    error_message = "The bucket can be made public."
  }

  assert {
    condition     = google_sql_database_instance.this.deletion_protection && !google_storage_bucket.files.force_destroy
    error_message = "What holds data can be destroyed by mistake."
  }
}

run "no_secret_is_in_the_state" {
  assert {
    condition     = google_sql_user.this.password == null && google_sql_user.this.password_wo == null
    error_message = "The database's password is kept."
  }

  assert {
    condition     = google_secret_manager_secret_version.tokens.secret_data == null && google_secret_manager_secret_version.tokens.secret_data_wo == null
    error_message = "The token is kept."
  }

  assert {
    condition = alltrue([
      for env in concat(
        tolist(google_cloud_run_v2_service.api.template[0].containers[0].env),
        tolist(google_cloud_run_v2_worker_pool.worker.template[0].containers[0].env),
      ) : length(env.value_source) == 1 if strcontains(env.name, "PASSWORD")
    ])
    error_message = "A secret is given by its value."
  }
}

run "each_account_may_do_what_it_does" {
  assert {
    condition     = google_storage_bucket_iam_member.files.role == "roles/storage.objectViewer"
    error_message = "The workers may do more with the bucket than read it."
  }

  assert {
    condition     = keys(google_secret_manager_secret_iam_member.database_password) == ["api", "worker"]
    error_message = "Others than API and workers may read the database's password."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.tokens.role == "roles/secretmanager.secretAccessor"
    error_message = "The API may do more with the tokens than read them."
  }
}

run "sizes_are_as_asked" {
  variables {
    workers     = 3
    worker_size = { cpu = "4", memory = "4Gi" }
    database    = { tier = "db-custom-8-30720", disk_gb = 500, standby = true }
    public      = true
    protected   = false
  }

  assert {
    condition     = google_cloud_run_v2_worker_pool.worker.scaling[0].manual_instance_count == 3
    error_message = "There are not three workers."
  }

  assert {
    condition     = google_cloud_run_v2_worker_pool.worker.template[0].containers[0].resources[0].limits.cpu == "4"
    error_message = "A worker has another size."
  }

  assert {
    condition     = google_sql_database_instance.this.settings[0].availability_type == "REGIONAL"
    error_message = "No second zone stands by."
  }

  assert {
    condition     = google_cloud_run_v2_service.api.ingress == "INGRESS_TRAFFIC_ALL"
    error_message = "The API cannot be reached."
  }
}

run "an_image_needs_a_digest" {
  command = plan

  variables {
    image = "europe-west1-docker.pkg.dev/example/images/snapshots:latest"
  }

  expect_failures = [var.image]
}

run "a_token_is_long" {
  command = plan

  variables {
    token = "short"
  }

  expect_failures = [var.token]
}

run "there_is_a_worker" {
  command = plan

  variables {
    workers = 0
  }

  expect_failures = [var.workers]
}
