"""How each page is put together from facts: cards, rows, bars, days, months."""
