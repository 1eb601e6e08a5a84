"""How the public is served: editions built from the database now and then, answered from memory at once.

publisher   one thread a process: watches the page's version, rebuilds, swaps
edition     the documents of one moment, with everything a response needs made beforehand
negotiation what a client accepts and what it has already
gateway     WSGI in front of Django: published paths from the edition, all else to Django
kept        pages that are not hot, once Django has rendered them
store       the last edition on disk
"""
