"""From conditions to the environments that matter."""
