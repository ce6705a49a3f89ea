"""At the side: the engine's events as metrics, traces and logs. Nothing here moves a record."""
