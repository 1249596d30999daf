"""Copy: bring over the rows that are there, as of one point of the stream, while they go on changing.

A table is truncated and filled in one transaction, which also records the point (``cyphr.copied``): whatever kills
this process, a table is either whole or empty. Tables copied after a restart belong to a later point; the applier
leaves out, table by table, what the copy shows already (the way PostgreSQL synchronises the tables of a subscription).

A large table is copied in parts, each recorded in the transaction that brings it. When the migrator is started again
between two of them, the later parts show a later point: the table is *mixed*, and changes between its two points are
replayed row by row, whatever of them was copied.
"""
