"""The databases that tables can be loaded into, each an implementation of `ports.Target`.

`locations` imports the one that is needed, and with it its driver, by name.
"""
