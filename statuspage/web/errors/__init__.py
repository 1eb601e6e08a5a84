"""What people and programs are told when something is wrong."""
