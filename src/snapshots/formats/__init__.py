"""How inputs are written: encodings, dialects, names; the kernel's Python face."""
