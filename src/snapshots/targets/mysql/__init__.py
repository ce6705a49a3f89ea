"""MySQL and MariaDB, through PyMySQL: LOAD DATA LOCAL, or INSERT where the server forbids that."""

from snapshots.targets.mysql.target import MysqlTarget, query_location, target

__all__ = ["MysqlTarget", "query_location", "target"]
