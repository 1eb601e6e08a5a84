"""What visitors tell us: taking it, dealing with it, answering, and forgetting who it was."""
