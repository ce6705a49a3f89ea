"""The queue of the service: requests, commands and the workers that carry them out."""
