"""What the programs in `sims/` share: settings, folders, command lines, many runs."""
