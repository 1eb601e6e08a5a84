"""The feeds of the page and of each component: Atom, RSS, JSON Feed and iCalendar, from read models to bytes."""
