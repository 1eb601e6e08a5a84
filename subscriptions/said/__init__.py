"""What each kind of notice says, from its frozen payload alone. Pure: no query, no clock."""
