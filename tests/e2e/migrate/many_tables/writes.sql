update many.t1 set amount = amount + 1;

insert into many.t2 (id, parent_id) select coalesce(max(id), 0) + 1, 1 from many.t2 on conflict do nothing;

do $$ begin execute format('update many.t%s set name = name || ''.'' where id = 1', 1 + floor(random() * 100)); end $$;
