-- name: list_services
select service, side, epoch, changed_at from cyphr.switchboard order by service;
