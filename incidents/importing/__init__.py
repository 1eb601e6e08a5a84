"""Taking over history from another status page: read a file whole, then write it in one transaction.

    reading            what kind of file it is, and its records
    statuspage_json    Atlassian Statuspage's public documents
    json_lines         one incident or maintenance a line
    fields             one value out of a record, checked
    records            what a file says, in our words
    matching           which updates of a record are new (pure)
    component_rows, incident_rows, maintenance_rows   writing
    services           `import_file`, the one entry

A file is never trusted: what cannot be taken over is left out with its place and a sentence, and the rest comes in.
"""
