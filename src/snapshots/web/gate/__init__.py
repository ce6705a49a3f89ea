"""What a request passes before any endpoint: hosts, tokens, rates, sizes and concurrency."""
