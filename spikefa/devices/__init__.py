"""Running a network: one module for each device, and the session they share."""
