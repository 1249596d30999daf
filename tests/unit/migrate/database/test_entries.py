"""pg_dump's script, taken apart by table."""

from cyphr.migrate.database.schema.entries import split_by_table

PREAMBLE = "SET statement_timeout = 0;\n\n"


def entry(name: str, kind: str, text: str) -> str:
    return f"--\n-- Name: {name}; Type: {kind}; Schema: public; Owner: -\n--\n\n{text}\n\n\n"


KEY = entry(
    "users users_pkey", "CONSTRAINT", "ALTER TABLE ONLY public.users\n    ADD CONSTRAINT users_pkey PRIMARY KEY (id);"
)
INDEX = entry("users_name", "INDEX", "CREATE INDEX users_name ON public.users USING btree (name);")
ODD = entry('o ON "x', "INDEX", 'CREATE UNIQUE INDEX "o ON ""x" ON "Ünï"."a "".b" USING btree (id);')
PARENT = entry("events_at", "INDEX", "CREATE INDEX events_at ON ONLY public.events USING btree (at);")
ATTACH = entry("p_at", "INDEX ATTACH", "ALTER INDEX public.events_at ATTACH PARTITION public.p_at;")
CHECK = entry(
    "users c", "CHECK CONSTRAINT", "ALTER TABLE public.users\n    ADD CONSTRAINT c CHECK ((id > 0)) NOT VALID;"
)


def test_what_needs_one_table_only_is_told_apart_from_the_rest_and_nothing_is_lost() -> None:
    by_table, rest = split_by_table(PREAMBLE + KEY + PARENT + INDEX + ATTACH + ODD + CHECK)
    assert by_table == {("public", "users"): KEY + INDEX, ("Ünï", 'a ".b'): ODD}
    assert rest == PREAMBLE + PARENT + ATTACH + CHECK


def test_a_script_without_entries_is_all_rest() -> None:
    assert split_by_table(PREAMBLE) == ({}, PREAMBLE)
