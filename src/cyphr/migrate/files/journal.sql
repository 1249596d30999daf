-- What of the files is on both sides, kept in the database of the AWS side. Idempotent.

create schema if not exists cyphr;

-- One row for each object that both sides hold alike. A version is what a store says about an object without reading
-- it (ETag and time of change); while both are as recorded, there is nothing to copy in either direction.
create table if not exists cyphr.files (
    bucket_id        text not null,
    name             text not null,
    supabase_version text not null,
    aws_version      text not null,
    size             bigint not null,
    sha256           text not null,
    copied_at        timestamptz not null default now(),
    primary key (bucket_id, name)
);

-- The mapping that URLs in rows were rewritten by: kept, so that the way back undoes exactly it.
create table if not exists cyphr.file_url_bases (
    only_one      boolean primary key default true check (only_one),
    supabase_base text not null,
    aws_base      text not null
);

-- URLs that began with the AWS base before any handover: not ours, so the way back leaves them alone.
create table if not exists cyphr.file_urls_kept (url text primary key);
