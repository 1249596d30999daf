"""What stands for a row when two databases are compared: a hash that tells apart every two rows that print differently.

PostgreSQL's own hash of a record is as fast as a scan can be, but it equates what its types call equal: 1.0 and 1.00,
0 and -0, 30 days and a month; an enum's hash is an OID that differs between databases; a 64-bit integer is folded to
32 bits, so that -1 and 4294967295 are one. Each such type gets the cheapest expression without that flaw.
"""

from dataclasses import dataclass

from psycopg import sql

SEED = 0x63797068
"""Not 0, to which the hash of NULL, of 0.0 and of NaN would all be equal; not 1, which is so for NULL and numeric 0."""

# Types whose built-in hash is exact.
_AS_IT_IS = {16, 17, 18, 19, 21, 23, 26, 650, 774, 829, 869, 1082, 2950}
# Types whose binary form is exact, small, and the same in every version.
_BINARY = {
    790: "cash_send", 1083: "time_send", 1114: "timestamp_send", 1184: "timestamptz_send", 1186: "interval_send",
    1266: "timetz_send", 1560: "bit_send", 1562: "varbit_send", 3220: "pg_lsn_send",
}  # fmt: skip
_BIGINT, _NUMERIC, _TEXT, _VARCHAR = 20, 1700, 25, 1043
_FLOATS = {700, 701}
AS_PRINTED = 0
"""Stands for every type that is compared by what it prints."""

_ENTRIES_OF_A_ROW = 1600


@dataclass(frozen=True)
class ComparedColumn:
    """One column. ``base`` and ``modifier``: the type behind its domains; ``type_…``: its own, where it lives here."""

    name: str
    base: int
    modifier: int
    is_enum: bool
    type_schema: str
    type_name: str

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier("t", self.name)

    @property
    def type(self) -> sql.Identifier:
        return sql.Identifier(self.type_schema, self.type_name)

    @property
    def kind(self) -> int:
        """The type whose calibration this column depends on."""
        if self.is_enum:
            return _TEXT
        own = _AS_IT_IS | _BINARY.keys() | _FLOATS | {_BIGINT, _NUMERIC, _TEXT, _VARCHAR}
        return self.base if self.base in own else AS_PRINTED


def row_hash(columns: list[ComparedColumn], *, as_text: bool) -> sql.Composable:
    """A bigint that stands for the ``columns`` of row ``t``.

    ``as_text``: from nothing but what the row prints, in UTF-8, through MD5: about four times slower, but the same on
    servers that hash differently or store text in another encoding.
    """
    row = sql.SQL("row({})").format(sql.SQL(", ").join(column.identifier for column in columns))
    if as_text:
        return sql.SQL("('x' || left(md5(convert_to({}::text, 'UTF8')), 16))::bit(64)::bigint").format(row)
    parts: list[sql.Composable] = []
    for column in columns:
        parts += _own(column)
    printed = [column.identifier for column in columns if column.kind == AS_PRINTED]
    if printed:
        parts.append(sql.SQL("row({})::text").format(sql.SQL(", ").join(printed)))
    if len(parts) > _ENTRIES_OF_A_ROW:
        parts = [sql.SQL("{}::text").format(row)]
    return sql.SQL("hash_record_extended(row({}), {})").format(sql.SQL(", ").join(parts), sql.Literal(SEED))


def _own(column: ComparedColumn) -> list[sql.Composable]:
    """What tells this column's values apart; nothing when only what they print does."""
    name = column.identifier
    if column.is_enum:
        return [sql.SQL("textin(enum_out({}))").format(name)]
    if column.base in (_TEXT, _VARCHAR):
        return [sql.SQL("{}::text").format(name)]  # a domain may bring a collation that equates
    if column.base in _AS_IT_IS:
        return [name]
    if column.base in _BINARY:
        return [sql.SQL("{}({})").format(sql.Identifier("pg_catalog", _BINARY[column.base]), name)]
    if column.base == _BIGINT:
        return [name, sql.SQL("({} >> 32)::int4").format(name)]
    if column.base in _FLOATS:
        return [name, sql.SQL("case when {0} = 0 then {0}::text end").format(name)]
    if column.base == _NUMERIC:
        # With a fixed scale, equal values print alike.
        return [name if column.modifier >= 0 else sql.SQL("numeric_send({})").format(name)]
    return []
