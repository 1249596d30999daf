"""``cyphr.retry``: let an application's users not notice that its database moves to the other side, or back.

A write that is refused with SQLSTATE ``CY001`` has left nothing behind, and belongs on the other side. Only the
application can run its whole unit of work again there; this does it. For psycopg, asyncpg and SQLAlchemy, async; it
imports none of them, and nothing else of Cyphr's::

    from cyphr.retry import Databases
    from cyphr.retry.drivers import PsycopgPool

    databases = Databases({"supabase": PsycopgPool(old_pool), "aws": PsycopgPool(new_pool)})
    order = await databases.run(place_order)  # async def place_order(connection): …

``docs/guides/retry.md`` has an example of each driver.
"""

from cyphr.retry.databases import MOVED, Databases, NoSideOpen

__all__ = ["MOVED", "Databases", "NoSideOpen"]
