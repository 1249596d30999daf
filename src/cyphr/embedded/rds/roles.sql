-- The roles of an RDS instance. Run once per server by rdsadmin, its superuser. Passwords are set separately.

create role rds_superuser nologin inherit;
create role rds_replication nologin;
create role rds_password nologin;
grant pg_monitor, pg_signal_backend, pg_checkpoint to rds_superuser with admin option;
do $$
begin
    if to_regrole('pg_create_subscription') is not null then  -- PostgreSQL 16 and later
        grant pg_create_subscription to rds_superuser with admin option;
    end if;
end
$$;
grant rds_replication, rds_password to rds_superuser with admin option;

-- The master role that the instance was created with. On RDS membership in rds_replication lets it replicate; plain
-- PostgreSQL knows only the attribute.
create role cyphr_admin login inherit createdb createrole replication in role rds_superuser;
grant rds_replication to cyphr_admin;
grant set on parameter session_replication_role to rds_superuser;
