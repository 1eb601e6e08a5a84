"""Bringing in a list of subscribers who confirmed elsewhere: read, tried out, then written piece by piece.

reading   from the text of a CSV file to rows, and what is wrong with each line that is none
sorting   what each row would change: the same for trying out and for writing
running   services: try it out, begin, go on, cancel
"""
