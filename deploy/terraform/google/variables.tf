variable "project" {
  description = "The Google Cloud project that everything is made in."
  type        = string
}

variable "region" {
  description = "Where everything runs: one region, so that no byte between worker and database is billed."
  type        = string
  default     = "europe-west1"
}

variable "name" {
  description = "What everything is named after."
  type        = string
  default     = "snapshots"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "Three to twenty small letters, digits and hyphens; a letter first, no hyphen last."
  }
}

variable "image" {
  description = "The image, by digest: REGION-docker.pkg.dev/PROJECT/REPOSITORY/snapshots@sha256:..."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: a tag can come to mean something else."
  }
}

variable "token" {
  description = "What a client of the API must show. Only its hash is stored, and nothing of it in the state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(var.token) >= 32
    error_message = "At least 32 characters, for instance of: openssl rand -hex 32"
  }
}

variable "secrets_version" {
  description = "Raise it to store the token's hash anew and to give the database a new password."
  type        = number
  default     = 1
}

variable "public" {
  description = "Whether the API can be reached from the internet; otherwise from the project's networks only."
  type        = bool
  default     = false
}

variable "api_instances" {
  description = "The API runs on so many instances, as requests come."
  type        = object({ min = number, max = number })
  default     = { min = 1, max = 4 }
}

variable "workers" {
  description = "How many imports are done at once. Cloud Run does not scale this by itself."
  type        = number
  default     = 1

  validation {
    condition     = var.workers >= 1 && floor(var.workers) == var.workers
    error_message = "At least one worker, or nothing is imported."
  }
}

variable "worker_size" {
  description = "CPUs and memory of a worker. Memory does not grow with the input."
  type        = object({ cpu = string, memory = string })
  default     = { cpu = "2", memory = "2Gi" }
}

variable "database" {
  description = "The machine of the database, its disk to begin with, and whether a second zone stands by."
  type        = object({ tier = string, disk_gb = number, standby = bool })
  default     = { tier = "db-custom-2-7680", disk_gb = 100, standby = false }
}

variable "protected" {
  description = "Whether database and bucket are kept from being destroyed."
  type        = bool
  default     = true
}
