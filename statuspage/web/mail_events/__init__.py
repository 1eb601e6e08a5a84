"""Where bounces and complaints come in: from mail providers, and from mail servers of our own."""
