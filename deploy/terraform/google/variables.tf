variable "project" {
  description = "The Google Cloud project to create everything in."
  type        = string
}

variable "region" {
  description = "The region of all resources. One region avoids traffic costs between workers and the database."
  type        = string
  default     = "europe-west1"
}

variable "name" {
  description = "The prefix of all names."
  type        = string
  default     = "snapshots"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "Use three to twenty lower-case letters, digits and hyphens; begin with a letter, and do not end with a hyphen."
  }
}

variable "image" {
  description = "The image, by digest: REGION-docker.pkg.dev/PROJECT/REPOSITORY/snapshots@sha256:..."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest, as a tag can change."
  }
}

variable "token" {
  description = "The token for clients of the API. Only its hash is stored, and neither is in the state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(var.token) >= 32
    error_message = "Use at least 32 characters, for example from: openssl rand -hex 32"
  }
}

variable "secrets_version" {
  description = "Raise this number to store the token's hash again and to give the database a new password."
  type        = number
  default     = 1
}

variable "public" {
  description = "Whether the API can be reached from the internet; otherwise from the project's networks only."
  type        = bool
  default     = false
}

variable "api_instances" {
  description = "The minimum and maximum number of API instances, scaled by requests."
  type        = object({ min = number, max = number })
  default     = { min = 1, max = 4 }
}

variable "workers" {
  description = "The number of parallel imports. Cloud Run does not scale it automatically."
  type        = number
  default     = 1

  validation {
    condition     = var.workers >= 1 && floor(var.workers) == var.workers
    error_message = "Set at least one worker, or nothing is imported."
  }
}

variable "worker_size" {
  description = "CPUs and memory of a worker. Memory does not grow with the input."
  type        = object({ cpu = string, memory = string })
  default     = { cpu = "2", memory = "2Gi" }
}

variable "database" {
  description = "The machine type of the database, its initial disk size, and whether a second zone is on standby."
  type        = object({ tier = string, disk_gb = number, standby = bool })
  default     = { tier = "db-custom-2-7680", disk_gb = 100, standby = false }
}

variable "protected" {
  description = "Whether the database and the bucket are protected against deletion."
  type        = bool
  default     = true
}
