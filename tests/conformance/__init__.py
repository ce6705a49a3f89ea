"""Every promise that ports.py makes, asked of every implementation."""
