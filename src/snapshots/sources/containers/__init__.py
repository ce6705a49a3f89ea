"""Files that hold several inputs: archives, whose members are inputs."""
